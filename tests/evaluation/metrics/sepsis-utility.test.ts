import { describe, expect, it } from 'vitest'
import { hourlyUtility, patientUtility } from '../../../src/evaluation/metrics/sepsis-utility.ts'

/** A stay of so many hours whose first labelled hour is `first`. */
const septic = (hours: number, first: number) => Array.from({ length: hours }, (_, t) => (t >= first ? 1 : 0))
const worth = (labels: number[], fired: number[]) => {
  const { alarm, silence } = hourlyUtility(labels)
  return fired.reduce((sum, fires, t) => sum + (fires === 1 ? alarm[t]! : silence[t]!), 0)
}

describe('the utility of the Challenge 2019', () => {
  it('is that of the example in the published scorer', () => {
    expect(worth([0, 0, 0, 0, 1, 1], [0, 0, 1, 1, 1, 1])).toBeCloseTo(3.388888888888889, 12)
  })

  it('earns nothing 12 h before onset, 1 at 6 h before, nothing 3 h after; silence then costs 2; later nothing counts', () => {
    // label from hour 20, onset at 26
    const { alarm, silence } = hourlyUtility(septic(40, 20))
    expect(alarm[14]).toBeCloseTo(0)
    expect(alarm[17]).toBeCloseTo(0.5)
    expect(alarm[20]).toBeCloseTo(1)
    expect(alarm[29]).toBeCloseTo(0)
    expect(alarm[13]).toBeCloseTo(-0.05)
    expect(alarm[0]).toBeCloseTo(-0.05)
    expect(silence[20]).toBeCloseTo(0)
    expect(silence[29]).toBeCloseTo(-2)
    expect(Array.from(alarm.subarray(30))).toEqual(new Array(10).fill(0))
    expect(Array.from(silence.subarray(30))).toEqual(new Array(10).fill(0))
  })

  it('takes a twentieth for an alarm in a patient without sepsis', () => {
    expect(worth([0, 0, 0], [1, 0, 1])).toBeCloseTo(-0.1)
  })

  it('is 1 for the published best, 0 for silence, and less for any other', () => {
    const labels = septic(40, 20)
    const best = labels.map((_, t) => (t >= 14 && t <= 29 ? 1 : 0))
    expect(patientUtility(labels, best).earned).toBeCloseTo(patientUtility(labels, best).best, 12)
    expect(patientUtility(labels, best.fill(0)).earned).toBe(0)
    for (let t = 0; t < 40; t++) {
      const other = labels.map((_, h) => (h >= 14 && h <= 29) !== (h === t))
      expect(patientUtility(labels, other).earned).toBeLessThanOrEqual(patientUtility(labels, other).best + 1e-12)
    }
  })

  it('has a best of nothing where there is no sepsis', () => {
    const { earned, best } = patientUtility([0, 0], [1, 1])
    expect(best).toBe(0)
    expect(earned).toBeCloseTo(-0.1)
  })

  it('begins before the stay where the label does', () => {
    // labelled from the first hour: onset at 6, silence costs from the first hour on
    const { alarm, silence } = hourlyUtility([1, 1, 1])
    expect(alarm[0]).toBeCloseTo(1)
    expect(silence[0]).toBeCloseTo(0)
    expect(silence[2]).toBeCloseTo(-4 / 9)
  })
})
