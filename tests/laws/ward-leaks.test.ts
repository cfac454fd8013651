import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SHIPPED_MODELS } from '../../src/app.ts'
import { openSimulated } from '../../src/evaluation/budget/evaluate.ts'
import { lastValue } from '../../src/evaluation/faults/baselines/last-value.ts'
import { FAULT_GRID } from '../../src/evaluation/faults/grid.ts'
import { injectAll } from '../../src/evaluation/faults/inject.ts'
import { tune } from '../../src/evaluation/faults/tune.ts'
import { minuteCharts } from '../../src/evaluation/ward/minute-charts.ts'
import { MinuteMeans } from '../../src/evaluation/ward/minutes.ts'
import { type WatchedModel, watchWard, withThresholds } from '../../src/evaluation/watched.ts'
import { openModel } from '../../src/inference/model-store.ts'
import { openEngine } from '../../src/inference/open-engine.ts'
import { SETTINGS } from '../../src/ingest/simulator/settings.ts'
import type { Input } from '../../src/stream/ports.ts'
import type { AlertBody } from '../../src/vitals/alert.ts'
import { channelTable } from '../../src/vitals/channels.ts'
import { calm } from '../evaluation/faults/made-recording.ts'

const START = Date.UTC(2026, 0, 1)
const HOURS = 0.5
const CUT = START + 20 * 60_000
const WARD = { hours: HOURS, start: START, unit: 'SIM', setting: SETTINGS.evaluation, beds: 4, seed: 7 }
let model: WatchedModel

beforeAll(async () => {
  const bundle = await openModel(SHIPPED_MODELS, 'bedside')
  const engine = await openEngine(bundle, { providers: ['cpu'], threads: 1, maxBatch: 64, inWorker: false })
  // a loose threshold, so that there are alerts to compare
  const manifest = withThresholds(bundle.manifest, { q: 0.3 })
  model = { manifest, engine, table: channelTable(manifest.declares), maxBatch: 64 }
})
afterAll(() => model.engine.close())

/** The same ward, its values another from a moment on. */
function* changedFrom(time: number): Generator<readonly Input[]> {
  for (const inputs of openSimulated(WARD, model.table)(1) as Iterable<readonly Input[]>) {
    yield inputs.map((input) =>
      input.kind === 'reading' && input.time >= time
        ? { ...input, values: Array.from(input.values, (value) => value * 1.3) }
        : input,
    )
  }
}

async function alertsOf(batches: Iterable<readonly Input[]>): Promise<AlertBody[]> {
  const bodies: AlertBody[] = []
  await watchWard(model, batches, (body) => bodies.push(body))
  return bodies
}

describe('a ward', () => {
  it('never takes back or changes an alert when the future does', async () => {
    const until = (bodies: readonly AlertBody[]) => bodies.filter(({ times }) => times.event < CUT)
    const [whole, changed] = [await alertsOf(changedFrom(Number.POSITIVE_INFINITY)), await alertsOf(changedFrom(CUT))]
    expect(until(whole).length).toBeGreaterThan(0)
    expect(until(changed)).toEqual(until(whole))
    expect(changed).not.toEqual(whole)
  })

  it('nor does any chart beside it', async () => {
    const noted = async (batches: Iterable<readonly Input[]>) => {
      const minutes = new MinuteMeans(model.table, START, HOURS * 4)
      for await (const _ of minutes.noting(() => batches)(1));
      return minutes
    }
    const ward = { ...WARD, hours: HOURS * 4, seed: 8 }
    const of = (time: number) =>
      (function* () {
        for (const inputs of openSimulated(ward, model.table)(1) as Iterable<readonly Input[]>) {
          yield inputs.map((it) => (it.kind === 'reading' && it.time >= time ? { ...it, values: Array.from(it.values, (v) => v * 1.4) } : it)) // biome-ignore format: one line
        }
      })()
    const quiet = await noted(openSimulated({ ...ward, seed: 9 }, model.table)(1) as Iterable<readonly Input[]>)
    const cut = START + 100 * 60_000
    const [a, b] = [await noted(of(Number.POSITIVE_INFINITY)), await noted(of(cut))]
    const [whole, changed] = [minuteCharts(quiet, a, 24), minuteCharts(quiet, b, 24)]
    expect(whole.flatMap(({ starts }) => starts).length).toBeGreaterThan(0)
    whole.forEach(({ name, setting, starts }, i) => {
      const early = (of: typeof starts) => of.filter(({ time }) => time <= cut)
      expect(changed[i]!.setting, name).toBe(setting)
      expect(early(changed[i]!.starts), name).toEqual(early(starts))
    })
  })
})

it('a baseline is tuned on training and validation patients: nothing else goes into its setting', () => {
  const [train, validation] = [[1, 2].map((seed) => calm(seed, 400)), [3, 4].map((seed) => calm(seed, 400))]
  const practice = injectAll(validation, FAULT_GRID.slice(0, 8), [3])
  const tuned = tune(lastValue, train, validation, practice, 4)
  expect(lastValue.settings).toContainEqual(tuned.setting)
  // a scorer that was fitted holds nothing of what it scored before
  const [first, second] = [calm(5, 300), calm(6, 300)]
  const alone = tuned.scorer(first)
  tuned.scorer(second)
  expect(tuned.scorer(first)).toEqual(alone)
})
