import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { percent, type Risk, riskCondition } from '../../src/scoring/risk-condition.ts'
import { CHANNELS } from '../../src/vitals/channels.ts'

const SAYING = {
  detector: 'sepsis',
  name: 'sepsis',
  version: '1.0.0',
  outcome: { event: 'sepsis within hours', asked: 'every-row', threshold: 0, slope: 1, intercept: 0, clock: [] },
  policy: { says: 'Sepsis risk', priority: 'low', hold: 1, clear: { margin: 0.5, hours: 1 }, silenceSeconds: 21_600 },
} satisfies Parameters<typeof riskCondition>[0]
const T = Date.UTC(2026, 0, 5, 14)
const hr = CHANNELS[0]!
const risk: Risk = {
  probability: 0.081,
  threshold: 0.0334,
  time: T,
  onset: T - 7_200_000,
  hours: 31,
  reasons: [
    { label: 'HR', share: 0.41, channel: hr, observed: 118 },
    { label: 'hours in the unit', share: 0.2, channel: undefined, observed: Number.NaN },
  ],
}

describe('what a risk model says', () => {
  it('is a sentence with the risk, its threshold, what raises it and since when', () => {
    const said = riskCondition(SAYING, risk)
    expect(said).toMatchObject({
      detector: 'sepsis',
      code: 'sepsis-risk',
      kind: 'advisory',
      priority: 'low',
      onset: T - 7_200_000,
      latching: false,
      silenceSeconds: 21_600,
      score: { name: 'risk', value: 0.081, threshold: 0.0334, calibrated: false },
    })
    expect(said.label).toBe('Sepsis risk 8.1 %, alarm from 3.3 %: HR, hours in the unit, since 12:00:00')
    expect(said.channels).toEqual([
      { channel: 'hr', unit: '/min', observed: 118, contribution: 0.41, status: 'ok', loinc: '8867-4', mdc: 147842 },
    ])
    expect(said.explanation.text).toBe(
      'After 31 hours watched, at 14:00:00 UTC, sepsis 1.0.0 gives 8.1 % for sepsis within hours. Most of what raises it: HR 118 /min (41 %); hours in the unit (20 %).',
    )
    expect(said.explanation.method).toContain('same network from the same state')
  })

  it('fits a label whatever it is of, and drops reasons before the time', () => {
    const named = fc.string({ minLength: 1, maxLength: 16 })
    fc.assert(
      fc.property(
        fc.array(named, { maxLength: 3 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.string({ minLength: 1, maxLength: 24 }),
        (labels, probability, says) => {
          const reasons = labels.map((label) => ({ label, share: 0.1, channel: undefined, observed: Number.NaN }))
          const policy = { ...SAYING.policy, says }
          const said = riskCondition({ ...SAYING, policy }, { ...risk, probability, reasons }).label
          expect(said.length).toBeLessThanOrEqual(80)
          expect(said).toContain(percent(probability))
          expect(said).toMatch(/since 12:00:00$/)
        },
      ),
    )
  })
})
