import { BySlot } from './by-slot.ts'
import type { StepGraph } from './engine.ts'
import { stateSize } from './graph-shape.ts'
import { neighbours, pageOf, rowAt, type StatePage } from './state-slab.ts'

/**
 * Rows of one run at most on the processor: the state of 512 rows of a 64 x 2 network, gathered and stepped, is 1 MiB and stays in the
 * processor's own cache until it is scattered. In one run 4096 rows reached 0.80 of bare onnxruntime, in runs of 512 0.90;
 * shorter runs pay the cost of a call (40 us) more often. On a device a call costs more and large runs are what it is for:
 * on an H200 bare CUDA made 0.75 million steps/s in runs of 1,024 rows and 2.7 million in runs of 16,384.
 */
const RUN_ROWS = 512
/** A run that fails is tried again so often: its inputs stand where they stood, so that no row is stepped twice. */
const RUN_RETRIES = 2

/**
 * The step of one graph over the state pages: gather the rows in the order of their slots, run, scatter them back. Rows
 * whose slots follow one another move in one copy; a row's result does not depend on where in a batch it stands. Lives
 * where the graph lives (the worker, or the calling thread).
 */
export class Stepper {
  readonly graph: StepGraph
  readonly #pages: StatePage[] = []
  readonly #bySlot = new BySlot()
  /** [>= count] the slots of a step, in order */
  #sorted = new Int32Array(0)

  constructor(graph: StepGraph) {
    this.graph = graph
  }

  addPage(page: StatePage): void {
    this.#pages.push(page)
  }

  /**
   * Step `count` rows, or a share of them, in slices of at most the graph's batch and, on the processor, `RUN_ROWS`.
   * @param slots [>= count]
   * @param x [>= count * F]
   * @param forecast written, the rows of the share: [count * O]
   * @param first of the rows in the order of their slots, the share is [first, end)
   */
  async step(
    slots: Int32Array,
    x: Float32Array,
    count: number,
    forecast: Float32Array,
    first = 0,
    end = count,
  ): Promise<void> {
    const { features, outputs } = this.graph.shape
    const { maxBatch, provider } = this.graph
    const slice = provider === 'cpu' ? Math.min(maxBatch, RUN_ROWS) : maxBatch
    const order = this.#bySlot.order(slots, count)
    const sorted = order === undefined ? slots : this.#inOrder(slots, order, count)
    for (let from = first; from < end; from += slice) {
      const rows = Math.min(slice, end - from)
      if (order === undefined) this.graph.x.set(x.subarray(from * features, (from + rows) * features))
      else takeRows(x, order, from, rows, features, this.graph.x)
      this.#gather(sorted, from, rows)
      await this.#run(rows)
      this.#scatter(sorted, from, rows)
      if (order === undefined) forecast.set(this.graph.forecast.subarray(0, rows * outputs), from * outputs)
      else putRows(this.graph.forecast, order, from, rows, outputs, forecast)
    }
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

/** Copy `rows` rows of `width`, those that `order` names from `from` on, to the beginning of `to`. */
function takeRows(
  all: Float32Array,
  order: Int32Array,
  from: number,
  rows: number,
  width: number,
  to: Float32Array,
): void {
  for (let i = 0, at = 0; i < rows; i++) {
    const begin = order[from + i]! * width
    for (let k = begin; k < begin + width; k++) to[at++] = all[k]!
  }
}

/** The inverse of `takeRows`. */
function putRows(
  some: Float32Array,
  order: Int32Array,
  from: number,
  rows: number,
  width: number,
  all: Float32Array,
): void {
  for (let i = 0, at = 0; i < rows; i++) {
    const begin = order[from + i]! * width
    for (let k = begin; k < begin + width; k++) all[k] = some[at++]!
  }
}
