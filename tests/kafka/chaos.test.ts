import { describe, expect, inject, test } from 'vitest'
import { type ChaosOptions, type ChaosReport, chaos } from '../../src/chaos/chaos.ts'
import { KILL_POINTS, plannedFaults } from '../../src/chaos/faults.ts'
import { rounds } from '../../src/chaos/load.ts'
import { MUTANTS } from '../../src/chaos/orders.ts'
import { createLog } from '../../src/log.ts'

const brokers = inject('brokers')
const log = createLog('error')
const NOTHING = { kills: 0, rebalances: 0, brokerRestarts: 0, stalls: 0, patients: 24, log }

/** What must be 0 whatever happened. */
const wrong = ({
  alertsLost,
  alertsDoubled,
  alertsDiffering,
  ordersDiffering,
  patientsWithoutAlert,
  statesDiffering,
  deadLettersLost,
  deadLettersDoubled,
  rekeyedLost,
  rekeyedDoubled,
  entriesUnplaced,
  sleepersHeeded,
  unsettled,
  fallen,
  first,
}: ChaosReport) => ({
  alertsLost,
  alertsDoubled,
  alertsDiffering,
  ordersDiffering,
  patientsWithoutAlert,
  statesDiffering,
  deadLettersLost,
  deadLettersDoubled,
  rekeyedLost,
  rekeyedDoubled,
  entriesUnplaced,
  sleepersHeeded,
  unsettled,
  fallen: fallen.length,
  first,
})
const SPOTLESS = {
  alertsLost: 0,
  alertsDoubled: 0,
  alertsDiffering: 0,
  ordersDiffering: 0,
  patientsWithoutAlert: 0,
  statesDiffering: 0,
  deadLettersLost: 0,
  deadLettersDoubled: 0,
  rekeyedLost: 0,
  rekeyedDoubled: 0,
  entriesUnplaced: 0,
  sleepersHeeded: 0,
  unsettled: 0,
  fallen: 0,
  first: [],
}

const run = (options: Partial<ChaosOptions> & { seed: number }) => chaos({ ...NOTHING, brokers, ...options })

describe('a ward whose processes are killed', () => {
  test('at each step of a commit, in a restore and asleep loses, doubles and changes nothing: alerts and states are those of an undisturbed run', async () => {
    const report = await run({ seed: 11, kills: KILL_POINTS.length, rebalances: 2 })
    expect(wrong(report)).toEqual(SPOTLESS)
    for (const point of KILL_POINTS) expect(report.killsByPoint[point], point).toBe(1)
    expect(report.rebalances).toBe(2)
    expect(report.compared.alerts).toBeGreaterThan(24)
    expect(report.compared.deadLetters).toBeGreaterThan(5)
    expect(report.compared.keyless).toBeGreaterThan(5)
  })

  test.each(MUTANTS)('would not get away with it: %s is found out', async (mutant) => {
    const faults = mutant === 'no-fence' ? { kills: 0, stalls: 4 } : { kills: 3 }
    const report = await run({ seed: 12, mutant, ...faults })
    const { alertsLost, alertsDoubled, statesDiffering } = report
    expect(alertsLost + alertsDoubled + statesDiffering).toBeGreaterThan(0)
  })
})

test('the load is a function of its seed: the same records twice, others of another seed', () => {
  const options = { patients: 24, topic: 't', partitions: 4 }
  const some = (seed: number) => {
    const load = rounds({ ...options, seed })
    return Array.from({ length: 200 }, () => load.next().value!).flat()
  }
  expect(some(1)).toEqual(some(1))
  expect(some(1)).not.toEqual(some(2))
  const records = some(1)
  expect(records.filter(({ key }) => key === null).length).toBeGreaterThan(5)
  expect(records.filter(({ value }) => value === null).length).toBeGreaterThan(0)
})

test('the faults are shared out evenly among the points, in an order that the seed gives', () => {
  const counts = { kills: 80, rebalances: 5, brokerRestarts: 3, stalls: 2 }
  const plan = plannedFaults(counts, 7)
  expect(plan).toEqual(plannedFaults(counts, 7))
  expect(plan).not.toEqual(plannedFaults(counts, 8))
  for (const point of KILL_POINTS)
    expect(plan.filter((it) => it.kind === 'kill' && it.point === point)).toHaveLength(10)
  expect(plan).toHaveLength(90)
})
