import './no-telemetry.ts'
import { Worker } from 'node:worker_threads'
import { builtFile } from '../built-file.ts'
import { VigilError } from '../errors.ts'
import { following, StepControl } from './step-control.ts'
import type { FromWorker, Share, ThreadStart, ToWorker, WorkerStart } from './worker-messages.ts'

/** A lost thread is opened again when a step is asked for, at most after 1, 2, 4 ... seconds. */
const AGAIN_MS = 1000
const AGAIN_MOST_MS = 30_000

/** Told of a thread that is lost, with why, and of one that steps again, without. */
export type ToldOfThread = (why?: VigilError) => void

interface Pending {
  resolve(): void
  reject(error: VigilError): void
}

/**
 * One thread with one graph. It answers in the order in which it is asked. A thread that is lost fails what was asked of it, and is
 * opened again on the same shared memory when somebody would have it step.
 */
export class StepThread {
  readonly #start: WorkerStart
  readonly #lookMs: number
  readonly #shared: () => readonly ToWorker[]
  readonly #told: ToldOfThread
  #worker: Worker
  #control!: StepControl
  /** messages sent to the thread */
  #sent = 0
  #exited!: Promise<void>
  #begun: Pending | undefined
  /** steps that were asked for and are not known to be over, in order */
  #pending: Pending[] = []
  /** steps that are known to be over */
  #over = 0
  #looking: NodeJS.Immediate | undefined
  #lost: VigilError | undefined
  #served = false
  #closed = false
  #opening = false
  #waitMs = AGAIN_MS
  #notBefore = 0

  /**
   * @param lookMs for which either side looks for the other's next word before it waits for a message
   * @param shared what a thread that begins again is to be told: the memory that it shares
   * @param told of a loss and of the way back, once it has served
   */
  constructor(start: WorkerStart, lookMs: number, shared: () => readonly ToWorker[], told: ToldOfThread) {
    this.#start = start
    this.#lookMs = lookMs
    this.#shared = shared
    this.#told = told
    this.#worker = this.#spawn()
  }

  /** Why it cannot step now, where it was lost; it is opened again meanwhile, beside whoever asks. */
  get lost(): VigilError | undefined {
    if (this.#lost) this.#reopen()
    return this.#lost
  }

  /** Resolves once the thread has its graph. */
  opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#begun = { resolve, reject }
    })
  }

  /**
   * Step a share of what lies in the shared memory; behind another one it is made after it.
   * @throws VigilError engine-failed
   */
  step(share: Share): Promise<void> {
    if (this.#control.ask(share, this.#sent)) this.say({ kind: 'go' })
    this.#lookSoon()
    return new Promise((resolve, reject) => {
      this.#pending.push({ resolve, reject })
    })
  }

  say(message: ToWorker): void {
    this.#sent = following(this.#sent)
    this.#worker.postMessage(message)
  }

  /** Releases the session and ends the thread; no step may be in flight. */
  async close(): Promise<void> {
    this.#closed = true
    this.say({ kind: 'close' })
    await this.#exited
  }

  #spawn(): Worker {
    this.#control = new StepControl(this.#lookMs)
    this.#sent = this.#over = 0
    const workerData: ThreadStart = { ...this.#start, lookMs: this.#lookMs, control: this.#control.words }
    const worker = new Worker(builtFile('inference/worker.js'), {
      workerData,
      execArgv: [],
      name: 'vigil-step',
    })
    // one that failed still has to end, and may do so after another was opened
    const present = () => worker === this.#worker
    worker.on('message', (message: FromWorker) => present() && this.#hear(message))
    worker.on('error', (cause: Error) => present() && this.#lose(`the step worker failed: ${cause.message}`, cause))
    this.#exited = new Promise((resolve) => {
      worker.on('exit', (code) => {
        if (present()) this.#lose(`the step worker ended with code ${code}`)
        resolve()
      })
    })
    return worker
  }

  #reopen(): void {
    const now = performance.now()
    if (this.#closed || this.#opening || now < this.#notBefore) return
    this.#notBefore = now + this.#waitMs
    this.#waitMs = Math.min(2 * this.#waitMs, AGAIN_MOST_MS)
    this.#opening = true
    this.#worker = this.#spawn()
    for (const message of this.#shared()) this.say(message)
    this.opened()
      .then(() => {
        this.#lost = undefined
        this.#waitMs = AGAIN_MS
        this.#told()
      })
      .catch(() => {}) // the next step tries again
      .finally(() => {
        this.#opening = false
      })
  }

  /** Before the event loop rests: a step may be over by then, and else a message is to say so. */
  #lookSoon(): void {
    this.#looking ??= setImmediate(() => {
      this.#looking = undefined
      const before = this.#over
      this.#control.lookForDone(following(before))
      this.#look()
      if (this.#pending.length === 0) return
      // what was waited for goes on first
      if (this.#over !== before) this.#lookSoon()
      else if (!this.#control.wait(following(this.#over))) this.#look()
    })
  }

  /** Hear of the steps that are over, up to one that failed: of that one a message tells. */
  #look(): void {
    while (this.#pending.length > 0) {
      const next = following(this.#over)
      if (!this.#control.isOver(next) || this.#control.failed(next)) return
      this.#over = next
      this.#pending.shift()!.resolve()
    }
  }

  #hear(message: FromWorker): void {
    if (message.kind === 'open') {
      this.#served = true
      this.#begun?.resolve()
      return
    }
    this.#look()
    if (message.kind === 'failed') {
      this.#over = following(this.#over)
      const error = new VigilError(message.code, message.message)
      const heard = this.#pending.shift() ?? this.#begun
      heard?.reject(error)
    }
    if (this.#pending.length > 0) this.#lookSoon()
  }

  #lose(message: string, cause?: Error): void {
    // what it says on its way out is no other loss
    const first = this.#lost === undefined && !this.#closed
    this.#lost ??= new VigilError('engine-failed', message, { cause, retriable: true })
    // one that never served is for whoever opens it
    if (first && this.#served) this.#told(this.#lost)
    for (const it of [...this.#pending, this.#begun]) it?.reject(this.#lost)
    this.#pending = []
  }
}
