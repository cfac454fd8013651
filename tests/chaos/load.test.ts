import { expect, test } from 'vitest'
import { KILL_POINTS, plannedFaults } from '../../src/chaos/faults.ts'
import { rounds } from '../../src/chaos/load.ts'

test('the load is a function of its seed: the same records twice, others of another seed', () => {
  const options = { patients: 24, topic: 't', encounters: 'e', acknowledgements: 'a', partitions: 4 }
  const some = (seed: number) => {
    const load = rounds({ ...options, seed })
    return Array.from({ length: 200 }, () => load.next().value!).flat()
  }
  expect(some(1)).toEqual(some(1))
  expect(some(1)).not.toEqual(some(2))
  const records = some(1)
  expect(records.filter(({ key }) => key === null).length).toBeGreaterThan(5)
  expect(records.filter(({ value }) => value === null).length).toBeGreaterThan(0)
  for (const topic of ['e', 'a']) expect(records.filter((it) => it.topic === topic).length).toBeGreaterThan(5)
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
