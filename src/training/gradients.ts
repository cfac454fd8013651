import { random } from '../random.ts'
import type { Cell, Step } from './cells/cell.ts'
import { type CellName, namedCell } from './cells/named-cells.ts'
import { spectralNorm } from './spectral-norm.ts'

/** H hidden units and I inputs of the networks looked at, and the step k from whose state gradients are followed. */
const HIDDEN = 32
const INPUTS = 8
const FROM_STEP = 30

/**
 * How far a gradient reaches back in one new network: log10 of the spectral norm of
 * ds_n/ds_k = J_n ... J_{k+1}, J_t = ds_t/ds_{t-1}, s the state (h, or [c; h]), after 30 steps of N(0, 1) inputs.
 * 0: as strong as it set out; -7: lost in float32 beside a gradient of 1. (Bengio, Simard and Frasconi 1994; Pascanu,
 * Mikolov and Bengio, arXiv 1211.5063.)
 * @param gaps n - k, steps, rising, each at least 1
 * @returns beside `gaps`
 */
export function reachOfOne(name: CellName, gaps: readonly number[], seed: number): number[] {
  const source = random(seed)
  const cell = namedCell(name, INPUTS, HIDDEN, source)
  const size = cell.stateSize
  const step = (before: Float64Array) =>
    cell.step(
      Float64Array.from({ length: INPUTS }, () => source.normal()),
      before,
    )
  let state: Float64Array = new Float64Array(size)
  for (let t = 0; t < FROM_STEP; t++) state = step(state).state
  // The product so far with 1 as its largest number, and the logarithm of what was taken out: hundreds of steps of a
  // sigmoid network leave the doubles.
  let product: Float64Array = Float64Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0))
  let scale = 0
  const reach: number[] = []
  for (let gap = 1; gap <= (gaps.at(-1) ?? 0); gap++) {
    const next = step(state)
    product = times(jacobian(cell, next), product, size)
    const largest = product.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    if (largest > 0) {
      product = product.map((value) => value / largest)
      scale += Math.log10(largest)
    }
    if (gap === gaps[reach.length]) reach.push(scale + Math.log10(spectralNorm(product, size, random(gap))))
    state = next.state
  }
  return reach
}

/** The mean of `reachOfOne` over seeds 1 to `seeds`: gap -> log10 of the norm. */
export function gradientReach(name: CellName, gaps: readonly number[], seeds: number): Record<string, number> {
  const rising = [...new Set(gaps)].toSorted((a, b) => a - b)
  const runs = Array.from({ length: seeds }, (_, i) => reachOfOne(name, rising, i + 1))
  const mean = (g: number) => runs.reduce((sum, run) => sum + run[g]!, 0) / seeds
  return Object.fromEntries(rising.map((gap, g) => [gap, mean(g)]))
}

/** J [S, S] = ds_t/ds_{t-1} of one step, row n the gradient of the n-th number of the state. */
export function jacobian(cell: Cell, step: Step): Float64Array {
  const size = cell.stateSize
  const rows = new Float64Array(size * size)
  for (let n = 0; n < size; n++) {
    const one = new Float64Array(size)
    one[n] = 1
    rows.set(cell.back(step, one).dBefore, n * size)
  }
  return rows
}

/** A B, all [n, n] */
function times(a: Float64Array, b: Float64Array, n: number): Float64Array {
  const product = new Float64Array(n * n)
  for (let row = 0; row < n; row++) {
    for (let k = 0; k < n; k++) {
      const factor = a[row * n + k]!
      if (factor === 0) continue
      for (let column = 0; column < n; column++) product[row * n + column]! += factor * b[k * n + column]!
    }
  }
  return product
}
