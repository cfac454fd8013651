import { VigilError } from '../../errors.ts'
import { openStepGraph } from '../../inference/engine.ts'
import { verifyGolden } from '../../inference/golden.ts'
import type { GraphShape } from '../../inference/graph-shape.ts'
import { inProcessEngine } from '../../inference/in-process.ts'
import { encodeModel } from '../../onnx/proto.ts'
import type { GoldenSteps } from '../../vitals/manifest.ts'
import { classifierGolden } from '../classifier/plain.ts'
import { type ClassifierShape, type ClassifierWeights, outputsOf, steppedCell } from '../classifier/shape.ts'
import { classifierGraph } from './classifier-graph.ts'
import { unlikeAlone } from './rows-alone.ts'

export interface ExportedClassifier {
  /** bytes of model.onnx */
  readonly onnx: Uint8Array
  readonly golden: GoldenSteps
}

/** what is shipped must stay small */
const LARGEST = 2 << 20

/**
 * Write an ensemble as one ONNX graph and hold it against the equations in doubles, alone and in company.
 * @param x [T, F] normalised rows of one stay: the golden steps
 * @throws VigilError training-failed when a row's bits depend on its company, the graph computes something else, or it is
 *   larger than 2 MiB
 */
export async function exportClassifier(
  shape: ClassifierShape,
  members: readonly ClassifierWeights[],
  x: Float32Array,
  steps: number,
  metadata: Readonly<Record<string, string>>,
): Promise<ExportedClassifier> {
  const { inputs: features, hidden } = shape
  const cell = steppedCell(shape.cell)
  const about = { name: metadata['name'] ?? 'model', producer: 'vigil', metadata }
  const onnx = encodeModel(classifierGraph(shape, members, about))
  if (onnx.length > LARGEST)
    throw new VigilError('training-failed', `the graph has ${onnx.length} bytes, more than 2 MiB`)
  const carries = cell === 'lstm' ? {} : { carries: 'h' as const }
  const graph: GraphShape = { features, hidden, layers: members.length, outputs: outputsOf(shape), ...carries }
  const unlike = await unlikeAlone(onnx, graph)
  if (unlike !== undefined) throw new VigilError('training-failed', `the graph rounds ${unlike} differently from the row alone`) // biome-ignore format: one line
  const golden = classifierGolden(shape, members, x, steps)
  const engine = inProcessEngine(await openStepGraph(onnx, graph, { provider: 'cpu', threads: 1, maxBatch: 8 }))
  try {
    await verifyGolden(engine, { golden, dir: 'the exported graph' })
  } catch (cause) {
    throw new VigilError('training-failed', cause instanceof Error ? cause.message : String(cause), { cause })
  } finally {
    await engine.close()
  }
  return { onnx, golden }
}
