import { type GraphShape, graphShape } from '../inference/graph-shape.ts'
import { openModel } from '../inference/model-store.ts'
import { encodeModel } from '../onnx/proto.ts'
import { random } from '../random.ts'
import { firstWeights } from '../training/network.ts'
import { type GraphForm, stepGraph } from '../training/onnx/graph.ts'

export interface StepModel {
  readonly onnx: Uint8Array
  readonly shape: GraphShape
  readonly model: string
}

/** The shipped bedside graph, or one of a wanted shape with fresh weights: speed does not depend on them. */
export async function stepModel(
  dir: string,
  wanted: {
    features?: number | undefined
    hidden?: number | undefined
    layers?: number | undefined
    form?: GraphForm | undefined
  },
): Promise<StepModel> {
  const shipped = await openModel(dir, 'bedside')
  if (Object.values(wanted).every((it) => it === undefined)) {
    const { name, version } = shipped.manifest
    return { onnx: shipped.onnx, shape: graphShape(shipped.manifest), model: `${name}@${version}` }
  }
  const { graph, channels, horizons } = shipped.manifest
  const form = wanted.form ?? graph.form
  // the head keeps the shipped channels and horizons
  const shape = {
    features: wanted.features ?? graph.features,
    hidden: wanted.hidden ?? graph.hidden,
    layers: wanted.layers ?? graph.layers,
    channels: channels.length,
    horizons: horizons.length,
  }
  const about = { name: 'bench', producer: 'vigil bench', metadata: {} }
  const floor = new Float32Array(channels.length).fill(0.03)
  const weights = firstWeights(shape, random(1), 0)
  const onnx = encodeModel(stepGraph(shape, weights, floor, form, about))
  return {
    onnx,
    shape: graphShape({ graph: { ...graph, ...shape }, channels, horizons }),
    model: `fresh weights, ${form}`,
  }
}
