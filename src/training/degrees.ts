import { cell, tailCurve } from '../scoring/tail-curve.ts'

/** Forecast errors of one horizon and channel: z = (y - mu) / sigma and half the cell, both in scales. */
export interface Residuals {
  readonly z: ArrayLike<number>
  readonly half: ArrayLike<number>
}

/** Bounds: above 2 the variance is finite; beyond 30 no few hours of data can tell t from a normal, whose tails forgive nothing. */
const LOWEST = 2.05
const HIGHEST = 30

/** Mean surprise of the residuals' cells under Student's t, nats. */
export function meanSurprise({ z, half }: Residuals, nu: number): number {
  const curve = tailCurve(nu)
  const out = new Float64Array(2)
  let sum = 0
  for (let i = 0; i < z.length; i++) {
    cell(curve, z[i]!, half[i]!, out)
    sum -= out[0]!
  }
  return sum / z.length
}

/**
 * The degrees of freedom that make the residuals likeliest, by golden-section search on ln nu: one number per horizon
 * and channel needs no gradient.
 */
export function fitDegrees(residuals: Residuals): number {
  return Math.exp(
    goldenSection((logNu) => meanSurprise(residuals, Math.exp(logNu)), Math.log(LOWEST), Math.log(HIGHEST), 0.05),
  )
}

/** Where a function of one variable with a single valley in [low, high] is lowest, to within `width`. */
export function goldenSection(of: (at: number) => number, low: number, high: number, width: number): number {
  const share = (Math.sqrt(5) - 1) / 2
  let [a, b] = [low, high]
  let [left, right] = [b - share * (b - a), a + share * (b - a)]
  let [ofLeft, ofRight] = [of(left), of(right)]
  while (b - a > width) {
    if (ofLeft <= ofRight) {
      ;[b, right, ofRight] = [right, left, ofLeft]
      left = b - share * (b - a)
      ofLeft = of(left)
    } else {
      ;[a, left, ofLeft] = [left, right, ofRight]
      right = a + share * (b - a)
      ofRight = of(right)
    }
  }
  return (a + b) / 2
}
