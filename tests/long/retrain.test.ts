import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ModelBundle } from '../../src/inference/model-store.ts'
import { trainChallenger } from '../../src/retrain/challenger.ts'
import { type Judged, judge } from '../../src/retrain/gate.ts'
import type { Window } from '../../src/retrain/window.ts'
import { collected, SPOILT, smallChampion, spoilt, TABLE, windowOf } from '../retrain/wards.ts'

const SIZE = { beds: 72, hours: 0.6 }

async function withChampion<T>(seed: number, work: (champion: ModelBundle) => Promise<T>): Promise<T> {
  const registry = await mkdtemp(join(tmpdir(), 'vigil-gate-'))
  try {
    return await work(await smallChampion(registry, seed, 8, 4))
  } finally {
    await rm(registry, { recursive: true })
  }
}

async function challenged(champion: ModelBundle, window: Window, seed: number): Promise<Judged> {
  const options = { engine: 'wasm', seed, epochs: 8, log: () => {} } as const
  const { challenger } = await trainChallenger(champion, '1.1.0', window, options)
  const judged = await judge(champion, challenger.bundle, window.stays, TABLE, () => {})
  process.stdout.write(`seed ${seed}: ${[judged.decision, ...judged.reasons].join('; ')}\n`)
  return judged
}

describe('small networks on simulated wards', () => {
  it('a challenger that has learnt the ward as it is now is promoted in at least 8 of 10 seeds', async () => {
    let passed = 0
    for (let seed = 1; seed <= 10; seed++) {
      const { decision } = await withChampion(seed, (champion) =>
        challenged(champion, windowOf(collected('evaluation', seed, SIZE)), seed),
      )
      if (decision === 'passed') passed++
    }
    expect(passed).toBeGreaterThanOrEqual(8)
  })

  it.each(Object.keys(SPOILT) as (keyof typeof SPOILT)[])(
    'one that was trained on data that is %s is refused in every seed',
    async (how) => {
      for (let seed = 1; seed <= 3; seed++) {
        const { decision } = await withChampion(seed, (champion) =>
          challenged(champion, spoilt(windowOf(collected('evaluation', seed, SIZE)), how, seed), seed),
        )
        expect(decision).toBe('refused')
      }
    },
  )
})
