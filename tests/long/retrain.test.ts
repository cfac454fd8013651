import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { trainChallenger } from '../../src/retrain/challenger.ts'
import { type Judged, judge } from '../../src/retrain/gate.ts'
import type { Window } from '../../src/retrain/window.ts'
import { collected, ENGINE, SPOILT, smallChampion, spoilt, TABLE, windowOf } from '../retrain/wards.ts'

const SIZE = { beds: 72, hours: 0.6 }
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
const WAYS = Object.keys(SPOILT) as (keyof typeof SPOILT)[]

/** A challenger of a champion that knows another ward, and what the gate says of it. */
async function challenged(seed: number, what: string, change: (window: Window) => Window): Promise<Judged> {
  const registry = await mkdtemp(join(tmpdir(), 'vigil-gate-'))
  try {
    const serving = await smallChampion(registry, seed, 8, 4)
    const window = change(windowOf(collected('evaluation', seed, SIZE)))
    const options = { engine: ENGINE, seed, epochs: 8, log: () => {} } as const
    const { challenger } = await trainChallenger(serving, '1.1.0', window, options)
    const judged = await judge(serving, challenger.bundle, window.stays, TABLE, () => {})
    const { champion: was, challenger: is, difference, interval } = judged.primary
    const by = `${was.toFixed(3)} -> ${is.toFixed(3)}, ${difference.toFixed(4)} nats, 95 % ${interval.map((end) => end.toFixed(4)).join(' to ')}`
    const beside = judged.conditions
      .filter(({ name }) => name === 'false alarms' || name === 'fault recall')
      .map(({ name, champion, challenger }) => `${name} ${champion?.toFixed(2)} -> ${challenger?.toFixed(2)}`)
    const said = [`${judged.decision} (${by})`, ...beside, ...judged.reasons]
    process.stdout.write(`${what}, seed ${seed}: ${said.join('; ')}\n`)
    return judged
  } finally {
    await rm(registry, { recursive: true })
  }
}

describe('small networks on simulated wards', () => {
  let refused = 0
  afterAll(() => {
    expect(refused).toBeLessThanOrEqual(2)
  })

  it.each(SEEDS)(
    'a challenger that has learnt the ward as it is now is promoted in at least 8 of 10 seeds: seed %i',
    async (seed) => {
      const { decision, primary } = await challenged(seed, 'learnt', (window) => window)
      if (decision === 'refused') refused++
      expect(primary.passes).toBe(true) // it is better in every seed; what may refuse it is the rest
    },
  )

  it.each(WAYS.flatMap((how) => [1, 2, 3].map((seed) => ({ how, seed }))))(
    'one that was trained on data that is $how is refused: seed $seed',
    async ({ how, seed }) => {
      const { decision } = await challenged(seed, how, (window) => spoilt(window, how, seed))
      expect(decision).toBe('refused')
    },
  )
})
