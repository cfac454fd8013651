import type { StepGraph } from './engine.ts'
import { pageOf, rowAt, type StatePage } from './state-slab.ts'

/** A page seen as pairs of floats, for copying: a row is half as many moves. */
type Pairs = Float64Array<ArrayBufferLike>

/**
 * Rows of one run at most. At 256 rows of a 64 x 2 network the gathered state stays in the processor's own cache until
 * it is scattered. And onnxruntime cuts large element-wise operators into parts for its threads, where Softplus rounds
 * the last elements of a part differently: a row's bits would depend on how many others stand in the run.
 */
const RUN_ROWS = 256

/**
 * The step of one graph over the state pages: gather the rows, run, scatter them back. Owns the 8-byte views of the
 * pages and buffers; lives where the graph lives (the worker, or the calling thread).
 */
export class Stepper {
  readonly graph: StepGraph
  readonly #pages: StatePage[] = []
  readonly #pairs: Pairs[] = []
  readonly #buffers: { readonly hIn: Pairs; readonly cIn: Pairs; readonly hOut: Pairs; readonly cOut: Pairs }

  constructor(graph: StepGraph) {
    this.graph = graph
    const { hIn, cIn, hOut, cOut } = graph
    this.#buffers = { hIn: pairs(hIn), cIn: pairs(cIn), hOut: pairs(hOut), cOut: pairs(cOut) }
  }

  addPage(page: StatePage): void {
    this.#pages.push(page)
    this.#pairs.push(pairs(page))
  }

  /**
   * Step `count` rows, in slices of at most the graph's batch and `RUN_ROWS`.
   * @param slots [>= count]
   * @param x [>= count * F]
   * @param forecast written: [count * O]
   */
  async step(slots: Int32Array, x: Float32Array, count: number, forecast: Float32Array): Promise<void> {
    const { features, outputs } = this.graph.shape
    const slice = Math.min(this.graph.maxBatch, RUN_ROWS)
    for (let from = 0; from < count; from += slice) {
      const rows = Math.min(slice, count - from)
      this.graph.x.set(x.subarray(from * features, (from + rows) * features))
      this.#gather(slots, from, rows)
      await this.graph.run(rows)
      this.#scatter(slots, from, rows)
      forecast.set(this.graph.forecast.subarray(0, rows * outputs), from * outputs)
    }
  }

  #gather(slots: Int32Array, from: number, rows: number): void {
    const { hidden, layers } = this.graph.shape
    const { hIn, cIn } = this.#buffers
    const wide = hidden % 8 === 0
    const size = layers * 2 * hidden
    for (let row = 0; row < rows; row++) {
      const slot = slots[from + row]!
      const page = pageOf(slot)
      let at = rowAt(slot, size)
      for (let layer = 0; layer < layers; layer++) {
        const to = (layer * rows + row) * hidden
        if (wide) {
          const source = this.#pairs[page]!
          copyPairs(source, at / 2, hIn, to / 2, hidden / 2)
          copyPairs(source, (at + hidden) / 2, cIn, to / 2, hidden / 2)
        } else {
          const source = this.#pages[page]!
          this.graph.hIn.set(source.subarray(at, at + hidden), to)
          this.graph.cIn.set(source.subarray(at + hidden, at + 2 * hidden), to)
        }
        at += 2 * hidden
      }
    }
  }

  #scatter(slots: Int32Array, from: number, rows: number): void {
    const { hidden, layers } = this.graph.shape
    const { hOut, cOut } = this.#buffers
    const wide = hidden % 8 === 0
    const size = layers * 2 * hidden
    for (let row = 0; row < rows; row++) {
      const slot = slots[from + row]!
      const page = pageOf(slot)
      let at = rowAt(slot, size)
      for (let layer = 0; layer < layers; layer++) {
        const source = (layer * rows + row) * hidden
        if (wide) {
          const to = this.#pairs[page]!
          copyPairs(hOut, source / 2, to, at / 2, hidden / 2)
          copyPairs(cOut, source / 2, to, (at + hidden) / 2, hidden / 2)
        } else {
          const to = this.#pages[page]!
          to.set(this.graph.hOut.subarray(source, source + hidden), at)
          to.set(this.graph.cOut.subarray(source, source + hidden), at + hidden)
        }
        at += 2 * hidden
      }
    }
  }
}

/** Copy n pairs, n a multiple of 4; four moves a turn are twice as fast as `set` of a subarray at this length. */
function copyPairs(from: Pairs, at: number, to: Pairs, toAt: number, n: number): void {
  for (let i = 0; i < n; i += 4) {
    to[toAt + i] = from[at + i]!
    to[toAt + i + 1] = from[at + i + 1]!
    to[toAt + i + 2] = from[at + i + 2]!
    to[toAt + i + 3] = from[at + i + 3]!
  }
}

function pairs(floats: Float32Array): Pairs {
  return new Float64Array(floats.buffer, floats.byteOffset, floats.length >> 1)
}
