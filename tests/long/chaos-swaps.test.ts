import { expect, test } from 'vitest'
import { chaos, wrongIn } from '../../src/chaos/chaos.ts'
import { createLog } from '../../src/log.ts'

test('processes that are killed in the commits that carry a swap: alerts and states are those of an undisturbed run', async () => {
  const report = await chaos({
    seed: 5,
    kills: 6,
    rebalances: 1,
    brokerRestarts: 0,
    stalls: 0,
    patients: 24,
    atOnce: 2,
    swaps: true,
    log: createLog('error'),
  })
  expect({ wrong: wrongIn(report), first: report.first, fallen: report.fallen }).toEqual({
    wrong: [],
    first: [],
    fallen: [],
  })
  for (const point of ['before-send', 'after-send', 'after-offsets', 'during-commit', 'after-commit'] as const)
    expect(report.killsByPoint[point], point).toBe(1)
  // at least one whole succession of some partition
  expect(report.compared.swaps).toBeGreaterThan(10)
})
