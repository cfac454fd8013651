import { describe, expect, test } from 'vitest'
import { type ChaosOptions, chaos, wrongIn } from '../../src/chaos/chaos.ts'
import { KILL_POINTS } from '../../src/chaos/faults.ts'
import { MUTANTS } from '../../src/chaos/orders.ts'
import { brokers, quiet } from './broker.ts'

const NOTHING = { kills: 0, rebalances: 0, brokerRestarts: 0, stalls: 0, patients: 24, log: quiet }

const run = (options: Partial<ChaosOptions> & { seed: number }) => chaos({ ...NOTHING, brokers, ...options })

/** A run on a slow machine takes as long as it takes; on two idle cores half a minute. */
const PATIENCE = { timeout: 600_000 }

describe('a ward whose processes are killed', () => {
  test(
    'at each step of a commit, in a restore and asleep loses, doubles and changes nothing: alerts and states are those of an undisturbed run',
    PATIENCE,
    async () => {
      const report = await run({ seed: 11, kills: KILL_POINTS.length, rebalances: 2, atOnce: 2 })
      expect({ wrong: wrongIn(report), first: report.first, fallen: report.fallen }).toEqual({
        wrong: [],
        first: [],
        fallen: [],
      })
      expect(report.unsettled).toBe(0)
      for (const point of KILL_POINTS) expect(report.killsByPoint[point], point).toBe(1)
      expect(report.rebalances).toBe(2)
      expect(report.compared.alerts).toBeGreaterThan(24)
      expect(report.compared.deadLetters).toBeGreaterThan(5)
      expect(report.compared.keyless).toBeGreaterThan(5)
    },
  )

  test.each(MUTANTS)('would not get away with it: %s is found out', PATIENCE, async (mutant) => {
    const faults = mutant === 'no-fence' ? { kills: 0, stalls: 4 } : { kills: 3 }
    const report = await run({ seed: 12, mutant, ...faults })
    const { alertsLost, alertsDoubled, statesDiffering } = report
    expect(alertsLost + alertsDoubled + statesDiffering).toBeGreaterThan(0)
    expect(report.first.length).toBeGreaterThan(0)
  })
})
