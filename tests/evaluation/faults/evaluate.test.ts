import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SHIPPED_MODELS } from '../../../src/app.ts'
import { evaluateFaults, type FaultsEvaluation, type FaultsResult } from '../../../src/evaluation/faults/evaluate.ts'
import { FAULT_KINDS } from '../../../src/evaluation/faults/grid.ts'
import { C, type Recording } from '../../../src/evaluation/faults/recording.ts'
import { faultsTable } from '../../../src/evaluation/faults/table.ts'
import type { WatchedModel } from '../../../src/evaluation/watched.ts'
import { openModel } from '../../../src/inference/model-store.ts'
import { openEngine } from '../../../src/inference/open-engine.ts'
import { channelTable } from '../../../src/vitals/channels.ts'
import { calm } from './made-recording.ts'

/** a recording as PhysioNet publishes BIDMC numerics */
function csv({ seconds, values }: Recording): string {
  const rows = Array.from({ length: seconds }, (_, i) => {
    const [hr, pulse, spo2, resp] = values.subarray(i * C, i * C + C)
    return `${i},${hr},${pulse},${resp},${spo2}`
  })
  return `Time [s], HR, PULSE, RESP, SpO2\n${rows.join('\n')}\n`
}

const root = mkdtempSync(join(tmpdir(), 'vigil-faults-'))
let model: WatchedModel
let evaluation: FaultsEvaluation
let result: FaultsResult

beforeAll(async () => {
  const bundle = await openModel(SHIPPED_MODELS, 'bedside')
  const engine = await openEngine(bundle, { providers: ['cpu'], threads: 1, maxBatch: 256, inWorker: false })
  model = { manifest: bundle.manifest, engine, table: channelTable(bundle.manifest.declares), maxBatch: 256 }
  const { train, validation } = bundle.manifest.training.split
  mkdirSync(join(root, 'bidmc_csv'))
  // two that the model knows nothing of: not even its test patients
  ;[...train, ...validation, 'bidmc_90', 'bidmc_91'].forEach((name, i) => {
    writeFileSync(join(root, 'bidmc_csv', `${name}_Numerics.csv`), csv(calm(i + 1, 240)))
  })
  evaluation = await evaluateFaults(model, root, 10, () => {})
  result = evaluation.result
}, 180_000)
afterAll(async () => {
  await model.engine.close()
  rmSync(root, { recursive: true })
})

describe('faults in recordings nothing was tuned on', () => {
  test('only patients that the manifest does not name, found in the folder as published', () => {
    expect(result.patients).toEqual(['bidmc_90', 'bidmc_91'])
    expect(result.patientHours).toBeCloseTo((2 * 180) / 3600, 3)
    expect(result.faults).toBeGreaterThan(100)
  })

  test('every detector keeps the same false alarms: one in six minutes', () => {
    expect(Object.keys(result.detectors)).toEqual([
      ...['vigil', 'clock', 'last-value', 'limits', 'news2', 'ewma', 'robust-z', 'pca', 'ar'],
    ])
    for (const [name, { falseAlarms, sensitivity, interval }] of Object.entries(result.detectors)) {
      expect(falseAlarms, name).toBeLessThanOrEqual(1)
      expect(sensitivity, name).toBeGreaterThan(0)
      expect(interval[0], name).toBeLessThanOrEqual(sensitivity)
      expect(interval[1], name).toBeGreaterThanOrEqual(sensitivity)
    }
  })

  test('the overall share is the sum of the kinds', () => {
    expect(Object.keys(result.byFault)).toEqual([...FAULT_KINDS])
    // a monitor that has the alarm for a gap finds nearly every one that lasts
    expect(result.byFault['drop-out']!['ar']!.sensitivity).toBeGreaterThan(0.8)
    // none of the drifts fits a recording of four minutes
    expect(result.byFault['drift']!['vigil']!.sensitivity).toBeNull()
    const found = Object.values(result.codes).reduce((sum, count) => sum + count, 0)
    expect(found / result.faults).toBeCloseTo(result.detectors['vigil']!.sensitivity, 3)
  })

  test('a table for people has a line for each', () => {
    const table = faultsTable(result)
    for (const name of [...Object.keys(result.detectors), ...FAULT_KINDS]) expect(table).toContain(name)
    expect(table).not.toMatch(/NaN|undefined/)
  })
})

test('a folder whose every recording made the model is refused', async () => {
  const { train } = model.manifest.training.split
  const folder = join(root, 'known')
  mkdirSync(folder)
  writeFileSync(join(folder, `${train[0]}_Numerics.csv`), csv(calm(1, 240)))
  await expect(evaluateFaults(model, folder, 4, () => {})).rejects.toMatchObject({ code: 'data-missing' })
})
