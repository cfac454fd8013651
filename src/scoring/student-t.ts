// Student's t from first principles: slow and accurate. Tables for scoring are built from it and tested against it.

// Lanczos, g = 7, n = 9 (Godfrey): relative error about 1e-15.
// biome-ignore format: a table
const LANCZOS = [
  0.9999999999998099, 676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406,
  12.507343278686905, -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
]
const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI)

/** ln of the gamma function, x > 0 */
export function logGamma(x: number): number {
  const z = x - 1
  let sum = LANCZOS[0]!
  for (let i = 1; i < 9; i++) sum += LANCZOS[i]! / (z + i)
  const t = z + 7.5
  return HALF_LOG_TWO_PI + (z + 0.5) * Math.log(t) - t + Math.log(sum)
}

/** Continued fraction of the incomplete beta function (Lentz); converges fast for x < (a + 1) / (a + b + 2). */
function betaFraction(x: number, a: number, b: number): number {
  const TINY = 1e-300
  let c = 1
  let d = 1 - ((a + b) * x) / (a + 1)
  d = 1 / (Math.abs(d) < TINY ? TINY : d)
  let value = d
  for (let m = 1; m <= 500; m++) {
    for (let odd = 0; odd < 2; odd++) {
      const step =
        odd === 0
          ? (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
          : (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
      d = 1 + step * d
      d = 1 / (Math.abs(d) < TINY ? TINY : d)
      c = 1 + step / c
      c = Math.abs(c) < TINY ? TINY : c
      value *= d * c
    }
    if (Math.abs(d * c - 1) < 1e-16) break
  }
  return value
}

/** ln of the regularised incomplete beta function I_x(a, b); x and 1 - x are both given, so that neither cancels */
function logBeta(x: number, y: number, a: number, b: number): number {
  const front = a * Math.log(x) + b * Math.log(y) - Math.log(a) - (logGamma(a) + logGamma(b) - logGamma(a + b))
  return front + Math.log(betaFraction(x, a, b))
}

/**
 * ln P(T > t) for t >= 0: the upper tail, to a relative error of about 1e-12 wherever a double reaches.
 * @param nu degrees of freedom, > 0
 */
export function logTail(t: number, nu: number): number {
  const square = t * t
  const x = nu / (nu + square)
  const y = square / (nu + square)
  if (t === 0) return -Math.LN2
  if (x < (nu / 2 + 1) / (nu / 2 + 2.5)) return logBeta(x, y, nu / 2, 0.5) - Math.LN2
  return Math.log(0.5 - 0.5 * Math.exp(logBeta(y, x, 0.5, nu / 2)))
}

/** ln of the density at 0: the density at t is exp(this) * (1 + t^2 / nu)^(-(nu + 1) / 2) */
export function logDensityAtZero(nu: number): number {
  return logGamma((nu + 1) / 2) - logGamma(nu / 2) - 0.5 * Math.log(nu * Math.PI)
}

/**
 * Quantile of Student's t: the t with P(T <= t) = p, to a relative error of about 1e-12.
 * @param p probability in (0, 1)
 */
export function studentQuantile(p: number, nu: number): number {
  if (p === 0.5) return 0
  const target = Math.log(p < 0.5 ? p : 1 - p)
  // The tail falls with t: bracket it on asinh(t), where it is nearly straight, then halve.
  let low = 0
  let high = 1
  while (logTail(Math.sinh(high), nu) > target && high < 700) high *= 2
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (logTail(Math.sinh(middle), nu) > target) low = middle
    else high = middle
  }
  const t = Math.sinh((low + high) / 2)
  return p < 0.5 ? -t : t
}
