import './no-telemetry.ts'
import { Worker } from 'node:worker_threads'
import { builtFile } from '../built-file.ts'
import { VigilError } from '../errors.ts'
import type { StepEngine } from '../stream/ports.ts'
import { stateSize } from './graph-shape.ts'
import { checkFeatures } from './in-process.ts'
import { StateSlab } from './state-slab.ts'
import type { FromWorker, Mailbox, ToWorker, WorkerStart } from './worker-messages.ts'

/** A lost thread is opened again when a step is asked for, at most after 1, 2, 4 ... seconds. */
const AGAIN_MS = 1000
const AGAIN_MOST_MS = 30_000

interface Pending {
  resolve(): void
  reject(error: VigilError): void
}

/**
 * A step engine in a thread of its own: the event loop never waits for the network. Close it before the process ends:
 * onnxruntime aborts the whole process when its thread is terminated in the middle of a run. A thread that is lost fails
 * the steps asked of it, and is opened again on the same state pages meanwhile.
 */
class WorkerEngine implements StepEngine {
  readonly provider: string
  readonly stateSize: number
  readonly forecastSize: number
  readonly #features: number
  readonly #start: WorkerStart
  readonly #slab: StateSlab
  #worker: Worker
  #exited!: Promise<void>
  #mailbox: Mailbox
  #pending: Pending | undefined
  #inFlight: Promise<unknown> = Promise.resolve()
  #lost: VigilError | undefined
  #closed = false
  #opening = false
  #waitMs = AGAIN_MS
  #notBefore = 0

  constructor({ onnx, shape, options }: WorkerStart) {
    this.#start = { onnx, shape, options }
    this.provider = options.provider
    this.stateSize = stateSize(shape)
    this.forecastSize = shape.outputs
    this.#features = shape.features
    this.#worker = this.#spawn()
    this.#slab = new StateSlab(this.stateSize, (page) => this.#say({ kind: 'page', page }))
    this.#mailbox = this.#makeMailbox(0)
  }

  #spawn(): Worker {
    const worker = new Worker(builtFile(import.meta.url, 'worker.js'), {
      workerData: this.#start,
      execArgv: [],
      name: 'vigil-step',
    })
    worker.on('message', (message: FromWorker) => this.#hear(message))
    worker.on('error', (cause: Error) => this.#lose(`the step worker failed: ${cause.message}`, cause))
    this.#exited = new Promise((resolve) => {
      worker.on('exit', (code) => {
        this.#lose(`the step worker ended with code ${code}`)
        resolve()
      })
    })
    return worker
  }

  /** Open the thread again, beside whoever asks for steps meanwhile. */
  #reopen(): void {
    const now = performance.now()
    if (this.#closed || this.#opening || now < this.#notBefore) return
    this.#notBefore = now + this.#waitMs
    this.#waitMs = Math.min(2 * this.#waitMs, AGAIN_MOST_MS)
    this.#opening = true
    this.#worker = this.#spawn()
    for (const page of this.#slab.pages) this.#say({ kind: 'page', page })
    if (this.#mailbox.slots.length > 0) this.#say({ kind: 'mailbox', mailbox: this.#mailbox })
    this.opened()
      .then(() => {
        if (!this.#closed) this.#lost = undefined
        this.#waitMs = AGAIN_MS
      })
      .catch(() => {}) // the next step tries again
      .finally(() => {
        this.#opening = false
      })
  }

  /** Resolves once the worker has its graph. */
  opened(): Promise<void> {
    return this.#answer()
  }

  async step(slots: Int32Array, x: Float32Array, count: number): Promise<Float32Array> {
    if (this.#lost) {
      this.#reopen()
      throw this.#lost
    }
    checkFeatures(x, count, this.#features)
    this.#slab.claim(slots, count)
    if (this.#mailbox.slots.length < count) {
      this.#mailbox = this.#makeMailbox(Math.max(count, 2 * this.#mailbox.slots.length))
      this.#say({ kind: 'mailbox', mailbox: this.#mailbox })
    }
    this.#mailbox.slots.set(slots.subarray(0, count))
    this.#mailbox.x.set(x.subarray(0, count * this.#features))
    const answer = this.#answer()
    this.#inFlight = answer.catch(() => {})
    this.#say({ kind: 'step', count })
    try {
      await answer
    } finally {
      this.#slab.release()
    }
    return this.#mailbox.forecast
  }

  reset(slot: number): void {
    this.#slab.reset(slot)
  }

  readState(slot: number, into: Float32Array): void {
    this.#slab.read(slot, into)
  }

  writeState(slot: number, from: Float32Array): void {
    this.#slab.write(slot, from)
  }

  /** Waits for the step in flight, releases the session and ends the thread. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#inFlight
    this.#lost ??= new VigilError('engine-failed', 'the step engine is closed')
    this.#say({ kind: 'close' })
    await this.#exited
  }

  #say(message: ToWorker): void {
    this.#worker.postMessage(message)
  }

  #answer(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject }
    })
  }

  #hear(message: FromWorker): void {
    const pending = this.#pending
    this.#pending = undefined
    if (message.kind === 'failed') pending?.reject(new VigilError(message.code, message.message))
    else pending?.resolve()
  }

  #lose(message: string, cause?: Error): void {
    this.#lost ??= new VigilError('engine-failed', message, { cause, retriable: true })
    this.#pending?.reject(this.#lost)
    this.#pending = undefined
  }

  #makeMailbox(rows: number): Mailbox {
    const floats = (n: number) => new Float32Array(new SharedArrayBuffer(n * Float32Array.BYTES_PER_ELEMENT))
    return {
      slots: new Int32Array(new SharedArrayBuffer(rows * Int32Array.BYTES_PER_ELEMENT)),
      x: floats(rows * this.#features),
      forecast: floats(rows * this.forecastSize),
    }
  }
}

/**
 * Start a worker that steps one graph.
 * @throws VigilError provider-unavailable, manifest-invalid or config-invalid, as `openStepGraph`; engine-failed when
 *   the thread is lost
 */
export async function openWorkerEngine(start: WorkerStart): Promise<StepEngine> {
  const engine = new WorkerEngine(start)
  try {
    await engine.opened()
  } catch (error) {
    await engine.close()
    throw error
  }
  return engine
}
