import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SHIPPED_MODELS } from '../../../src/app.ts'
import type { Baseline } from '../../../src/evaluation/faults/baselines/baseline.ts'
import type { FaultCell } from '../../../src/evaluation/faults/grid.ts'
import { injectAll } from '../../../src/evaluation/faults/inject.ts'
import { C } from '../../../src/evaluation/faults/recording.ts'
import { allowedAlarms, conduct, tune, watchedHours } from '../../../src/evaluation/faults/tune.ts'
import { conductVigil } from '../../../src/evaluation/faults/vigil.ts'
import type { WatchedModel } from '../../../src/evaluation/watched.ts'
import { openModel } from '../../../src/inference/model-store.ts'
import { openEngine } from '../../../src/inference/open-engine.ts'
import { channelTable } from '../../../src/vitals/channels.ts'
import { calm, made } from './made-recording.ts'

const spike: FaultCell = { kind: 'spike', channels: ['hr'], size: 12, seconds: 3 }
const drop: FaultCell = { kind: 'drop-out', channels: ['pulse'], size: 30, seconds: 30 }

describe('a rate of false alarms in counts', () => {
  test('hours after warm-up and outside drop-outs; one alarm at least', () => {
    const gappy = made(480, (second, c) => (c === 1 && second >= 100 && second < 130 ? Number.NaN : 80))
    expect(watchedHours([calm(1), gappy])).toBeCloseTo((420 + 420 - 60) / 3600, 9)
    expect(allowedAlarms([calm(1)], 2)).toBe(1)
    expect(allowedAlarms([calm(1), calm(2), calm(3)], 10)).toBe(3)
  })
})

describe('a baseline', () => {
  /** distance of a channel from 80: looks where it is told to */
  const looks: Baseline = {
    name: 'looks',
    settings: [{ channel: 3 }, { channel: 0 }],
    fit:
      (_, { channel }) =>
      (it) =>
        Float64Array.from({ length: it.seconds }, (__, i) => Math.abs(it.values[i * C + channel!]! - 80)),
  }
  const validation = [calm(1), calm(2), calm(3)]

  test('is tuned to what finds most at the allowed false alarms, and sees drop-outs', () => {
    const tuned = tune(looks, [], validation, injectAll(validation, [spike], [3]), 10)
    expect(tuned.setting).toEqual({ channel: 0 })
    const test = [calm(4), calm(5)]
    const found = conduct(tuned.scorer, test, injectAll(test, [spike, drop], [11]), 2)
    expect(found.falseAlarms).toBeLessThanOrEqual(2)
    expect(found.delays).toEqual([0, 9, 0, 9])
  })
})

describe('the ward as it serves', () => {
  let model: WatchedModel
  beforeAll(async () => {
    const bundle = await openModel(SHIPPED_MODELS, 'bedside')
    const engine = await openEngine(bundle, { providers: ['cpu'], threads: 1, maxBatch: 64, inWorker: false })
    model = { manifest: bundle.manifest, engine, table: channelTable(bundle.manifest.declares), maxBatch: 64 }
  })
  afterAll(() => model.engine.close())

  test('keeps within the allowed false alarms, finds a leap of the heart rate at once and names it first', async () => {
    const untouched = Array.from({ length: 6 }, (_, i) => calm(10 + i, 240))
    const leap: FaultCell = { ...spike, size: 25 }
    const faulty = injectAll(untouched, [leap], [11])
    const found = await conductVigil(model, untouched, faulty, 1)
    expect(found.falseAlarms).toBeLessThanOrEqual(1)
    expect(found.delays).toHaveLength(6)
    expect(found.delays.filter((delay) => delay !== undefined && delay <= 10).length).toBeGreaterThanOrEqual(5)
    const named = found.topChannels.filter((name) => name !== undefined)
    expect(named.filter((name) => name === 'hr').length).toBeGreaterThanOrEqual(named.length - 1)
  }, 60_000)
})
