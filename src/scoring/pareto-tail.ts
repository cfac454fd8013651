/** A generalised Pareto tail: P(X > t + y | X > t) = (1 + shape y / scale)^(-1 / shape), exp(-y / scale) for shape 0. */
export interface ParetoTail {
  readonly shape: number
  readonly scale: number
}

/** a root of w is looked for in this many cells of each interval, then halved */
const CELLS = 64
const HALVINGS = 60
/** below this the shape is 0 for every purpose */
const STRAIGHT = 1e-9

/** ln P(X > t + y | X > t), y >= 0; -Infinity beyond the end of a tail of negative shape */
export function logExceedance({ shape, scale }: ParetoTail, y: number): number {
  if (Math.abs(shape) < STRAIGHT) return -y / scale
  const inside = 1 + (shape * y) / scale
  return inside <= 0 ? Number.NEGATIVE_INFINITY : -Math.log(inside) / shape
}

/**
 * Largest-likelihood tail of peaks over a threshold, by Grimshaw's reduction to one variable (Technometrics 35, 1993;
 * as used in SPOT, Siffer et al. 2017): roots x of u(x) v(x) = 1 with u = mean 1 / (1 + x y), v = 1 + mean ln(1 + x y);
 * shape = v - 1, scale = shape / x; beside them shape 0.
 * @param peaks excesses over the threshold, >= 0, at least one of them > 0
 */
export function fitParetoTail(peaks: ArrayLike<number>): ParetoTail {
  const y = Float64Array.from(peaks)
  const mean = y.reduce((sum, it) => sum + it, 0) / y.length
  let [least, most] = [Number.POSITIVE_INFINITY, 0]
  for (const it of y) {
    least = Math.min(least, it)
    most = Math.max(most, it)
  }
  let best: ParetoTail = { shape: 0, scale: mean }
  let likelihood = logLikelihood(best, y)
  const margin = 1e-8 / mean
  const low = Math.max(least, 1e-9 * mean)
  const intervals = [
    [-1 / most + margin, -margin],
    [(2 * (mean - least)) / (mean * low), (2 * (mean - least)) / (low * low)],
    // between them the likelihood has its root when the tail is nearly exponential
    [margin, Math.max(margin, (2 * (mean - least)) / (mean * low))],
  ] as const
  for (const [from, to] of intervals) {
    for (const x of roots(y, from, to)) {
      const shape = meanOf(y, (it) => Math.log1p(x * it))
      const tail = { shape, scale: shape / x }
      const found = logLikelihood(tail, y)
      if (!(found > likelihood)) continue
      best = tail
      likelihood = found
    }
  }
  return best
}

function meanOf(y: Float64Array, of: (it: number) => number): number {
  let sum = 0
  for (const it of y) sum += of(it)
  return sum / y.length
}

function logLikelihood(tail: ParetoTail, y: Float64Array): number {
  const { shape, scale } = tail
  if (!(scale > 0)) return Number.NEGATIVE_INFINITY
  let sum = -y.length * Math.log(scale)
  for (const it of y) sum += (1 + shape) * logExceedance(tail, it)
  return sum
}

/** Roots of u(x) v(x) - 1 in [from, to], one a cell at most; cells are even in ln x where both ends are positive. */
function roots(y: Float64Array, from: number, to: number): number[] {
  if (!(to > from)) return []
  const w = (x: number) => meanOf(y, (it) => 1 / (1 + x * it)) * (1 + meanOf(y, (it) => Math.log1p(x * it))) - 1
  const at = (i: number) => (from > 0 ? from * (to / from) ** (i / CELLS) : from + ((to - from) * i) / CELLS)
  const found: number[] = []
  let left = w(from)
  for (let i = 1; i <= CELLS; i++) {
    let [a, b] = [at(i - 1), at(i)]
    const right = w(b)
    if (left * right <= 0) {
      const sign = Math.sign(left)
      for (let step = 0; step < HALVINGS; step++) {
        const middle = (a + b) / 2
        if (Math.sign(w(middle)) === sign) a = middle
        else b = middle
      }
      found.push((a + b) / 2)
    }
    left = right
  }
  return found
}
