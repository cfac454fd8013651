import { expect, test } from 'vitest'
import { JournalEntry } from '../../src/vitals/journal.ts'
import { Policy, policyOf, settingsOf } from '../../src/vitals/policy.ts'
import { Settings } from '../../src/vitals/settings.ts'

const SITE = {
  limits: {
    set: 'icu',
    version: '7',
    assumed: 'neonate',
    adult: { hr: { high: 120 }, spo2: { low: null, high: 99 }, temp: null, pi: { low: 1 } },
    neonate: { hr: { holdSeconds: 1, priority: 'medium' } },
  },
  alerts: { clearSeconds: 5 },
}

test.each([{}, SITE])('settings, as a policy in the journal and back, are what they were: %j', (given) => {
  const { limits, alerts } = Settings.parse(given)
  const policy = Policy.parse(JSON.parse(JSON.stringify(policyOf({ limits, alerts }))))
  expect(settingsOf(policy)).toEqual({ limits, alerts })
})

test('only what differs from the built-in limits is written', () => {
  expect(policyOf(Settings.parse({})).limits).toEqual({})
  const { limits } = policyOf(Settings.parse(SITE))
  expect(Object.keys(limits)).toEqual(['adult', 'neonate'])
  expect(limits.adult).toMatchObject({ hr: { low: 50, high: 120 }, spo2: { low: null, high: 99 }, temp: null })
})

test('a policy whose limits contradict each other is no entry of a journal', () => {
  const policy = { ...policyOf(Settings.parse({})), limits: { adult: { hr: { low: 151 } } } }
  const entry = { kind: 'journal', patientKey: 'p', at: 0, afterOffset: 1, entry: 'policy', id: 'a', policy }
  expect(JournalEntry.safeParse(entry).error?.issues[0]?.message).toMatch(/low must be below high/)
})
