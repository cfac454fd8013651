import { describe, expect, it } from 'vitest'
import { AlarmCount, poissonInterval } from '../../src/alerts/alarm-rate.ts'
import type { AlertBody } from '../../src/vitals/alert.ts'

const event = (phase: string, code: string, detector = 'limits', call = 'told') =>
  ({ phase, code, source: { detector }, signal: { call } }) as AlertBody

describe('the alarm rate', () => {
  it('counts episodes by their start, over the time that was watched', () => {
    const count = new AlarmCount()
    for (const phase of ['update', 'continue', 'end']) count.add(event(phase, 'spo2-low'))
    count.add(event('start', 'spo2-low', 'limits', 'now'))
    count.add(event('escalate', 'spo2-low', 'limits', 'now'))
    count.add(event('start', 'unexpected', 'bedside', 'now'))
    count.add(event('start', 'spo2-low', 'limits', 'silenced'))
    expect(count.rate(2 * 86_400, 1)).toMatchObject({
      patientDays: 2,
      episodes: 3,
      perPatientDay: 1.5,
      calls: 3,
      callsPerPatientDay: 1.5,
      byCode: { 'spo2-low': 2, unexpected: 1 },
      byDetector: { limits: 2, bedside: 1 },
    })
  })

  it('says nothing it cannot know: no time watched, no rate', () => {
    expect(new AlarmCount().rate(0, 1)).toMatchObject({ patientDays: 0, perPatientDay: 0, interval: [0, 0] })
  })

  // exact limits: R 4.3, poisson.test(k)$conf.int
  it.each([
    [0, 0, 3.689],
    [1, 0.0253, 5.572],
    [5, 1.623, 11.668],
    [20, 12.217, 30.889],
    [100, 81.364, 121.627],
  ])('has the exact Poisson limits of %d events to two per cent of the count', (k, low, high) => {
    const [from, to] = poissonInterval(k)
    const within = Math.max(0.15, 0.02 * k)
    expect(Math.abs(from - low)).toBeLessThan(within)
    expect(Math.abs(to - high)).toBeLessThan(within)
  })
})
