import { openStepGraph, type StepGraph } from '../../inference/engine.ts'
import { type GraphShape, stateSize } from '../../inference/graph-shape.ts'
import { random } from '../../random.ts'

/** Rows of the batch: beyond what onnxruntime's kernels take at once, and no multiple of it. */
const BATCH = 67
/** A second thread cuts large operators elsewhere. */
const THREADS = [1, 2]

/**
 * Whether every row of a batch is, bit for bit, the row alone: a patient's forecasts must not depend on who shares the
 * batch, and some operators round the last elements of a tensor differently (docs/inference.md).
 * @returns the first difference in words, undefined where there is none
 */
export async function unlikeAlone(onnx: Uint8Array, shape: GraphShape): Promise<string | undefined> {
  const { normal } = random(1)
  const x = Float32Array.from({ length: BATCH * shape.features }, normal)
  const states = Float32Array.from({ length: BATCH * stateSize(shape) }, normal)
  for (const threads of THREADS) {
    const graph = await openStepGraph(onnx, shape, { provider: 'cpu', threads, maxBatch: BATCH })
    try {
      const row = await firstUnlike(graph, x, states)
      if (row !== undefined) return `row ${row} of ${BATCH} (threads: ${threads})`
    } finally {
      await graph.close()
    }
  }
  return undefined
}

async function firstUnlike(graph: StepGraph, x: Float32Array, states: Float32Array): Promise<number | undefined> {
  const [features, outputs, size] = [graph.shape.features, graph.shape.outputs, stateSize(graph.shape)]
  graph.x.set(x)
  graph.stateIn.set(states)
  await graph.run(BATCH)
  const [forecasts, stepped] = [graph.forecast.slice(), graph.stateOut.slice()]
  for (let row = 0; row < BATCH; row++) {
    graph.x.set(x.subarray(row * features, (row + 1) * features))
    graph.stateIn.set(states.subarray(row * size, (row + 1) * size))
    await graph.run(1)
    if (!sameBits(graph.forecast, forecasts, row * outputs, outputs)) return row
    if (!sameBits(graph.stateOut, stepped, row * size, size)) return row
  }
  return undefined
}

/** Whether the first `count` numbers of `a` are those of `b` from `at` on. */
function sameBits(a: Float32Array, b: Float32Array, at: number, count: number): boolean {
  for (let i = 0; i < count; i++) if (!Object.is(a[i], b[at + i])) return false
  return true
}
