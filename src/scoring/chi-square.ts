// exp(x^2) erfc(x) for x >= 0 by a Chebyshev fit (Numerical Recipes 6.2.2): relative error below 1.2e-7.
// biome-ignore format: a table
const FIT = [-1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277]

function scaledErfc(x: number): number {
  const t = 2 / (2 + x)
  let sum = 0
  for (let i = FIT.length - 1; i >= 0; i--) sum = sum * t + FIT[i]!
  return t * Math.exp(sum)
}

/**
 * -ln P(chi square of `degrees` > square): finite for every finite square, relative error of the probability 1.2e-7.
 * @param degrees of freedom, a whole number > 0
 */
export function minusLogChiSquareTail(square: number, degrees: number): number {
  const x = square / 2
  // Q(a, x) = e^-x times the terms below, from Q(1, x) = e^-x or Q(1/2, x) = erfc(sqrt x) upwards
  let scaled: number
  let term: number
  let a: number
  if (degrees % 2 === 0) {
    scaled = 1
    term = 1
    a = 1
  } else {
    scaled = scaledErfc(Math.sqrt(x))
    term = 0
    a = 0.5
  }
  for (; a < degrees / 2; a++) {
    term = a === 0.5 ? 2 * Math.sqrt(x / Math.PI) : (term * x) / a
    scaled += term
  }
  return Math.max(0, x - Math.log(scaled))
}
