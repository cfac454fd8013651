import { describe, expect, test } from 'vitest'
import { normalQuantile } from '../../src/scoring/normal.ts'
import { logGamma, logTail, studentQuantile } from '../../src/scoring/student-t.ts'
import { cell, tail, tailCurve } from '../../src/scoring/tail-curve.ts'
import { studentCdf } from './synthetic.ts'

// Reference values: SciPy 1.17.1, scipy.stats.t and scipy.stats.norm.
// biome-ignore format: a table
const TAILS: [nu: number, t: number, tail: number][] = [
  [1.5, 0.1, 0.4660207267434814], [1.5, 1.2, 0.19298246305685807], [1.5, 6, 0.025101228388162394], [1.5, 400, 4.713541867137976e-5],
  [2.3, 0.7, 0.2740036105323291], [2.3, 2.5, 0.05666644468959923], [2.3, 25, 0.0003744659114311279], [2.3, 400, 6.387617891377405e-7],
  [5, 0.1, 0.4621150705773302], [5, 1.2, 0.14194552835305124], [5, 6, 0.0009230691447970072], [5, 400, 9.2671208732252e-13],
  [12, 0.7, 0.24863707689535378], [12, 2.5, 0.01395769978566262], [12, 25, 5.082398807733154e-12], [12, 400, 2.0066338847701638e-26],
  [100, 0.1, 0.4602722655479256], [100, 2.5, 0.007022894562038586], [100, 6, 1.586245751401426e-8], [100, 25, 4.115990448503e-45],
]
// biome-ignore format: a table
const QUANTILES: [nu: number, p: number, t: number][] = [
  [2.3, 1e-6, -329.17254188596496], [2.3, 0.005, -8.003745266871093], [2.3, 0.3, -0.6041599102836646],
  [5, 1e-6, -24.771029720515948], [5, 0.995, 4.032142983555228], [30, 0.3, -0.5300190039065046], [30, 0.995, 2.7499956535672254],
]
// biome-ignore format: a table
const NORMAL: [p: number, z: number][] = [
  [1e-15, -7.941345326170998], [1e-6, -4.753424308822899], [0.02, -2.053748910631823], [0.3, -0.5244005127080409],
  [0.5, 0], [0.841344746068543, 1], [0.999, 3.090232306167813],
]
// nu, mean, scale, value, resolution -> surprise, residual
// biome-ignore format: a table
const CELLS: [number, number, number, number, number, number, number][] = [
  [5, 0.5, 1.3, 2.2, 1, 2.0917016394958, 1.0919676548143924], [5, 97, 0.8, 88, 1, 10.535726156263955, -3.8877878628550127],
  [12, 80, 4, 120, 1, 16.840647426795375, 5.0881104196858935], [4, 36.6, 0.05, 36.6, 0.1, 0.46824671959587644, 0],
]

/** relative difference */
const off = (value: number, reference: number) => Math.abs(value - reference) / Math.abs(reference)

describe('the reference', () => {
  test.each(TAILS)('tail of t, nu %d, t %d', (nu, t, reference) => {
    expect(off(Math.exp(logTail(t, nu)), reference)).toBeLessThan(1e-11)
    expect(studentCdf(-t, nu)).toBeCloseTo(reference, 12)
    expect(studentCdf(t, nu)).toBeCloseTo(1 - reference, 12)
  })
  test.each(QUANTILES)('quantile of t, nu %d, p %d', (nu, p, reference) => {
    expect(off(studentQuantile(p, nu), reference)).toBeLessThan(1e-11)
  })
  test.each(NORMAL)('quantile of the normal, p %d', (p, reference) => {
    expect(normalQuantile(p)).toBeCloseTo(reference, 12)
  })
  test('the normal quantile ends in infinities, not in NaN', () => {
    expect(normalQuantile(0)).toBe(-Infinity)
    expect(normalQuantile(1)).toBe(Infinity)
  })
  test('ln gamma of whole numbers is ln of a factorial', () => {
    let factorial = 1
    for (let n = 1; n < 20; n++) {
      expect(logGamma(n)).toBeCloseTo(Math.log(factorial), 11)
      factorial *= n
    }
  })
  test('one Student-t: its density integrates to its tail, and gives the CRPS of the methods note, 1.0640', () => {
    // mean .5, scale 1.3, nu 5, y 2.2; CRPS = integral of (F - 1{x >= y})^2
    const crps = (step: number) => {
      let sum = 0
      for (let x = -400; x < 400; x += step) {
        const middle = x + step / 2
        const F = studentCdf((middle - 0.5) / 1.3, 5)
        sum += (F - (middle >= 2.2 ? 1 : 0)) ** 2 * step
      }
      return sum
    }
    expect(crps(0.02)).toBeCloseTo(1.064, 3)
  })
})

