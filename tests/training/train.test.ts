import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openModel } from '../../src/inference/model-store.ts'
import { openEngine } from '../../src/inference/open-engine.ts'
import { readOnnx } from '../../src/onnx/read.ts'
import { recalibrate } from '../../src/training/recalibrate.ts'
import type { Recipe } from '../../src/training/recipe.ts'
import { bedside } from '../../src/training/recipes/bedside.ts'
import { encdec } from '../../src/training/recipes/encdec.ts'
import { mortality } from '../../src/training/recipes/mortality.ts'
import { RECIPES } from '../../src/training/recipes/recipes.ts'
import { sepsis } from '../../src/training/recipes/sepsis.ts'
import { trajectory } from '../../src/training/recipes/trajectory.ts'
import { type Trained, trainRecipe } from '../../src/training/train.ts'
import { bidmcCsv, swingingStay } from './made-stays.ts'

const names = (from: number, count: number) => Array.from({ length: count }, (_, i) => `made_${from + i}`)
const swing: Recipe = {
  ...bedside,
  name: 'swing',
  version: '1.0.0',
  channels: ['hr', 'spo2'],
  horizons: [1, 4],
  hidden: 12,
  warmupSteps: 20,
  split: { train: names(0, 6), validation: names(6, 2), calibration: names(8, 3), test: names(11, 2) },
  augmentation: { ...bedside.augmentation, variations: [{ channels: ['hr'], shift: 5, stretch: 0.1 }] },
  fit: { ...bedside.fit, chunk: 60, epochs: 60, peakRate: 1e-2, validateEvery: 10, dropout: 0 },
}

