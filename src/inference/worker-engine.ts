import { VigilError } from '../errors.ts'
import type { StepEngine } from '../stream/ports.ts'
import { openStepGraph, type StepGraph } from './engine.ts'
import { stateSize } from './graph-shape.ts'
import { checkFeatures } from './in-process.ts'
import { type StatePage, StateSlab } from './state-slab.ts'
import { Stepper } from './step.ts'
import { boxOf, IN_FLIGHT } from './step-control.ts'
import { StepThread, type ToldOfThread } from './step-thread.ts'
import type { Mailbox, Share, ToWorker, WorkerStart } from './worker-messages.ts'

/**
 * Rows of a share at least: two threads stepped 128 rows in 0.9 to 1.03 of the time that one took, 256 in 0.75 to 0.8, and
 * each share costs the calling thread two messages.
 */
const FEWEST_ROWS = 128

/** A step engine whose rows are written many at a time. */
export interface RowsEngine extends StepEngine {
  /** copy rows into those of `count` slots: [>= count * stateSize] */
  writeStates(slots: Int32Array, from: Float32Array, count: number): void
  /** the same rows, stepped by one of its sessions each: so that every session can prove itself; to be used one at a time */
  readonly sessions: readonly StepEngine[]
}

/** Where a share of a step is stepped. */
interface Place {
  step(share: Share): Promise<void>
}

/** Where the steps of an engine are made. */
export interface Places {
  /** threads with a session each */
  readonly workers: number
  /** steps of at most so many rows are made on the calling thread, in a session of its own; 0: none */
  readonly hereRows: number
  /** ms for which both sides look for the next step, or its end, before they wait for a message; 0: a core is not theirs alone */
  readonly lookMs: number
  /** told of threads that are lost, and of those that step again */
  readonly told: ToldOfThread
}

/**
 * A step engine in threads of its own: the event loop does not wait for the network, but for steps of so few rows that
 * sending them away would take longer. A step's rows are shared out among the
 * threads in the order of their slots, so that neighbours stay together and every thread has as many; all of them work on
 * the same pages, so that a row's thread may be another at its next step. Close it before the process ends: onnxruntime
 * aborts the whole process when a thread of its is terminated in the middle of a run. A thread that is lost fails the step
 * in flight; the others go on without it until it is opened again.
 */
class WorkerEngine implements RowsEngine {
  readonly provider: string
  readonly stateSize: number
  readonly forecastSize: number
  readonly #features: number
  readonly #slab: StateSlab
  readonly #threads: readonly StepThread[]
  readonly #graph: StepGraph | undefined
  readonly #stepper: Stepper | undefined
  /** by `boxOf` the step */
  readonly #mailboxes: Mailbox[]
  #steps = 0
  /** where the newest step is made */
  #places: readonly Place[] = []
  #inFlight: Promise<unknown> = Promise.resolve()
  #closing: Promise<void> | undefined

  /** @param graph of the calling thread; it is closed with the engine */
  constructor(start: WorkerStart, { workers, lookMs, told }: Places, graph: StepGraph | undefined) {
    const { shape, options } = start
    this.provider = options.provider
    this.stateSize = stateSize(shape)
    this.forecastSize = shape.outputs
    this.#features = shape.features
    this.#graph = graph
    this.#stepper = graph && new Stepper(graph)
    const added = (page: StatePage) => {
      this.#stepper?.addPage(page)
      this.#say({ kind: 'page', page })
    }
    this.#slab = new StateSlab(this.stateSize, added, IN_FLIGHT)
    this.#mailboxes = Array.from({ length: IN_FLIGHT }, () => this.#makeMailbox(0))
    this.#threads = Array.from({ length: workers }, () => new StepThread(start, lookMs, () => this.#shared(), told))
  }

