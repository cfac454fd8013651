import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openClassifier, openModel, openReconstructor } from '../../../src/inference/model-store.ts'
import { verifyModel } from '../../../src/inference/open-engine.ts'
import type { EncdecMetrics } from '../../../src/training/encdec/card.ts'
import type { TranslationRecipe } from '../../../src/training/encdec/recipe.ts'
import { trainEncdec } from '../../../src/training/encdec/train-encdec.ts'
import { encdec } from '../../../src/training/recipes/encdec.ts'
import { bidmcCsv, swingingStay } from '../made-stays.ts'

const names = (from: number, count: number) => Array.from({ length: count }, (_, i) => `made_${from + i}`)
const swing: TranslationRecipe = {
  ...encdec,
  name: 'swing-encdec',
  channels: ['hr', 'spo2'],
  hidden: 10,
  window: 16,
  stride: 4,
  scored: 8,
  trainStride: 8,
  split: { train: names(0, 5), validation: names(5, 2), calibration: names(7, 2), test: names(9, 2) },
  augmentation: { variations: [{ channels: ['hr'], shift: 5, stretch: 0.1 }], dropped: 0.05, dropLength: 4 },
  fit: { ...encdec.fit, epochs: 30, batch: 16, peakRate: 1e-2, validateEvery: 5 },
}

describe('training an encoder-decoder', { timeout: 60_000 }, () => {
  let dir: string
  let metrics: EncdecMetrics
  const train = (out: string, seed = 1, epochs?: number) =>
    trainEncdec(swing, {
      dataDirs: [dir],
      out: join(dir, out),
      engine: 'cpu',
      seed,
      log: () => {},
      ...(epochs === undefined ? {} : { epochs }),
    })
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'vigil-encdec-'))
    for (const [i, name] of Object.values(swing.split).flat().entries()) {
      await writeFile(join(dir, `${name}_Numerics.csv`), bidmcCsv(swingingStay(name, 120, i + 1)))
    }
    ;({ metrics } = await train('models'))
  }, 60_000)
  afterAll(() => rm(dir, { recursive: true }))

  it('learns to say a window again that its newest frame alone does not hold', () => {
    expect(metrics.heldOutError.network).toBeLessThan(0.8 * metrics.heldOutError.newestFrame)
  })

  it('writes a version that the registry opens as what it is, and the step engine serves', async () => {
    const { manifest } = await openReconstructor(join(dir, 'models'), 'swing-encdec@1.0.0')
    expect(manifest).toMatchObject({ task: 'reconstruct', window: 16, stride: 4, channels: ['hr', 'spo2'] })
    await verifyModel(join(dir, 'models'), 'swing-encdec@1.0.0')
    for (const open of [openModel, openClassifier]) {
      await expect(open(join(dir, 'models'), 'swing-encdec@1.0.0')).rejects.toMatchObject({
        code: 'manifest-invalid',
        message: expect.stringContaining('is of a reconstructor'),
      })
    }
  })

  it('says in its card how long its units remember, and what it is worth', async () => {
    const card = await readFile(join(dir, 'models', 'swing-encdec', '1.0.0', 'card.md'), 'utf8')
    expect(card).toMatch(/Memory half-lives of the encoder's units .*: \d+\.\d \/ \d+\.\d \/ \d+\.\d\./)
    expect(card).not.toMatch(/NaN|undefined/)
    expect(metrics.halfLives).toHaveLength(10)
  })

  it('gives the same figures again from the same seed, and others from another', async () => {
    const learnt = async (out: string, seed: number) => (await train(out, seed, 5)).metrics.learning
    const first = await learnt('first', 7)
    expect(await learnt('again', 7)).toEqual(first)
    expect(await learnt('other', 8)).not.toEqual(first)
  })

  it('is refused where its window is no whole number of strides', async () => {
    const bent = { ...swing, window: 18, name: 'bent' }
    const { dir: made } = await trainEncdec(bent, { dataDirs: [dir], out: join(dir, 'bent'), engine: 'cpu', seed: 1, log: () => {}, epochs: 1 }) // biome-ignore format: one line
    expect(made).toContain('bent')
    await expect(verifyModel(join(dir, 'bent'), 'bent@1.0.0')).rejects.toMatchObject({ code: 'manifest-invalid' })
  })
})
