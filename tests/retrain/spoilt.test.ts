import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { trainChallenger } from '../../src/retrain/challenger.ts'
import { judge } from '../../src/retrain/gate.ts'
import { collected, ENGINE, SPOILT, smallChampion, spoilt, TABLE, windowOf } from './wards.ts'

// ten seeds, and each way in three of them: tests/long/retrain.test.ts
it('a challenger trained on corrupted, shuffled or shifted data is refused, and says by what', async () => {
  const registry = await mkdtemp(join(tmpdir(), 'vigil-spoilt-'))
  try {
    const champion = await smallChampion(registry, 2, 8, 3)
    const window = windowOf(collected('evaluation', 2, { beds: 24, hours: 0.3 }))
    for (const how of Object.keys(SPOILT) as (keyof typeof SPOILT)[]) {
      const changed = spoilt(window, how, 2)
      const options = { engine: ENGINE, seed: 2, epochs: 3, log: () => {} } as const
      const { challenger } = await trainChallenger(champion, '1.1.0', changed, options)
      const { decision, reasons, primary } = await judge(champion, challenger.bundle, changed.stays, TABLE, () => {})
      process.stdout.write(`${how}: ${primary.difference.toFixed(3)} nats; ${reasons.length} reasons\n`)
      expect({ how, decision }).toEqual({ how, decision: 'refused' })
      expect(reasons[0]).toContain('not shown to be better')
    }
  } finally {
    await rm(registry, { recursive: true })
  }
}, 180_000)
