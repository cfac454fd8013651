import * as tf from '@tensorflow/tfjs-core'
import { VigilError } from '../errors.ts'
import type { LayersInput, LayersPass } from './layers-pass.ts'

/** The part of TensorFlow.js' native backend that carries out any operator of the library under it. */
interface NativeBackend {
  readonly binding: Readonly<Record<string, number>>
  executeSingleOutput(name: string, attributes: readonly Attribute[], inputs: readonly tf.Tensor[]): tf.Tensor
  executeMultipleOutputs(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly tf.Tensor[],
    outputs: number,
  ): tf.Tensor[]
}

interface Attribute {
  readonly name: string
  readonly type: number
  readonly value: number | boolean
}

/**
 * A chunk through TensorFlow's `BlockLSTMV2` and `BlockLSTMGradV2`: a layer's whole sequence is one operator forward and one
 * back. Their gates stand in the order of GATES, their kernels are ours: [I + H, 4H].
 */
export function throughBlocks({ shape, layers, x, lanes, h, c, dropout, penalty }: LayersInput): LayersPass {
  const { features, hidden } = shape
  const steps = x.length / (lanes * features)
  const native = nativeBackend()
  const { TF_ATTR_TYPE, TF_ATTR_BOOL, TF_ATTR_FLOAT, TF_FLOAT } = native.binding as Record<string, number>
  const type: Attribute = { name: 'T', type: TF_ATTR_TYPE!, value: TF_FLOAT! }
  const noPeephole: Attribute = { name: 'use_peephole', type: TF_ATTR_BOOL!, value: false }
  const noClip: Attribute = { name: 'cell_clip', type: TF_ATTR_FLOAT!, value: 0 }
  const length = longLength(native, steps)
  const peephole = tf.zeros([hidden]) // the operators want three, used or not
  let below: tf.Tensor = tf.tensor3d(x, [steps, lanes, features])
  const passed = layers.map(({ kernel, bias }, l) => {
    const w = tf.tensor2d(kernel, [kernel.length / bias.length, bias.length])
    const fixed = [length, below, c[l]!, h[l]!, w, peephole, peephole, peephole, tf.tensor1d(bias)]
    // input gate, cell, forget gate, output gate, candidate, tanh of the cell, h: [T, B, H] each
    const traces = native.executeMultipleOutputs('BlockLSTMV2', [type, noClip, noPeephole], fixed, 7)
    const [cells, tops] = [traces[1]!, traces[6]!]
    below = dropout === undefined ? tops : tf.mul(tops, dropout[l]!)
    return { fixed, traces, cells, tops }
  })
  const last = (of: tf.Tensor) => tf.reshape(tf.slice(of, [steps - 1, 0, 0], [1, lanes, hidden]), [lanes, hidden])
  return {
    tops: tf.reshape(below, [steps * lanes, hidden]),
    h: passed.map(({ tops }) => last(tops) as tf.Tensor2D),
    c: passed.map(({ cells }) => last(cells) as tf.Tensor2D),
    back(dTops) {
      let above: tf.Tensor = tf.reshape(dTops, [steps, lanes, hidden])
      const gradients: tf.Tensor[][] = new Array(layers.length)
      for (let l = layers.length - 1; l >= 0; l--) {
        if (dropout !== undefined) above = tf.mul(above, dropout[l]!)
        const { fixed, traces, cells } = passed[l]!
        const dCells = penalty === undefined ? tf.zerosLike(cells) : tf.mul(cells, penalty)
        // by x, c and h before the first step, kernel, three peepholes, bias
        const by = native.executeMultipleOutputs(
          'BlockLSTMGradV2',
          [type, noPeephole],
          [...fixed, ...traces, dCells, above],
          8,
        )
        above = by[0]!
        gradients[l] = [by[3]!, by[7]!]
      }
      return gradients.flat()
    },
  }
}

function nativeBackend(): NativeBackend {
  const backend = tf.backend() as unknown as Partial<NativeBackend>
  if (backend.executeMultipleOutputs === undefined) {
    throw new VigilError('engine-failed', 'the tensorflow backend does not offer its operators by name')
  }
  return backend as NativeBackend
}

/** A chunk's length as the int64 the operators take. TensorFlow.js warns of every int64 it keeps as a BigInt: not here. */
function longLength(native: NativeBackend, steps: number): tf.Tensor {
  const { TF_ATTR_TYPE, TF_ATTR_BOOL, TF_INT32, TF_INT64 } = native.binding as Record<string, number>
  const { warn } = console
  console.warn = () => {}
  try {
    return native.executeSingleOutput(
      'Cast',
      [
        { name: 'SrcT', type: TF_ATTR_TYPE!, value: TF_INT32! },
        { name: 'DstT', type: TF_ATTR_TYPE!, value: TF_INT64! },
        { name: 'Truncate', type: TF_ATTR_BOOL!, value: false },
      ],
      [tf.scalar(steps, 'int32')],
    )
  } finally {
    console.warn = warn
  }
}
