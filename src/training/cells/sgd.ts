/** Stochastic gradient descent with momentum (Polyak 1964): the step remembers its way. */
export interface Sgd {
  /** changed in place */
  readonly parameters: readonly Float64Array[]
  /** beside `parameters`: the running step */
  readonly velocity: readonly Float64Array[]
  readonly rate: number
  /** share of the last step kept, 0 = plain descent */
  readonly momentum: number
}

export function sgd(parameters: readonly Float64Array[], rate: number, momentum: number): Sgd {
  return { parameters, velocity: parameters.map((array) => new Float64Array(array.length)), rate, momentum }
}

/** v <- momentum v - rate g; w <- w + v. The gradients are zeroed for the next batch. */
export function descend({ parameters, velocity, rate, momentum }: Sgd, gradients: readonly Float64Array[]): void {
  parameters.forEach((array, p) => {
    const [v, g] = [velocity[p]!, gradients[p]!]
    for (let i = 0; i < array.length; i++) {
      v[i] = momentum * v[i]! - rate * g[i]!
      array[i]! += v[i]!
    }
    g.fill(0)
  })
}
