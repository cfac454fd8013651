import { expect, test } from 'vitest'
import type { RiskHours } from '../../src/dashboard/protocol.ts'
import { withHour } from '../../src/dashboard/risk-hours.ts'

const HOUR = 3_600_000
const said = (hour: number, detector = 'sepsis', role: RiskHours['role'] = 'champion') => ({
  detector,
  role,
  time: hour * HOUR,
  probability: hour / 100,
})

test('a bed remembers an hour of a risk once, each model by itself, and a new stay has no past', () => {
  let all: readonly RiskHours[] = []
  for (const risk of [said(1), said(1), said(1, 'other'), said(2), said(2, 'sepsis', 'shadow')]) all = withHour(all, risk)
  expect(all).toHaveLength(3)
  expect(all.find(({ detector, role }) => detector === 'sepsis' && role === 'champion')).toMatchObject({
    time: [HOUR, 2 * HOUR],
    probability: [0.01, 0.02],
  })
  expect(withHour(all, said(1)).find(({ role, detector }) => role === 'champion' && detector === 'sepsis')!.time).toEqual([HOUR])
  expect(withHour(all, { ...said(0), time: null, probability: null })).toHaveLength(2)
  for (let hour = 3; hour < 200; hour++) all = withHour(all, said(hour))
  expect(all.find(({ detector, role }) => detector === 'sepsis' && role === 'champion')!.time).toHaveLength(72)
}) // biome-ignore format: one bed
