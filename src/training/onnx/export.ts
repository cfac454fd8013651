import { VigilError } from '../../errors.ts'
import type { GoldenSteps } from '../../vitals/manifest.ts'
import type { NetworkShape, Weights } from '../network.ts'
import { parity, stepsPerSecond } from '../serve-stays.ts'
import { type GraphForm, stepGraph } from './graph.ts'
import { encodeModel } from './proto.ts'

export interface Exported {
  /** bytes of model.onnx */
  readonly onnx: Uint8Array
  readonly form: GraphForm
  /** largest absolute difference from the trainer over the golden steps */
  readonly parity: number
  /** rows a second of each form, by "FORM@BATCH" */
  readonly stepsPerSecond: Readonly<Record<string, number>>
}

const FORMS: readonly GraphForm[] = ['lstm-operator', 'plain-products']
/** plain products must be this much faster to be taken: below it a stopwatch would choose by chance */
const MARGIN = 0.15
/** a small ward and a large hospital */
const BATCHES = [64, 1024]

/**
 * Write the network as ONNX in both forms, keep ONNX's operator unless plain products step clearly faster here, and hold it against the trainer.
 * @param x [N, F] the frames of the golden steps
 * @throws VigilError training-failed when onnxruntime computes something else than the trainer
 */
export async function exportGraph(
  shape: NetworkShape,
  weights: Weights,
  scaleFloor: Float32Array,
  x: Float32Array,
  golden: GoldenSteps,
  metadata: Readonly<Record<string, string>>,
): Promise<Exported> {
  const outputs = shape.horizons * 2 * shape.channels
  const graph = { features: shape.features, hidden: shape.hidden, layers: shape.layers, outputs }
  const speeds: Record<string, number> = {}
  let best: { form: GraphForm; onnx: Uint8Array; seconds: number } | undefined
  for (const form of FORMS) {
    const about = { name: metadata['name'] ?? 'model', producer: 'vigil', metadata: { ...metadata, form } }
    const onnx = encodeModel(stepGraph(shape, weights, scaleFloor, form, about))
    let seconds = 0
    for (const batch of BATCHES) {
      const speed = await stepsPerSecond(onnx, graph, batch)
      speeds[`${form}@${batch}`] = Math.round(speed)
      seconds += 1 / speed
    }
    if (best === undefined || seconds < best.seconds * (1 - MARGIN)) best = { form, onnx, seconds }
  }
  const { form, onnx } = best!
  const difference = await parity(onnx, graph, x, golden)
  if (!(difference <= golden.tolerance)) {
    throw new VigilError('training-failed', `the exported graph differs from the trainer by ${difference}`)
  }
  return { onnx, form, parity: difference, stepsPerSecond: speeds }
}
