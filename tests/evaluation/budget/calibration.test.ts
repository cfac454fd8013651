import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SHIPPED_MODELS } from '../../../src/app.ts'
import { alarmed, calibrateThreshold } from '../../../src/evaluation/budget/calibration.ts'
import { evaluateBudget, openSimulated } from '../../../src/evaluation/budget/evaluate.ts'
import { alarmsStated, siteManifest, writeSiteVersion } from '../../../src/evaluation/budget/site-version.ts'
import { isAdvisory, isOwn, type WatchedModel } from '../../../src/evaluation/watched.ts'
import { type ModelBundle, openModel } from '../../../src/inference/model-store.ts'
import { openEngine, verifyModel } from '../../../src/inference/open-engine.ts'
import { SETTINGS } from '../../../src/ingest/simulator/settings.ts'
import { channelTable } from '../../../src/vitals/channels.ts'
import type { Episode } from '../../../src/vitals/episode.ts'

const quiet = () => {}
let model: WatchedModel
let bundle: ModelBundle

beforeAll(async () => {
  bundle = await openModel(SHIPPED_MODELS, 'bedside')
  const engine = await openEngine(bundle, { providers: ['cpu'], threads: 1, maxBatch: 64, inWorker: false })
  model = { manifest: bundle.manifest, engine, table: channelTable(bundle.manifest.declares), maxBatch: 64 }
})
afterAll(() => model.engine.close())

const wardOf = (beds: number, hours: number, episodes: Episode[] = []) =>
  openSimulated(
    { setting: SETTINGS.training, beds, hours, seed: 4, start: Date.UTC(2026, 0, 1, 10), episodes },
    channelTable(),
  )

describe('a threshold from recordings', () => {
  test('comes near the budget, is the same every time, and a looser budget gives a looser one', async () => {
    const open = wardOf(64, 0.06)
    const found = await calibrateThreshold(model, open, 150, quiet)
    expect(await calibrateThreshold(model, open, 150, quiet)).toEqual(found)
    expect(found.patients).toBe(64)
    expect(found.patientDays).toBeCloseTo((64 * 0.06) / 24, 1)
    const wanted = 150 * found.patientDays
    expect(Math.abs(found.alarms - wanted)).toBeLessThan(wanted / 3)
    expect((await calibrateThreshold(model, open, 400, quiet)).q).toBeGreaterThan(found.q)
    // what was said of the threshold is about what it does
    expect(Math.abs((await alarmed(model, found, open, 1)).alarms - found.alarms)).toBeLessThan(found.alarms / 3)
  }, 60_000)

  test('fewer than eight patients are all looked at, not a part of them', async () => {
    const passes: string[] = []
    await calibrateThreshold(model, wardOf(3, 0.05), 400, (line) => passes.push(line))
    expect(passes.slice(1).every((line) => line.endsWith('3 patients'))).toBe(true)
  })

  test('alarms in the recordings are counted and said', async () => {
    const bleeding: Episode[] = [1, 2, 3].map((bed) => ({ kind: 'haemorrhage', bed, at: 60, seconds: 600, size: 44 }))
    const [ill, calm] = [
      await alarmed(model, { q: 1e-6 }, wardOf(4, 0.25, bleeding), 1),
      await alarmed(model, { q: 1e-6 }, wardOf(4, 0.25), 1),
    ]
    expect(ill.limitAlarms).toBeGreaterThan(calm.limitAlarms)
    expect(alarmsStated({ ...ill, q: 1e-6, drift: 1 })).toContain(`Fixed limits alarmed ${ill.limitAlarms} times`)
  })

  test('recordings too short for one advisory at this budget are refused, and so is nothing at all', async () => {
    const short = calibrateThreshold(model, wardOf(1, 0.03), 1, quiet)
    await expect(short).rejects.toMatchObject({
      code: 'budget-unreachable',
      message: expect.stringContaining('needs 1'),
    })
    await expect(calibrateThreshold(model, () => [], 1, quiet)).rejects.toMatchObject({ code: 'budget-unreachable' })
  })

  test('a budget that no threshold reaches is refused', async () => {
    const many = calibrateThreshold(model, wardOf(2, 0.05), 1e6, quiet)
    await expect(many).rejects.toMatchObject({ code: 'budget-unreachable' })
  }, 60_000)
})

describe('a version of a site', () => {
  const found = {
    q: 2e-6,
    drift: 3,
    patients: 9,
    patientDays: 19.9,
    alarms: 21,
    drifts: 4,
    called: 18,
    limitAlarms: 4,
    technical: 2,
  }

  test('calls itself calibrated from 20 patient-days on, and not before', () => {
    const at = (patientDays: number) => siteManifest(bundle.manifest, 'x', 1, { ...found, patientDays })
    expect(at(19.99).calibration.calibrated).toBe(false)
    expect(at(20).calibration.calibrated).toBe(true)
    expect(at(20).policy).toEqual({ ...bundle.manifest.policy, q: 2e-6, drift: 3 })
    expect(at(20).graph).toEqual(bundle.manifest.graph)
  })

  test('is a version like any other: it proves itself, and its card says where the threshold is from', async () => {
    const registry = mkdtempSync(join(tmpdir(), 'vigil-site-'))
    try {
      const manifest = siteManifest(bundle.manifest, '1.0.0-ours', 1, found)
      const dir = await writeSiteVersion(registry, bundle, manifest, found)
      expect(existsSync(join(dir, 'SHA256SUMS'))).toBe(true)
      const opened = await verifyModel(registry, 'bedside@1.0.0-ours')
      const site = { budgetPerPatientDay: 1, patients: 9, patientDays: 19.9, alarms: 21 }
      expect(opened.manifest).toMatchObject({ site })
    } finally {
      rmSync(registry, { recursive: true })
    }
  })
})

test('the budget is about what the model says of patients: not limits, early-warning scores, silence or sensors', () => {
  const of = (detector: string, kind: 'advisory' | 'technical' | 'physiological') => ({
    kind,
    source: { detector, version: '1', thresholds: { set: 'a', version: '1' } },
  })
  expect(isAdvisory(of('bedside', 'advisory'))).toBe(true)
  expect(isAdvisory(of('sensors', 'technical'))).toBe(false)
  expect(isOwn(of('sensors', 'technical'))).toBe(true)
  for (const rule of ['limits', 'news2', 'signal']) expect(isOwn(of(rule, 'technical'))).toBe(false)
})

test('a budget is realised on a ward of the settings for evaluation, with other patients', async () => {
  const { result, minutes, advisories } = await evaluateBudget(
    model,
    { perDay: 300, calibrationBeds: 16, beds: 12, from: 'training', hours: 0.05, seed: 3 },
    quiet,
  )
  expect(result).toMatchObject({
    budget: 300,
    calibratedOn: { setting: 'training', patients: 16 },
    realisedOn: { patients: 12 },
  })
  expect(result.patientDays).toBeCloseTo(0.6 / 24, 2)
  const [low, high] = result.interval
  expect(result.realised).toBeGreaterThanOrEqual(low)
  expect(result.realised).toBeLessThanOrEqual(high)
  expect(minutes.patients).toHaveLength(12)
  expect(advisories).toHaveLength(result.realisedOn.advisories)
}, 120_000)
