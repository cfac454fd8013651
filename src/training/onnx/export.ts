import { VigilError } from '../../errors.ts'
import { encodeModel } from '../../onnx/proto.ts'
import type { GoldenSteps } from '../../vitals/manifest.ts'
import type { NetworkShape, Weights } from '../network.ts'
import { parity, stepsPerSecond } from '../serve-stays.ts'
import { GRAPH_FORMS, type GraphForm, stepGraph } from './graph.ts'
import { unlikeAlone } from './rows-alone.ts'

export interface Exported {
  /** bytes of model.onnx */
  readonly onnx: Uint8Array
  readonly form: GraphForm
  /** largest absolute difference from the trainer over the golden steps */
  readonly parity: number
  /** rows a second of each form, by "FORM@BATCH" */
  readonly stepsPerSecond: Readonly<Record<string, number>>
}

/** plain products must be this much faster to be taken: below it a stopwatch would choose by chance */
const MARGIN = 0.15
/** a small ward and a large hospital */
const BATCHES = [64, 1024]

/**
 * Write the network as ONNX in both forms, keep ONNX's operator unless plain products step clearly faster here, and hold
 * it against the trainer. A form whose rows are not bit for bit the same alone and in a batch is not taken.
 * @param x [N, F] the frames of the golden steps
 * @param form the one to take, whatever this processor makes of it: on a GPU plain products are the faster
 * @throws VigilError training-failed when onnxruntime computes something else than the trainer, or no form keeps a row's
 *   bits whatever its company
 */
export async function exportGraph(
  shape: NetworkShape,
  weights: Weights,
  scaleFloor: Float32Array,
  x: Float32Array,
  golden: GoldenSteps,
  metadata: Readonly<Record<string, string>>,
  form?: GraphForm,
): Promise<Exported> {
  const outputs = shape.horizons * 2 * shape.channels
  const graph = { features: shape.features, hidden: shape.hidden, layers: shape.layers, outputs }
  const refusals: string[] = []
  const drafts: { form: GraphForm; onnx: Uint8Array; seconds: number }[] = []
  for (const each of form === undefined ? GRAPH_FORMS : [form]) {
    const about = { name: metadata['name'] ?? 'model', producer: 'vigil', metadata: { ...metadata, form: each } }
    const onnx = encodeModel(stepGraph(shape, weights, scaleFloor, each, about))
    const unlike = await unlikeAlone(onnx, graph)
    if (unlike === undefined) drafts.push({ form: each, onnx, seconds: 0 })
    else refusals.push(`${each} rounds ${unlike} differently from the row alone`)
  }
  const speeds: Record<string, number> = {}
  const bytes = drafts.map(({ onnx }) => onnx)
  for (const batch of BATCHES) {
    for (const [i, speed] of (await stepsPerSecond(bytes, graph, batch)).entries()) {
      speeds[`${drafts[i]!.form}@${batch}`] = Math.round(speed)
      drafts[i]!.seconds += 1 / speed
    }
  }
  const [first, second] = drafts
  if (first === undefined) throw new VigilError('training-failed', refusals.join('; '))
  const taken = second !== undefined && second.seconds < first.seconds * (1 - MARGIN) ? second : first
  const { onnx } = taken
  const difference = await parity(onnx, graph, x, golden)
  if (!(difference <= golden.tolerance)) {
    throw new VigilError('training-failed', `the exported graph differs from the trainer by ${difference}`)
  }
  return { onnx, form: taken.form, parity: difference, stepsPerSecond: speeds }
}
