import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { predictionFolder } from '../../src/evaluation/prediction-files.ts'
import { evaluateSepsis2019, type SepsisReport } from '../../src/evaluation/sepsis2019.ts'
import { SEPSIS_CHANNELS } from '../../src/inference/hourly/sepsis-channels.ts'
import type { ModelBundle } from '../../src/inference/model-store.ts'
import { random } from '../../src/random.ts'
import type { ClassifierManifest } from '../../src/vitals/classifier-manifest.ts'
import { madeClassifier } from './made-classifier.ts'

const COLUMNS = SEPSIS_CHANNELS.map(({ column }) => column)

/** A made patient: rows of text, a third of the values there. */
function madeRows(hours: number, seed: number): string[] {
  const { uniform } = random(seed)
  return Array.from({ length: hours }, (_, t) =>
    SEPSIS_CHANNELS.map(({ column, channel }) => {
      if (column === 'ICULOS') return String(t + 1)
      const [low, high] = channel.range
      return uniform() < 0.33 ? String(low + (0.1 + 0.3 * uniform()) * Math.min(high - low, 300)) : 'NaN'
    }).join('|'),
  )
}

const file = (rows: readonly string[], onset?: number): string =>
  [
    [...COLUMNS, ...(onset === undefined ? [] : ['SepsisLabel'])].join('|'),
    ...rows.map((row, t) => (onset === undefined ? row : `${row}|${t >= onset ? 1 : 0}`)),
    '',
  ].join('\n')

describe('evaluating sepsis by the hour', () => {
  let bundle: ModelBundle<ClassifierManifest>
  let dir: string
  let whole: { report: SepsisReport; predictions: Record<string, string[]> }
  const LENGTHS = [30, 1, 12, 45, 8, 20, 3, 26]

  beforeAll(async () => {
    bundle = await madeClassifier('sepsis-hour')
    dir = await mkdtemp(join(tmpdir(), 'vigil-sepsis-'))
    whole = await scored('whole', cohort(true))
  })
  afterAll(() => rm(dir, { recursive: true }))

  /** Scores files put into a folder of their own. */
  async function scored(name: string, files: Readonly<Record<string, string>>) {
    const [data, out] = [join(dir, name), join(dir, `${name}-predictions`)]
    await mkdir(data)
    for (const [patient, text] of Object.entries(files)) await writeFile(join(data, patient), text)
    const { report } = await evaluateSepsis2019(bundle, data, await predictionFolder(out))
    const predictions: Record<string, string[]> = {}
    for (const patient of await readdir(out)) {
      predictions[patient] = (await readFile(join(out, patient), 'utf8')).trimEnd().split('\n')
    }
    return { report, predictions }
  }
  const cohort = (label: boolean) =>
    Object.fromEntries(
      LENGTHS.map((hours, i) => [`p${i}.psv`, file(madeRows(hours, i), label ? (i % 3 === 0 ? 10 : 1e9) : undefined)]),
    )

  it('writes a row an hour for every patient, as the official scorer reads them', () => {
    expect(Object.keys(whole.predictions).sort()).toEqual(LENGTHS.map((_, i) => `p${i}.psv`))
    LENGTHS.forEach((hours, i) => {
      const [header, ...rows] = whole.predictions[`p${i}.psv`]!
      expect(header).toBe('PredictedProbability|PredictedLabel')
      expect(rows).toHaveLength(hours)
      const pairs = rows.map((row) => row.split('|').map(Number) as [number, number])
      for (const [probability, label] of pairs) {
        expect(probability).toBeGreaterThan(0)
        expect(probability).toBeLessThan(1)
        expect([0, 1]).toContain(label)
      }
      // the scorer refuses an alarm at a probability that is no higher than a silent hour's
      const fired = pairs.filter(([, label]) => label === 1).map(([p]) => p)
      const silent = pairs.filter(([, label]) => label === 0).map(([p]) => p)
      if (fired.length > 0 && silent.length > 0) expect(Math.min(...fired)).toBeGreaterThan(Math.max(...silent))
    })
  })

  it('reports every key of the contract', () => {
    expect(whole.report).toMatchObject({ labels: true, patients: 8, hours: 145, septicPatients: 2 })
    for (const key of ['utility', 'auroc', 'auprc', 'clockOnlyUtility'] as const) {
      expect(whole.report[key]).toEqual(expect.any(Number))
    }
  })

  it('never changes a past hour when the future does, and scores a stream hour by hour as the whole file', async () => {
    const cut = Object.fromEntries(
      LENGTHS.map((hours, i) => {
        const kept = Math.max(1, hours >> 1)
        return [`p${i}.psv`, file([...madeRows(hours, i).slice(0, kept), ...madeRows(5, 100 + i)], 1e9)]
      }),
    )
    const changed = await scored('cut', cut)
    LENGTHS.forEach((hours, i) => {
      const kept = Math.max(1, hours >> 1)
      const patient = `p${i}.psv`
      expect(changed.predictions[patient]!.slice(0, kept + 1)).toEqual(whole.predictions[patient]!.slice(0, kept + 1))
    })
  })

  it('says the same of a patient alone, in other company and in another order', async () => {
    const alone = await scored('alone', { 'p3.psv': cohort(true)['p3.psv']! })
    expect(alone.predictions['p3.psv']).toEqual(whole.predictions['p3.psv'])
    const turned = Object.fromEntries(Object.entries(cohort(true)).map(([name, text]) => [`a${9 - Number(name[1])}.psv`, text]))
    const report = (await scored('turned', turned)).report
    expect(report.utility).toBeCloseTo(whole.report.utility!, 12)
    expect(report.auroc).toBeCloseTo(whole.report.auroc!, 12)
  }) // biome-ignore format: the renaming

  it('does not read the labels: without them the predictions are the same, and there is no metric', async () => {
    const { report, predictions } = await scored('unlabelled', cohort(false))
    expect(predictions).toEqual(whole.predictions)
    expect(report).toMatchObject({ labels: false, utility: null, auroc: null, auprc: null, clockOnlyUtility: null, patients: 8 })
  }) // biome-ignore format: the keys

  it('scores rows in which nothing was measured, and counts what it leaves out', async () => {
    const empty = file([COLUMNS.map(() => 'NaN').join('|'), COLUMNS.map(() => '').join('|')], 1e9)
    const { report, predictions } = await scored('odd', { 'p1.psv': empty, 'p2.psv': '' })
    expect(predictions['p1.psv']).toHaveLength(3)
    expect(report.faults.files).toBe(1)
    expect(report.utility).toBeNaN()
  })

  it('refuses the model of another benchmark', async () => {
    const other = await madeClassifier('icu-48h')
    await expect(evaluateSepsis2019(other, dir)).rejects.toMatchObject({ code: 'usage' })
  })
})
