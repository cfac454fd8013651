import type * as tf from '@tensorflow/tfjs-core'
import type { LayerWeights, NetworkShape } from './network.ts'

/** What goes into the stacked layers for one chunk of T steps of B lanes. */
export interface LayersInput {
  readonly shape: NetworkShape
  readonly layers: readonly LayerWeights[]
  /** [T, B, F] */
  readonly x: Float32Array
  readonly lanes: number
  /** [L] of [B, H] */
  readonly h: readonly tf.Tensor2D[]
  readonly c: readonly tf.Tensor2D[]
  /** [L] of [B, H]: multipliers of what layer l hands up, the same at every step */
  readonly dropout: readonly tf.Tensor2D[] | undefined
  /** adds this / 2 * c^2 of every cell and step to the loss */
  readonly penalty: number | undefined
}

/** The layers after their way forward; every tensor belongs to the scope of the chunk. */
export interface LayersPass {
  /** [T B, H]: what the head sees */
  readonly tops: tf.Tensor2D
  /** [L] of [B, H], after the last step */
  readonly h: readonly tf.Tensor2D[]
  readonly c: readonly tf.Tensor2D[]
  /** Gradient of the loss by `tops` -> by the kernel and bias of each layer: [2 L]. Called once, or never. */
  back(dTops: tf.Tensor2D): tf.Tensor[]
}
