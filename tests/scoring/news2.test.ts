import { describe, expect, test } from 'vitest'
import { checkNews2, NEWS2_STATE_SIZE, news2, news2Plan, resetNews2 } from '../../src/scoring/news2.ts'
import { channelTable } from '../../src/vitals/channels.ts'
import type { Condition } from '../../src/vitals/condition.ts'
import { frameColumns } from '../../src/vitals/frame.ts'

const TABLE = channelTable()

/** a frame of values with their ages in seconds */
function frame(values: Readonly<Record<string, number | readonly [value: number, age: number]>>) {
  const frames = frameColumns(1, TABLE.channels.length)
  frames.values.fill(Number.NaN)
  frames.ages.fill(Number.NaN)
  for (const [name, it] of Object.entries(values)) {
    const [value, age] = typeof it === 'number' ? [it, 0] : it
    frames.values[TABLE.index.get(name)!] = value
    frames.ages[TABLE.index.get(name)!] = age
  }
  return frames
}
const PLAN = news2Plan(TABLE)
const score = (values: Parameters<typeof frame>[0]) => news2(PLAN, frame(values), 0)
const ALL = ['respiration', 'SpO2', 'systolic', 'pulse', 'temperature', 'oxygen', 'consciousness']

// Royal College of Physicians 2017: every edge of every band
// biome-ignore format: a table
const EDGES: [channel: string, value: number, points: number][] = [
  ['resp', 8, 3], ['resp', 9, 1], ['resp', 11, 1], ['resp', 12, 0], ['resp', 20, 0], ['resp', 21, 2], ['resp', 24, 2], ['resp', 25, 3],
  ['spo2', 91, 3], ['spo2', 92, 2], ['spo2', 93, 2], ['spo2', 94, 1], ['spo2', 95, 1], ['spo2', 96, 0], ['spo2', 100, 0],
  ['abp_sys', 90, 3], ['abp_sys', 91, 2], ['abp_sys', 100, 2], ['abp_sys', 101, 1], ['abp_sys', 110, 1], ['abp_sys', 111, 0], ['abp_sys', 219, 0], ['abp_sys', 220, 3],
  ['hr', 40, 3], ['hr', 41, 1], ['hr', 50, 1], ['hr', 51, 0], ['hr', 90, 0], ['hr', 91, 1], ['hr', 110, 1], ['hr', 111, 2], ['hr', 130, 2], ['hr', 131, 3],
  ['temp', 35, 3], ['temp', 35.1, 1], ['temp', 36, 1], ['temp', 36.1, 0], ['temp', 38, 0], ['temp', 38.1, 1], ['temp', 39, 1], ['temp', 39.1, 2],
]

describe('the score', () => {
  test.each(EDGES)('%s %d scores %i', (channel, value, points) => {
    expect(score({ [channel]: value }).score).toBe(points)
  })
  test('rounds first, then scores', () => {
    expect(score({ resp: 8.4 }).score).toBe(3)
    expect(score({ resp: 8.5 }).score).toBe(1)
    expect(score({ temp: 36.04 }).score).toBe(1)
  })
  test('what is missing is listed and never scored', () => {
    expect(score({})).toEqual({ score: 0, missing: ALL, parts: [] })
    expect(score({ spo2: 90 }).missing).toEqual(ALL.filter((it) => it !== 'SpO2'))
  })
  test('a value too old is missing: a minute, for a cuff an hour, for a temperature four', () => {
    expect(score({ spo2: [80, 60] }).score).toBe(3)
    expect(score({ spo2: [80, 61] })).toMatchObject({ score: 0, missing: ALL })
    expect(score({ nibp_sys: [80, 3600] }).score).toBe(3)
    expect(score({ nibp_sys: [80, 3601] }).score).toBe(0)
    expect(score({ temp: [34, 4 * 3600] }).score).toBe(3)
    expect(score({ temp: [34, 4 * 3600 + 1] }).score).toBe(0)
  })
  test('systolic from the arterial line, else the cuff; pulse from the ECG, else the oximeter', () => {
    expect(score({ abp_sys: 120, nibp_sys: 80, hr: 70, pulse: 140 }).score).toBe(0)
    expect(score({ abp_sys: [120, 70], nibp_sys: 80, hr: [70, 70], pulse: 140 }).score).toBe(6)
  })
})

describe('the response', () => {
  function bed() {
    const state = new Float64Array(NEWS2_STATE_SIZE)
    resetNews2(state, 0)
    return (second: number, values: Readonly<Record<string, number>>): Condition[] => {
      const out: Condition[] = []
      checkNews2(PLAN, state, 0, frame(values), 0, second * 1000, out)
      return out
    }
  }
  const five = { resp: 23, spo2: 90 }
  const nine = { resp: 30, spo2: 90, hr: 140 }

  test('urgent from 5, emergency from 7, after 30 s, never both', () => {
    const at = bed()
    for (let s = 0; s < 30; s++) expect(at(s, five)).toEqual([])
    expect(at(30, five)[0]).toMatchObject({ code: 'news2-urgent', priority: 'medium', onset: 0 })
    for (let s = 31; s < 61; s++) expect(at(s, nine).map(({ code }) => code)).toEqual(['news2-urgent'])
    expect(at(61, nine)[0]).toMatchObject({
      code: 'news2-emergency', priority: 'high', onset: 31_000, score: { name: 'NEWS2', value: 9, threshold: 7 },
      label: 'NEWS2 at least 9: respiration 3, SpO2 3, pulse 3, since 00:00:31',
    }) // biome-ignore format: one condition
    expect(at(62, five).map(({ code }) => code)).toEqual(['news2-urgent'])
  })
  test('a score that comes and goes says nothing', () => {
    const at = bed()
    for (let s = 0; s < 300; s++) expect(at(s, s % 20 === 19 ? {} : nine)).toEqual([])
  })
  test('the longest sentence fits', () => {
    const at = bed()
    const worst = { resp: 40, spo2: 50, abp_sys: 60, hr: 200, temp: 30 }
    at(0, worst)
    const [condition] = at(30, worst)
    expect(condition!.label.length).toBeLessThanOrEqual(80)
    expect(condition!.label).toMatch(/^NEWS2 at least 15.*since 00:00:00$/)
    expect(condition!.explanation.text).toContain('Not scored: oxygen, consciousness.')
  })
})
