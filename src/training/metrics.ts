import type { Conduct } from './calibrate.ts'
import type { LearningPoint } from './learning-curve.ts'

/** metrics.json: what was measured while a model was made. Likelihoods in nats per value, [K][C]; lower is better. */
export interface TrainingMetrics {
  /** test stays, after warm-up, mean surprise of the resolution cell */
  readonly heldOut: {
    readonly model: readonly (readonly number[])[]
    readonly lastValue: readonly (readonly number[])[]
    readonly autoregression: readonly (readonly number[])[]
    /** order of each autoregression */
    readonly orders: readonly (readonly number[])[]
  }
  readonly conduct: {
    readonly train: Conduct
    readonly calibration: Conduct
    readonly validation: Conduct
    readonly test: Conduct
  }
  /** validation stays with a change put into them, and in how many of them an advisory was raised that was not there before */
  readonly ramps: readonly { readonly label: string; readonly stays: number; readonly noticed: number }[]
  /** largest absolute difference between trainer and onnxruntime over the golden steps */
  readonly parity: number
  /** of both graph forms on one thread, rows a second, when the form was chosen */
  readonly stepsPerSecond: Readonly<Record<string, number>>
  /** [L][H] memory half-lives of the units, ticks */
  readonly halfLives: readonly (readonly number[])[]
  readonly learning: readonly LearningPoint[]
  /** updates left out because loss or gradient was not finite; absent when there was none */
  readonly skippedUpdates?: number
}
