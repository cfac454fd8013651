import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  NAB_PROFILES,
  normalisedScore,
  probationRows,
  rawScore,
  scaledSigmoid,
} from '../../src/evaluation/nab-score.ts'

const { standard, rewardLowFN, rewardLowFP } = NAB_PROFILES
// 2000 rows, 300 of them probation; a window of 101 rows
const ROWS = 2000
const WINDOW = { first: 1000, last: 1100 }

describe('the scoring rule of the Numenta Anomaly Benchmark', () => {
  it('leaves out 15 % of a file, 750 rows at most', () => {
    expect([1000, 4032, 5000, 15_902].map(probationRows)).toEqual([150, 604, 750, 750])
  })

  it('has the published sigmoid: .987 at the left edge, 0 at the right one, -1 far behind', () => {
    expect(scaledSigmoid(-1)).toBeCloseTo(0.98661, 5)
    expect(scaledSigmoid(0)).toBe(0)
    expect(scaledSigmoid(0.5)).toBeCloseTo(-0.84828, 5)
    expect(scaledSigmoid(3.01)).toBe(-1)
  })

  it.each([
    ['the left edge earns all of a window', [1000], 1],
    // position -(1100 - 1050 + 1) / 101 = -51/101
    [
      'the middle earns 2 / (1 + e^(-5 51/101)) - 1 over the left edge',
      [1050],
      (2 / (1 + Math.exp(-255 / 101)) - 1) / 0.986614298,
    ],
    ['the last row is not quite the right edge', [1100], (2 / (1 + Math.exp(-5 / 101)) - 1) / 0.986614298],
    ['only the best alarm of a window counts', [1100, 1050, 1000], 1],
    ['no alarm misses the window', [], -1],
    ['an alarm before any window costs in full', [500], -1 - 0.11],
    // (1150 - 1100) / (101 - 1) = 0.5 of a width behind
    ['one half a width behind costs less', [1000, 1150], 1 + 0.11 * (2 / (1 + Math.exp(2.5)) - 1)],
    ['one more than three widths behind costs in full', [1000, 1401], 1 - 0.11],
    ['alarms in the probation cost nothing', [0, 100, 299], -1],
    ['the first row after it costs', [300], -1.11],
  ])('%s', (_, alarms, raw) => {
    expect(rawScore(ROWS, [WINDOW], alarms, standard)).toBeCloseTo(raw, 6)
  })

  it('weighs misses and false alarms by profile', () => {
    expect(rawScore(ROWS, [WINDOW], [500], rewardLowFP)).toBeCloseTo(-1 - 0.22, 9)
    expect(rawScore(ROWS, [WINDOW], [500], rewardLowFN)).toBeCloseTo(-2 - 0.11, 9)
  })

  it('takes the window before for alarms between two', () => {
    const later = { first: 1400, last: 1500 }
    const raw = rawScore(ROWS, [WINDOW, later], [1000, 1200, 1400], standard)
    expect(raw).toBeCloseTo(2 + 0.11 * (2 / (1 + Math.exp(5)) - 1), 9)
  })

  it('is 0 for silence and 100 for every left edge', () => {
    for (const profile of Object.values(NAB_PROFILES)) {
      expect(normalisedScore(rawScore(ROWS, [WINDOW], [], profile), 1, profile)).toBeCloseTo(0, 9)
      expect(normalisedScore(rawScore(ROWS, [WINDOW], [1000], profile), 1, profile)).toBeCloseTo(100, 9)
    }
  })

  it('never pays for one more alarm outside the windows', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(ROWS - 1)), fc.nat(ROWS - 1), (alarms, more) => {
        fc.pre(more < WINDOW.first || more > WINDOW.last)
        const before = rawScore(ROWS, [WINDOW], alarms, standard)
        expect(rawScore(ROWS, [WINDOW], [...alarms, more], standard)).toBeLessThanOrEqual(before + 1e-12)
      }),
    )
  })
})
