import './no-telemetry.ts'
import { Worker } from 'node:worker_threads'
import { builtFile } from '../built-file.ts'
import { VigilError } from '../errors.ts'
import type { FromWorker, Share, ToWorker, WorkerStart } from './worker-messages.ts'

/** A lost thread is opened again when a step is asked for, at most after 1, 2, 4 ... seconds. */
const AGAIN_MS = 1000
const AGAIN_MOST_MS = 30_000

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
  readonly #shared: () => readonly ToWorker[]
  #worker: Worker
  #exited!: Promise<void>
  /** what was asked and is not answered, in order */
  #pending: Pending[] = []
  #lost: VigilError | undefined
  #closed = false
  #opening = false
  #waitMs = AGAIN_MS
  #notBefore = 0

  /** @param shared what a thread that begins again is to be told: the memory that it shares */
  constructor(start: WorkerStart, shared: () => readonly ToWorker[]) {
    this.#start = start
    this.#shared = shared
    this.#worker = this.#spawn()
  }

  /** Why it cannot step now, where it was lost; it is opened again meanwhile, beside whoever asks. */
  get lost(): VigilError | undefined {
    if (this.#lost) this.#reopen()
    return this.#lost
  }

  /** Resolves once the thread has its graph. */
  opened(): Promise<void> {
    return this.#answer()
  }

  /**
   * Step a share of what lies in the shared memory.
   * @param box the mailbox of it
   * @throws VigilError engine-failed
   */
  step(share: Share, box: number): Promise<void> {
    const answer = this.#answer()
    const { count, first, end, step, again } = share
    this.say({ kind: 'step', count, first, end, step, again, box })
    return answer
  }

  say(message: ToWorker): void {
    this.#worker.postMessage(message)
  }

  /** Releases the session and ends the thread; no step may be in flight. */
  async close(): Promise<void> {
    this.#closed = true
    this.say({ kind: 'close' })
    await this.#exited
  }

  #spawn(): Worker {
    const worker = new Worker(builtFile('inference/worker.js'), {
      workerData: this.#start,
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
      })
      .catch(() => {}) // the next step tries again
      .finally(() => {
        this.#opening = false
      })
  }

  #answer(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ resolve, reject })
    })
  }

  #hear(message: FromWorker): void {
    const pending = this.#pending.shift()
    if (message.kind === 'failed') pending?.reject(new VigilError(message.code, message.message))
    else pending?.resolve()
  }

  #lose(message: string, cause?: Error): void {
    this.#lost ??= new VigilError('engine-failed', message, { cause, retriable: true })
    for (const { reject } of this.#pending) reject(this.#lost)
    this.#pending = []
  }
}
