import { logDensityAtZero, logTail } from './student-t.ts'

/** spacing of the nodes in u = asinh(t), and their number: t up to sinh(16) = 4.4e6, then straight */
const STEP = 1 / 32
const NODES = 513
const INVERSE = 1 / STEP
/** the square of it is still a double */
const FURTHEST = 1e150
/** a cell narrower than this many scales is integrated by its density instead of a difference of tails */
const NARROW = 0.02

/**
 * The upper tail of Student's t for one nu, tabulated: ln P(T > t) over u = asinh(t), where a power law is a straight
 * line, with cubic Hermite pieces whose slopes are exact. Largest error of a tail, tested: 5e-9 absolute; relative 1.1e-8 for
 * nu <= 5, 3e-8 for nu <= 12, 3e-7 for nu <= 100, however far out.
 */
export interface TailCurve {
  readonly nu: number
  /** [2 * NODES]: value and slope (times STEP) of each node */
  readonly nodes: Float64Array
  /** ln of the density at 0 */
  readonly peak: number
}

/** @param nu degrees of freedom, > 0 */
export function tailCurve(nu: number): TailCurve {
  const nodes = new Float64Array(2 * NODES)
  const peak = logDensityAtZero(nu)
  for (let i = 0; i < NODES; i++) {
    const t = Math.sinh(i * STEP)
    const value = logTail(t, nu)
    nodes[2 * i] = value
    const logDensity = peak - ((nu + 1) / 2) * Math.log1p((t * t) / nu)
    nodes[2 * i + 1] = -Math.exp(logDensity - value) * Math.sqrt(1 + t * t) * STEP
  }
  return { nu, nodes, peak }
}

/** ln P(T > t) beyond the last node, where it is straight. @param u in nodes */
function beyond(nodes: Float64Array, u: number): number {
  const last = 2 * (NODES - 1)
  return nodes[last]! + nodes[last + 1]! * (u - (NODES - 1))
}

/** P(T > t), t >= 0; beyond FURTHEST it stays what it is there */
export function tail(curve: TailCurve, at: number): number {
  const t = Math.min(at, FURTHEST)
  const u = Math.log(t + Math.sqrt(t * t + 1)) * INVERSE
  const i = u | 0
  const { nodes } = curve
  if (i >= NODES - 1) return Math.exp(beyond(nodes, u))
  const x = u - i
  const j = 2 * i
  const a = nodes[j]!
  const b = nodes[j + 2]!
  const da = nodes[j + 1]!
  const db = nodes[j + 3]!
  const d = b - a
  return Math.exp(a + x * (da + x * (3 * d - 2 * da - db + x * (da + db - 2 * d))))
}

/**
 * Probability of the cell [z - half, z + half], and of what lies beyond it.
 * By symmetry the cell is read at |z|. Writes into `out`: [0] ln of the cell's mass; [1] the tail beyond the middle of
 * the cell's mass, (S(|z| - half) + S(|z| + half)) / 2, in (0, 1/2]: 1 - mid-PIT of |z|.
 * @param half half the cell's width, in scales, > 0
 */
export function cell(curve: TailCurve, z: number, half: number, out: Float64Array): void {
  out[0] = z
  out[1] = half
  fillCell(curve, out)
}

/** `cell` with z and half in `out`: doubles that are handed from function to function are put on the heap, one by one. */
function fillCell(curve: TailCurve, out: Float64Array): void {
  const middle = Math.abs(out[0]!)
  const half = out[1]!
  const from = middle - half
  const upper = tail(curve, middle + half)
  // asked at one place, so that its answer stays in a register
  const near = tail(curve, Math.abs(from))
  const lower = from >= 0 ? near : 1 - near
  out[1] = (lower + upper) / 2
  if (half < NARROW / 2) {
    // Simpson's rule: no cancellation, and at this width a relative error below 1e-9
    const power = -(curve.nu + 1) / 2
    const t1 = middle + half
    const sides = (1 + (from * from) / curve.nu) ** power + (1 + (t1 * t1) / curve.nu) ** power
    const mass = (sides + 4 * (1 + (middle * middle) / curve.nu) ** power) / 6
    out[0] = curve.peak + Math.log(mass * 2 * half)
  } else out[0] = Math.log(lower - upper)
}
