import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Evidence } from '../../src/scoring/evidence.ts'
import { unexpectedCondition } from '../../src/scoring/unexpected.ts'
import { type Channel, channelTable } from '../../src/vitals/channels.ts'
import { uncalibrated } from './synthetic.ts'

// declared with the longest label and unit a manifest may declare
const LONGEST: Channel = {
  name: 'x'.repeat(32),
  label: 'L'.repeat(16),
  meaning: 'long',
  unit: 'u'.repeat(16),
  range: [-1e300, 1e300],
  resolution: 1e-9,
  cadence: 'continuous',
  loinc: [],
}
const TABLE = channelTable([LONGEST])
// 2026-01-05 12:04:10 UTC, in ticks of 1 s
const ONSET = Date.UTC(2026, 0, 5, 12, 4, 10) / 1000

function evidence(over: Partial<Evidence['channels'][number]> = {}): Evidence {
  const channel = {
    channel: 0,
    observed: 88,
    mean: 96,
    sd: 0.7,
    low: 94.2,
    high: 97.8,
    residual: -6.1,
    contribution: 1,
    given: 95.8,
    ...over,
  }
  return { onsetTick: ONSET, tick: ONSET + 4, p: 1.234e-7, q: 0.003, horizonIndex: 0, channels: [channel] }
}
const of = (...channels: string[]) => ({ ...uncalibrated(), channels })

test('the sentence a nurse reads: channel, value, expected band, since when', () => {
  const condition = unexpectedCondition(of('spo2'), TABLE, evidence())
  expect(condition.label).toBe('SpO2 88 %, expected 94 to 98 %, since 12:04:10')
  expect(condition).toMatchObject({
    detector: 'bedside',
    code: 'unexpected',
    kind: 'advisory',
    priority: 'medium',
    onset: ONSET * 1000,
  })
  expect(condition.channels[0]).toMatchObject({
    channel: 'spo2',
    unit: '%',
    loinc: '59408-5',
    mdc: 150456,
    sampleTime: (ONSET + 4) * 1000,
  })
  expect(condition.explanation).toEqual({
    text: 'At 12:04:14 UTC, against the forecast made 1 s before: SpO2 88 % (expected 94 to 98 %, by the rest 96, share 100 %). A minute of a patient who is as before shows as much with p = 1.2e-7, below 0.0030 in 3 of 5 ticks.',
    method: "residuals of a student-t forecast in the patient's own spread, calibrated on 1 minutes",
  })
})

test('units are written as nurses write them, values with the decimals of their channel', () => {
  const temperature = evidence({ observed: 39.5, low: 36.21, high: 37.09 })
  expect(unexpectedCondition(of('temp'), TABLE, temperature).label).toBe(
    'Temp 39.5 °C, expected 36.2 to 37.1 °C, since 12:04:10',
  )
  const pressure = evidence({ observed: 70, low: 101, high: 131 })
  expect(unexpectedCondition(of('abp_sys'), TABLE, pressure).label).toBe(
    'ABP sys 70 mmHg, expected 101 to 131 mmHg, since 12:04:10',
  )
  expect(unexpectedCondition(of('hr'), TABLE, pressure).label).toContain('HR 70 /min, expected 101 to 131 /min')
})

test('low priority, and no claim of leaving the band, when every value is inside its own', () => {
  const condition = unexpectedCondition(of('spo2'), TABLE, evidence({ observed: 95 }))
  expect(condition.priority).toBe('low')
  expect(condition.label).toBe('SpO2 95 %, unusual within 94 to 98 %, since 12:04:10')
})

test('the channel that the evidence leads with is named, whatever the shares of the others', () => {
  const inside = { ...evidence().channels[0]!, channel: 1, observed: 80, low: 60, high: 100, contribution: 0.6 }
  const both: Evidence = { ...evidence(), channels: [{ ...evidence().channels[0]!, contribution: 0.4 }, inside] }
  const condition = unexpectedCondition(of('spo2', 'hr'), TABLE, both)
  expect(condition.label).toMatch(/^SpO2 88/)
  expect(condition.channels.map(({ channel }) => channel)).toEqual(['spo2', 'hr'])
})

test('a value never prints as an end of the band it left, minute averages with decimals included', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1000 }).map((it) => it / 10),
      fc.double({ min: 0, max: 100, noNaN: true }),
      fc.double({ min: 0, max: 9, noNaN: true }),
      (observed, low, width) => {
        const { label, priority } = unexpectedCondition(
          of('spo2'),
          TABLE,
          evidence({ observed, low, high: low + width }),
        )
        const band = /^SpO2 ([\d.]+) %, expected (\d+) to (\d+)/.exec(label)?.slice(1).map(Number)
        expect(priority === 'medium').toBe(band !== undefined)
        if (band) expect(band[0]! < band[1]! || band[0]! > band[2]!).toBe(true)
      },
    ),
  )
})

test('a label has at most 80 characters, on every channel and at every value', () => {
  const value = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(-1e300, 1e300, 1e-300, 0))
  fc.assert(
    fc.property(fc.constantFrom(...TABLE.channels), value, value, value, (channel, observed, a, b) => {
      const condition = unexpectedCondition(
        of(channel.name),
        TABLE,
        evidence({ observed, low: Math.min(a, b), high: Math.max(a, b) }),
      )
      expect(condition.label.length).toBeLessThanOrEqual(80)
      expect(condition.label).toContain(channel.label)
      expect(condition.label).not.toMatch(/NaN|undefined|Infinity/)
    }),
    { numRuns: 2000 },
  )
})