describe('training a recipe', () => {
  let data: string
  let out: string
  let trained: Trained
  const log: string[] = []
  const train = (seed: number, dir: string, epochs?: number) =>
    trainRecipe(swing, {
      dataDirs: [data],
      out: dir,
      engine: 'wasm',
      seed,
      log: (line) => log.push(line),
      ...(epochs === undefined ? {} : { epochs }),
    })

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'vigil-data-'))
    out = await mkdtemp(join(tmpdir(), 'vigil-models-'))
    for (const [i, name] of Object.values(swing.split).flat().entries()) {
      await writeFile(join(data, `${name}_Numerics.csv`), bidmcCsv(swingingStay(name, 240, i + 1)))
    }
    trained = await train(1, out)
  }, 180_000)

  afterAll(async () => {
    await rm(data, { recursive: true })
    await rm(out, { recursive: true })
  })

  it('learns a movement that the last value cannot foresee', () => {
    const { model, lastValue } = trained.metrics.heldOut
    expect(model[1]![0]).toBeLessThan(lastValue[1]![0]! - 0.3)
  })

  it('writes a bundle that the registry opens and the step engine serves, golden steps and all', async () => {
    const bundle = await openModel(out, `swing@${swing.version}`)
    expect(bundle.manifest).toEqual(trained.manifest)
    const engine = await openEngine(bundle, { providers: ['cpu'], threads: 1, maxBatch: 8, inWorker: false })
    await engine.close()
    expect(trained.metrics.parity).toBeLessThanOrEqual(1e-5)
  })

  it('lists the checksums as sha256sum does', async () => {
    const lines = (await readFile(join(trained.dir, 'SHA256SUMS'), 'utf8')).trim().split('\n')
    expect(lines).toHaveLength(5)
    for (const line of lines) {
      const [sum, name] = line.split('  ')
      expect(
        createHash('sha256')
          .update(await readFile(join(trained.dir, name!)))
          .digest('hex'),
      ).toBe(sum)
    }
  })

  it('calibrates on all but the test stays: a tail per test from the maxima of their minutes', () => {
    const { calibration } = trained.manifest
    expect(calibration).toMatchObject({ calibrated: false, patients: 11 })
    expect(calibration.tails.residual.map((of) => of.length)).toEqual([2, 2])
    expect(calibration.tails.leap).toHaveLength(2)
    for (const table of [...calibration.tails.residual.flat(), ...calibration.tails.leap, ...calibration.tails.joint]) {
      // stays of four minutes that begin on a minute, less 20 s of warm-up
      expect(table.n).toBe(44)
      expect(table.probabilities.at(-1)!).toBeGreaterThanOrEqual(8 / 44 - 1e-12)
    }
    expect(calibration.minutes).toBe(44)
    expect(calibration.covariance[0]![0]![1]).toBe(calibration.covariance[0]![1]![0])
  })

  it('is calibrated anew, without being trained, to the same figures; and to others where the policy is another', async () => {
    const options = { dataDirs: [data], out, engine: 'wasm', seed: 1, log: () => {} } as const
    const id = `swing@${swing.version}`
    const again = await recalibrate({ ...swing, version: '1.0.1' }, id, options)
    const { sha256 } = again.manifest.graph
    expect(again.manifest).toEqual({
      ...trained.manifest,
      version: '1.0.1',
      graph: { ...trained.manifest.graph, sha256 },
    })
    expect(again.metrics).toEqual(JSON.parse(JSON.stringify(trained.metrics)))
    const bytes = (dir: string, file: string) => readFile(join(dir, file))
    expect(await bytes(again.dir, 'golden.json')).toEqual(await bytes(trained.dir, 'golden.json'))
    // the same network, whose metadata says what it is now
    const [graph, before] = [
      readOnnx(await bytes(again.dir, 'model.onnx')),
      readOnnx(await bytes(trained.dir, 'model.onnx')),
    ]
    expect(graph).toEqual({ ...before, metadata: { ...before.metadata, version: '1.0.1' } })
    const stricter = { ...swing, version: '1.0.2', policy: { ...swing.policy, q: 1e-4 } }
    const { manifest } = await recalibrate(stricter, id, options)
    expect(manifest.policy.q).toBe(1e-4)
    expect({ ...manifest.graph, sha256 }).toEqual({ ...trained.manifest.graph, sha256 })
    await expect(recalibrate(swing, 'swing@9', options)).rejects.toMatchObject({ code: 'model-not-found' })
  })

  it('puts the held-out figures beside the baselines in the card', async () => {
    const card = await readFile(join(trained.dir, 'card.md'), 'utf8')
    expect(card).toContain('| horizon | channel | LSTM | last value | autoregression | order |')
    expect(card).toContain('**Not for.**')
    expect(card).toContain('<svg')
    expect(card).not.toMatch(/NaN|undefined/)
  })

  it('gives the same figures again from the same seed, and others from another', async () => {
    const weightless = ({ manifest, metrics }: Trained) => ({
      degrees: manifest.degreesOfFreedom,
      calibration: manifest.calibration,
      learning: metrics.learning,
    })
    const again = await mkdtemp(join(tmpdir(), 'vigil-again-'))
    const first = weightless(await train(7, join(again, 'a'), 10))
    expect(weightless(await train(7, join(again, 'b'), 10))).toEqual(first)
    expect(weightless(await train(8, join(again, 'c'), 10))).not.toEqual(first)
    await rm(again, { recursive: true })
  }, 180_000)

  it('names the file it lacks', async () => {
    const recipe = { ...swing, split: { ...swing.split, test: ['made_99'] } }
    const training = trainRecipe(recipe, { dataDirs: [data], out, engine: 'wasm', seed: 1, log: () => {} })
    await expect(training).rejects.toMatchObject({
      code: 'data-missing',
      message: 'made_99_Numerics.csv is in none of the data folders',
    })
  })

  it('refuses a stay that would judge what was learnt from it', async () => {
    const recipe = { ...swing, split: { ...swing.split, test: names(5, 2) } }
    const training = trainRecipe(recipe, { dataDirs: [data], out, engine: 'wasm', seed: 1, log: () => {} })
    await expect(training).rejects.toMatchObject({ code: 'data-unfit', message: 'a stay is in two parts of the split' })
  })
})

describe('the bedside recipe', () => {
  it('keeps every patient on one side of the split', () => {
    const all = Object.values(bedside.split).flat()
    expect(new Set(all).size).toBe(all.length)
    // segments of one patient, by the publisher's Fix files
    for (const patient of [
      ['bidmc_06', 'bidmc_07', 'bidmc_08'],
      ['bidmc_20', 'bidmc_21', 'bidmc_23'],
    ]) {
      const sides = Object.values(bedside.split).filter((side) => patient.some((name) => side.includes(name)))
      expect(sides).toHaveLength(1)
    }
  })

  it('has every recipe listed under its name', () => {
    const names = [bedside, encdec, mortality, sepsis, trajectory].map(({ name }) => name)
    expect(Object.keys(RECIPES)).toEqual([...names, 'ward'])
  })
})
