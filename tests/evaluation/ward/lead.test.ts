import { describe, expect, test } from 'vitest'
import { confusion, leadOf, outside, type Started, type TrueEpisode } from '../../../src/evaluation/ward/lead.ts'
import { widenedLimits } from '../../../src/evaluation/ward/limits-matched.ts'

const MINUTE = 60_000
const episode = (
  patient: string,
  from: number,
  to: number,
  nature: 'physiological' | 'technical' = 'physiological',
): TrueEpisode => ({
  patient,
  bed: '1',
  kind: 'x',
  nature,
  channels: [],
  from: from * MINUTE,
  to: to * MINUTE,
})
const start = (patientKey: string, minute: number, technical = false): Started => ({
  patientKey,
  time: minute * MINUTE,
  technical,
})

describe('how early episodes are found, by hand', () => {
  const episodes = [episode('a', 10, 70), episode('b', 10, 70), episode('c', 10, 70)]
  test('by the first alarm of the same patient between onset and end', () => {
    const starts = [start('a', 9), start('a', 40), start('a', 20), start('b', 50), start('d', 30), start('c', 71)]
    expect(leadOf(starts, episodes)).toEqual({
      episodes: 3,
      found: 0.667,
      interval: [0.208, 0.939],
      medianDelayMinutes: 25,
      medianLeadMinutes: 35,
    })
  })
  test('none found has no lead', () => {
    expect(leadOf([], episodes)).toEqual({
      episodes: 3,
      found: 0,
      interval: [0, 0.561],
      medianDelayMinutes: null,
      medianLeadMinutes: null,
    })
  })
})

test('what is said first of an episode counts, up to a minute after it', () => {
  const episodes = [
    episode('a', 10, 20),
    episode('b', 10, 20),
    episode('a', 100, 101, 'technical'),
    episode('b', 100, 101, 'technical'),
  ]
  const starts = [start('a', 12, true), start('a', 13), start('a', 101.5, true), start('b', 102.5, true)]
  expect(confusion(starts, episodes)).toEqual({
    physiological: { physiological: 0, technical: 1, nothing: 1 },
    technical: { physiological: 0, technical: 1, nothing: 1 },
  })
})

test('alarms outside every episode and its recovery', () => {
  const starts = [start('a', 5), start('a', 15), start('a', 25), start('a', 40), start('b', 15)]
  expect(outside(starts, [episode('a', 10, 20)], 10 * MINUTE)).toBe(3)
})

test('limits are widened away from normal on both sides', () => {
  const { adult, set } = widenedLimits(0.1).limits
  expect(adult['hr']).toMatchObject({ low: 45, high: 165 })
  expect(adult['spo2']).toMatchObject({ low: 81, priority: 'high' })
  expect(set).toBe('adult-widened-0.100')
})