describe('the tabulated tail', () => {
  test.each([
    [1.01, 1.1e-8],
    [2.3, 1.1e-8],
    [5, 1.1e-8],
    [12, 3e-8],
    [100, 3e-7],
  ])('nu %d: within 5e-9 absolute and %d relative of the reference, everywhere', (nu, relative) => {
    const curve = tailCurve(nu)
    for (let u = 0; u < 25; u += 0.0173) {
      const t = Math.sinh(u)
      const log = logTail(t, nu)
      if (log < -650) break
      const exact = Math.exp(log)
      expect(Math.abs(tail(curve, t) - exact)).toBeLessThan(5e-9)
      expect(off(tail(curve, t), exact)).toBeLessThan(relative)
    }
  })

  test.each(CELLS)(
    'cell: nu %d, mean %d, scale %d, value %d, resolution %d',
    (nu, mean, scale, y, q, surprise, residual) => {
      const out = new Float64Array(2)
      const z = (y - mean) / scale
      cell(tailCurve(nu), z, q / 2 / scale, out)
      expect(-out[0]!).toBeCloseTo(surprise, 6)
      expect(normalQuantile(out[1]!) * -Math.sign(z)).toBeCloseTo(residual, 6)
    },
  )

  test('the cells of a grid are a distribution: their masses sum to 1, narrow and wide', () => {
    const out = new Float64Array(2)
    const curve = tailCurve(5)
    for (const half of [0.004, 0.0099, 0.0101, 0.3, 2]) {
      let sum = 2 * tail(curve, 60)
      const cells = Math.round(60 / half)
      const width = 60 / cells
      for (let i = 0; i < cells; i++) {
        cell(curve, -60 + (2 * i + 1) * width, width, out)
        sum += Math.exp(out[0]!)
      }
      expect(sum).toBeCloseTo(1, 6)
    }
  })

  test('the two ways to a cell agree where they meet', () => {
    const [narrow, wide] = [new Float64Array(2), new Float64Array(2)]
    for (const nu of [1.5, 5, 40]) {
      const curve = tailCurve(nu)
      for (let z = 0; z < 30; z += 0.41) {
        cell(curve, z, 0.00999999, narrow)
        cell(curve, z, 0.01000001, wide)
        expect(Math.abs(narrow[0]! - wide[0]!)).toBeLessThan(2e-5)
      }
    }
  })

  test('no value, however absurd, gives a NaN', () => {
    const out = new Float64Array(2)
    for (const nu of [1.01, 5, 200]) {
      for (const z of [0, 1e-9, 8, 1e3, 1e9, 1e200]) {
        for (const half of [1e-9, 0.5, 1e6]) {
          cell(tailCurve(nu), -z, half, out)
          expect(out[0]!).toBeLessThanOrEqual(1e-12)
          expect(out[1]!).toBeGreaterThanOrEqual(0)
          expect(out[1]!).toBeLessThanOrEqual(0.5 + 1e-12)
        }
      }
    }
  })
})