  /** Resolves once every thread has its graph. */
  async opened(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.opened()))
  }

  step(slots: Int32Array, x: Float32Array, count: number): Promise<Float32Array> {
    return this.#step(slots, x, count, () => this.#placesOf(count))
  }

  /** By one thread, steps are made in the order in which they are asked for. */
  get ahead(): boolean {
    const [thread, other] = this.#threads
    return other === undefined && this.#slab.flying === 1 && this.#places[0] === thread && thread?.lost === undefined
  }

  get sessions(): StepEngine[] {
    const { provider, stateSize, forecastSize } = this
    const places = [...(this.#stepper ? [this.#here(this.#stepper)] : []), ...this.#threads]
    return places.map((place) => ({
      provider,
      stateSize,
      forecastSize,
      step: (slots, x, count) => this.#step(slots, x, count, () => [place]),
      reset: (slot) => this.reset(slot),
      readState: (slot, into) => this.readState(slot, into),
      writeState: (slot, from) => this.writeState(slot, from),
      close: async () => {},
    }))
  }

  async #step(
    slots: Int32Array,
    x: Float32Array,
    count: number,
    choose: () => readonly Place[],
  ): Promise<Float32Array> {
    if (this.#closing) throw new VigilError('engine-failed', 'the step engine is closed')
    const flying = this.#slab.flying > 0
    if (flying && !this.ahead) throw new VigilError('internal', 'a step was asked for while another is in flight')
    // behind another one: where that is made
    const places = flying ? this.#places : choose()
    checkFeatures(x, count, this.#features)
    const again = this.#slab.claim(slots, count)
    this.#places = places
    const step = ++this.#steps
    const mailbox = this.#roomFor(count, boxOf(step))
    mailbox.slots.set(slots.subarray(0, count))
    mailbox.x.set(x.subarray(0, count * this.#features))
    const bound = (share: number) => Math.floor((count * share) / places.length)
    // rows are free again when nobody works on any of them, not when the first fails
    const stepped = Promise.allSettled(
      places.map((place, i) => place.step({ count, first: bound(i), end: bound(i + 1), step, again })),
    )
    this.#inFlight = stepped
    const failed = (await stepped).find((it) => it.status === 'rejected')
    this.#slab.release()
    if (failed) throw failed.reason
    return mailbox.forecast
  }

  #roomFor(count: number, box: number): Mailbox {
    const mailbox = this.#mailboxes[box]!
    if (mailbox.slots.length >= count) return mailbox
    const larger = this.#makeMailbox(Math.max(count, 2 * mailbox.slots.length))
    this.#mailboxes[box] = larger
    this.#say({ kind: 'mailbox', box, mailbox: larger })
    return larger
  }

  /** @throws VigilError engine-failed when every thread is lost */
  #placesOf(count: number): readonly Place[] {
    if (this.#stepper && count <= this.#stepper.graph.maxBatch) return [this.#here(this.#stepper)]
    const losses = this.#threads.map((thread) => thread.lost)
    const able = this.#threads.filter((_, i) => losses[i] === undefined)
    if (able.length === 0) throw losses[0]!
    return able.slice(0, Math.max(1, Math.floor(count / FEWEST_ROWS)))
  }

  #here(stepper: Stepper): Place {
    return { step: (share) => stepper.step(this.#mailboxes[boxOf(share.step)]!, share) }
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

  writeStates(slots: Int32Array, from: Float32Array, count: number): void {
    this.#slab.writeRows(slots, from, count)
  }

  /** Waits for the step in flight, releases the sessions and ends the threads; once, however often it is asked. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#inFlight
    await Promise.all([...this.#threads.map((thread) => thread.close()), this.#graph?.close()])
  }

  #say(message: ToWorker): void {
    for (const thread of this.#threads) thread.say(message)
  }

  #shared(): ToWorker[] {
    const pages = this.#slab.pages.map((page): ToWorker => ({ kind: 'page', page }))
    const used = this.#mailboxes.flatMap((mailbox, box): ToWorker[] =>
      mailbox.slots.length === 0 ? [] : [{ kind: 'mailbox', box, mailbox }],
    )
    return [...pages, ...used]
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
 * Start workers that step one graph, a session each.
 * @throws VigilError provider-unavailable, manifest-invalid or config-invalid, as `openStepGraph`; engine-failed when
 *   a thread is lost
 */
export async function openWorkerEngine(
  start: WorkerStart,
  { workers = 1, hereRows = 0, lookMs = 0, told = () => {} }: Partial<Places> = {},
): Promise<RowsEngine> {
  const { onnx, shape, options } = start
  const here = hereRows === 0 ? undefined : await openStepGraph(onnx, shape, { ...options, maxBatch: hereRows })
  const engine = new WorkerEngine(start, { workers, hereRows, lookMs, told }, here)
  try {
    await engine.opened()
  } catch (error) {
    await engine.close()
    throw error
  }
  return engine
}
