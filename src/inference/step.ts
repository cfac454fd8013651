import { BySlot } from './by-slot.ts'
import type { StepGraph } from './engine.ts'
import { stateSize } from './graph-shape.ts'
import { putRows, takeRows } from './ordered-rows.ts'
import { neighbours, pageOf, rowAt, type StatePage } from './state-slab.ts'
import type { Share, StepBatch } from './worker-messages.ts'

/**
 * Rows of one run at most on the processor. The states of 1,024 rows of a 64 x 2 network, gathered and stepped, are 2 MiB, a
 * core's own cache: on an Intel Xeon a step of 1,024 or 4,096 rows in such runs reached 0.01 to 0.03 more of bare onnxruntime
 * than in runs of 512 (a call costs 40 us); in one run of 4,096 it is less. On a device a call costs more and large runs are
 * what it is for: on an H200 bare CUDA made 0.75 million steps/s in runs of 1,024 rows and 2.7 million in runs of 16,384.
 */
const RUN_ROWS = 1024
/** A run that fails is tried again so often: its inputs stand where they stood, so that no row is stepped twice. */
const RUN_RETRIES = 2

/**
 * The step of one graph over the state pages: gather the rows in the order of their slots, run, scatter them back. Rows
 * whose slots follow one another move in one copy; a row's result does not depend on where in a batch it stands. Rows that
 * are stepped again and again stay in the graph's tensors, where the run before left them, and are only scattered. Lives
 * where the graph lives (a worker, or the calling thread).
 */
export class Stepper {
  readonly graph: StepGraph
  readonly #pages: StatePage[] = []
  readonly #bySlot = new BySlot()
  /** of the newest step: its rows in the order of their slots, undefined where that is how they stand; good while it is asked for again */
  #order: Int32Array | undefined
  /** [>= count] the slots of a step, in order */
  #sorted = new Int32Array(0)
  /** the share whose states the graph's tensors hold */
  #held: Share | undefined

  constructor(graph: StepGraph) {
    this.graph = graph
  }

  addPage(page: StatePage): void {
    this.#pages.push(page)
  }

  /** Step a share of a batch, in slices of at most the graph's batch and, on the processor, `RUN_ROWS`; forecasts are written. */
  async step(batch: StepBatch, share: Share): Promise<void> {
    const { slots, x, forecast } = batch
    const { count, first, end } = share
    const { features, outputs } = this.graph.shape
    const { maxBatch, provider } = this.graph
    const slice = provider === 'cpu' ? Math.min(maxBatch, RUN_ROWS) : maxBatch
    const holds = this.#holds(share)
    this.#held = undefined
    if (!holds) this.#order = this.#bySlot.order(slots, count)
    const order = this.#order
    const sorted = order === undefined ? slots : holds ? this.#sorted : this.#inOrder(slots, order, count)
    for (let from = first; from < end; from += slice) {
      const rows = Math.min(slice, end - from)
      if (order === undefined) this.graph.x.set(x.subarray(from * features, (from + rows) * features))
      else takeRows(x, order, from, rows, features, this.graph.x)
      if (holds) this.graph.swap()
      else this.#gather(sorted, from, rows)
      await this.#run(rows)
      this.#scatter(sorted, from, rows)
      if (order === undefined) forecast.set(this.graph.forecast.subarray(0, rows * outputs), from * outputs)
      else putRows(this.graph.forecast, order, from, rows, outputs, forecast)
    }
    if (end - first <= slice) this.#held = share
  }

  /** Whether the tensors hold the rows of a share as the run before left them. */
  #holds({ first, end, step, again }: Share): boolean {
    const held = this.#held
    return again && held !== undefined && held.step === step - 1 && held.first === first && held.end === end
  }

  #inOrder(slots: Int32Array, order: Int32Array, count: number): Int32Array {
    if (this.#sorted.length < count) this.#sorted = new Int32Array(count)
    for (let i = 0; i < count; i++) this.#sorted[i] = slots[order[i]!]!
    return this.#sorted
  }

  async #run(rows: number): Promise<void> {
    for (let retries = RUN_RETRIES; ; retries--) {
      try {
        return await this.graph.run(rows)
      } catch (error) {
        if (retries === 0) throw error
      }
    }
  }

  #gather(slots: Int32Array, from: number, rows: number): void {
    const size = stateSize(this.graph.shape)
    for (let row = 0; row < rows; ) {
      const slot = slots[from + row]!
      const at = rowAt(slot, size)
      const run = neighbours(slots, from + row, from + rows)
      this.graph.stateIn.set(this.#pages[pageOf(slot)]!.subarray(at, at + run * size), row * size)
      row += run
    }
  }

  #scatter(slots: Int32Array, from: number, rows: number): void {
    const size = stateSize(this.graph.shape)
    for (let row = 0; row < rows; ) {
      const slot = slots[from + row]!
      const run = neighbours(slots, from + row, from + rows)
      const stepped = this.graph.stateOut.subarray(row * size, (row + run) * size)
      this.#pages[pageOf(slot)]!.set(stepped, rowAt(slot, size))
      row += run
    }
  }
}
