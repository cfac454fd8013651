/** How a readout learns while it serves. */
export interface ReadoutOptions {
  /** share of what it knows that is kept each time it learns: 1 / (1 - forgetting) observations are remembered */
  readonly forgetting: number
  /** first uncertainty of every weight, the diagonal of P */
  readonly uncertainty: number
}

/** Beyond this mean uncertainty P is made anew: forgetting without news lets it grow without bound. */
const LARGEST_UNCERTAINTY = 1e7

/**
 * A linear readout that learns by recursive least squares with exponential forgetting (Haykin, Adaptive Filter Theory,
 * chapter 10): at every observation the weights are those that fit all earlier ones best, the newest counting most.
 */
export class Readout {
  /** [N] */
  readonly weights: Float64Array
  readonly #options: ReadoutOptions
  /** [N, N], symmetric: inverse of the weighted sum of x x^T */
  readonly #p: Float64Array
  readonly #px: Float64Array

  constructor(inputs: number, options: ReadoutOptions) {
    this.#options = options
    this.weights = new Float64Array(inputs)
    this.#p = new Float64Array(inputs * inputs)
    this.#px = new Float64Array(inputs)
    this.#restart(options.uncertainty)
  }

  /** x [N] -> what to expect */
  predict(x: Float64Array): number {
    let sum = 0
    for (let i = 0; i < x.length; i++) sum += this.weights[i]! * x[i]!
    return sum
  }

  /** @param error what came minus `predict(x)`, clipped or not */
  learn(x: Float64Array, error: number): void {
    const { weights } = this
    const [p, px] = [this.#p, this.#px]
    const { forgetting } = this.#options
    const count = x.length
    let scale = forgetting
    for (let i = 0, at = 0; i < count; i++) {
      let sum = 0
      for (let j = 0; j < count; j++, at++) sum += p[at]! * x[j]!
      px[i] = sum
      scale += sum * x[i]!
    }
    let trace = 0
    for (let i = 0; i < count; i++) {
      const gain = px[i]! / scale
      weights[i]! += gain * error
      for (let j = 0; j <= i; j++) {
        const value = (p[i * count + j]! - gain * px[j]!) / forgetting
        p[i * count + j] = value
        p[j * count + i] = value
      }
      trace += p[i * count + i]!
    }
    if (!(trace > 0 && trace < LARGEST_UNCERTAINTY * count)) this.#restart(1)
  }

  #restart(uncertainty: number): void {
    this.#p.fill(0)
    for (let i = 0; i < this.#px.length; i++) this.#p[i * this.#px.length + i] = uncertainty
  }
}
