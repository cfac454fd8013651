import { expect, test } from 'vitest'
import { budgetSpent } from '../../src/app/budget-spent.ts'
import type { AlertBody } from '../../src/vitals/alert.ts'
import { selfTestKey } from '../../src/vitals/reading.ts'

const body = (phase: string, detector: string, call: string, patientKey = 'p-1') =>
  ({ phase, source: { detector }, signal: { call }, subject: { patientKey } }) as AlertBody

test('what a budget counts: advisories of models that began, over the time patients were watched, self-tests left out', () => {
  const count = budgetSpent(1, ['bedside'], 1)
  expect(count.spent()).toMatchObject({ patientDays: 0, realised: 0, interval: [0, 0] })
  for (let frame = 0; frame < 2 * 86_400; frame++) count.frame('p-1')
  for (let frame = 0; frame < 1000; frame++) count.frame(selfTestKey(0))
  count.alert(body('start', 'bedside', 'now'))
  count.alert(body('start', 'bedside', 'silenced'))
  count.alert(body('start', 'bedside', 'muted'))
  for (const phase of ['update', 'escalate', 'continue', 'end']) count.alert(body(phase, 'bedside', 'now'))
  for (const rule of ['limits', 'news2', 'sensors', 'signal']) count.alert(body('start', rule, 'now'))
  count.alert(body('start', 'bedside', 'now', selfTestKey(0)))
  const { interval, ...spent } = count.spent()
  expect(spent).toEqual({ budget: 1, patientDays: 2, episodes: 3, called: 1, realised: 1.5 })
  // Byar's limits of a count of three are 0.60 and 8.76
  expect(interval.map((it) => Number(it.toFixed(2)))).toEqual([0.3, 4.38])
})
