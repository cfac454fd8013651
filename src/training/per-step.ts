import * as tf from '@tensorflow/tfjs-core'
import type { LayersInput, LayersPass } from './layers-pass.ts'
import { type LayerTensors, layerTensors, type StepTrace, scalars, stepBackward, stepForward } from './lstm.ts'
import { inputSize } from './network.ts'

/**
 * A chunk step by step: lists of single steps, no tape, no stacking of time (why: docs/training.md). Runs on every engine,
 * and is the fastest way on wasm.
 */
export function throughSteps({ shape, layers, x, lanes, h, c, dropout, penalty }: LayersInput): LayersPass {
  const stride = lanes * shape.features
  const steps = x.length / stride
  const numbers = scalars()
  const network = layers.map((layer, l) => layerTensors(layer, inputSize(shape, l), shape.hidden))
  let [hs, cs] = [h, c]
  const traces: StepTrace[][] = [] // [T][L]
  const tops: tf.Tensor2D[] = []
  for (let t = 0; t < steps; t++) {
    const step = tidy(() => {
      let below = tf.tensor2d(x.subarray(t * stride, (t + 1) * stride), [lanes, shape.features])
      const stepped = network.map((layer, l) => {
        const result = stepForward(layer, numbers, below, hs[l]!, cs[l]!)
        below = dropout === undefined ? result.h : (tf.mul(result.h, dropout[l]!) as tf.Tensor2D)
        return result
      })
      return { stepped, top: below }
    })
    hs = step.stepped.map((layer) => layer.h)
    cs = step.stepped.map((layer) => layer.c)
    traces.push(step.stepped.map((layer) => layer.trace))
    tops.push(step.top)
  }

  function back(dTops: tf.Tensor2D): tf.Tensor[] {
    const weight = penalty === undefined ? undefined : tf.scalar(penalty)
    let dh: (tf.Tensor2D | undefined)[] = network.map(() => undefined)
    let dc: (tf.Tensor2D | undefined)[] = network.map(() => undefined)
    const dz: tf.Tensor2D[][] = network.map(() => []) // [L][T], last step first
    for (let t = steps - 1; t >= 0; t--) {
      const stepped = tidy(() => {
        let fromAbove = tf.slice(dTops, [t * lanes, 0], [lanes, shape.hidden]) as tf.Tensor2D
        const each: ReturnType<typeof stepBackward>[] = new Array(network.length)
        for (let l = network.length - 1; l >= 0; l--) {
          if (dropout !== undefined) fromAbove = tf.mul(fromAbove, dropout[l]!) as tf.Tensor2D
          const later = dh[l]
          const total = later === undefined ? fromAbove : (tf.add(fromAbove, later) as tf.Tensor2D)
          each[l] = stepBackward(network[l]!, numbers, traces[t]![l]!, total, dc[l], weight)
          fromAbove = each[l]!.dx
        }
        return each
      })
      tf.dispose([...dh, ...dc].filter((tensor) => tensor !== undefined))
      dh = stepped.map((layer) => layer.dh)
      dc = stepped.map((layer) => layer.dc)
      stepped.forEach((layer, l) => {
        dz[l]!.push(layer.dz)
        layer.dx.dispose()
      })
    }
    return network.flatMap((layer, l) =>
      layerGradients(
        layer,
        traces.map((step) => step[l]!.xh),
        dz[l]!.reverse(),
      ),
    )
  }
  return { tops: tf.concat(tops, 0), h: hs, c: cs, back }
}

/** Gradients of a layer's kernel and bias out of every step's input [B, I + H] and gate sums [B, 4H]. */
function layerGradients({ doubling }: LayerTensors, inputs: tf.Tensor2D[], dz: tf.Tensor2D[]): tf.Tensor[] {
  const sums = tf.concat(dz, 0) // [T B, 4H]
  const kernel = tf.matMul(tf.transpose(tf.concat(inputs, 0)), sums)
  return [tf.mul(kernel, doubling), tf.mul(tf.sum(sums, 0), doubling)]
}

/** tf.tidy for results that are interfaces: frees what the work made and does not return. */
function tidy<T>(work: () => T): T {
  return tf.tidy(work as () => tf.TensorContainer) as T
}
