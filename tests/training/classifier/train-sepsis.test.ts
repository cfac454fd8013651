import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SEPSIS_CHANNELS } from '../../../src/inference/hourly/sepsis-channels.ts'
import { verifyModel } from '../../../src/inference/open-engine.ts'
import { random } from '../../../src/random.ts'
import type { SepsisRecipe } from '../../../src/training/classifier/recipe.ts'
import { trainSepsis } from '../../../src/training/classifier/train-sepsis.ts'
import { sepsis } from '../../../src/training/recipes/sepsis.ts'

const small: SepsisRecipe = {
  ...sepsis,
  shape: { ...sepsis.shape, front: 8, hidden: 8 },
  members: 2,
  folds: 2,
  foldMembers: 1,
  fit: { ...sepsis.fit, epochs: 8, peakRate: 1e-2, warmupUpdates: 5, dropout: { front: 0, hidden: 0 } },
  lessons: { ...sepsis.lessons, batch: 16, drawn: 1, inputDropout: 0 },
}
const PATIENTS = 120

/** A made patient: every other one is septic from hour 10, and its heart beats fast from hour 3 on. */
function madePsv(patient: number, shift = 0): string {
  const { normal } = random(patient + 1)
  const septic = patient % 2 === 0
  const rows = Array.from({ length: 20 }, (_, t) => {
    const hr = (septic && t >= 3 ? 120 : 80) + 4 * normal() + shift
    const values = SEPSIS_CHANNELS.map(({ column }) =>
      column === 'HR' ? hr.toFixed(1) : column === 'ICULOS' ? t + 1 : column === 'Temp' ? (37 + normal() / 4).toFixed(2) : 'NaN',
    )
    return [...values, septic && t >= 10 ? 1 : 0].join('|')
  }) // biome-ignore format: one row
  return `${[[...SEPSIS_CHANNELS.map(({ column }) => column), 'SepsisLabel'].join('|'), ...rows].join('\n')}\n`
}

describe('training sepsis by the hour', { timeout: 90_000 }, () => {
  let dir: string
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'vigil-train-sepsis-'))
  })
  afterAll(() => rm(dir, { recursive: true }))

  async function made(name: string, changed = -1): Promise<string> {
    const data = await mkdtemp(join(dir, `${name}-`))
    for (let p = 0; p < PATIENTS; p++) {
      await writeFile(join(data, `p${100 + p}.psv`), madePsv(p, p === changed ? 40 : 0))
    }
    return data
  }
  const train = async (data: string, keep: string) => {
    const lines: string[] = []
    const log = (line: string) => void lines.push(line)
    const out = join(dir, `models-${lines.length}-${Math.random()}`)
    const options = { dataDirs: [data], out, engine: 'wasm' as const, seed: 3, keep: join(dir, keep), log }
    return { ...(await trainSepsis(small, options)), out, lines }
  }
  const networks = async (keep: string) =>
    new Set(
      await Promise.all(
        (await readdir(join(dir, keep))).map(async (file) =>
          (await readFile(join(dir, keep, file))).toString('base64'),
        ),
      ),
    )

  it('learns who is septic on patients it did not see, and ships a model that verifies itself', async () => {
    const { out, metrics } = await train(await made('a'), 'keep-a')
    const { network, clock } = metrics.crossValidated
    expect(metrics).toMatchObject({ patients: PATIENTS, septic: PATIENTS / 2, hours: PATIENTS * 20 })
    // all made patients keep the same hours, so the clock is good here; it cannot tell who is septic
    expect(network.auroc).toBeGreaterThan(clock.auroc + 0.03)
    expect(network.utility).toBeGreaterThan(0.7)
    const { manifest } = await verifyModel(out, 'sepsis@1.0.0')
    expect(manifest.training).toMatchObject({ patients: PATIENTS })
  })

  it('goes on with the networks that were finished, and ends the same', async () => {
    const data = await made('b')
    const first = await train(data, 'keep-b')
    const kept = await readdir(join(dir, 'keep-b'))
    expect(kept).toHaveLength(4)
    await rm(join(dir, 'keep-b', kept[0]!))
    const second = await train(data, 'keep-b')
    const files = (of: { dir: string }) => Promise.all(['model.onnx', 'golden.json'].map((f) => readFile(join(of.dir, f)))) // biome-ignore format: one line
    expect(await files(second)).toEqual(await files(first))
    expect(second.metrics.crossValidated).toEqual(first.metrics.crossValidated)
  })

  it('lets a patient of a fold touch nothing that is judged on that fold', async () => {
    await train(await made('c'), 'keep-c')
    await train(await made('d', 6), 'keep-d')
    const [before, after] = [await networks('keep-c'), await networks('keep-d')]
    expect(before.size).toBe(4)
    // one patient changed: the network judged on it is the same, the other fold's and both shipped ones are not
    expect([...after].filter((network) => before.has(network))).toHaveLength(1)
  })

  it('does without labels, or with too few septic patients, end in a coded error', async () => {
    const data = await mkdtemp(join(dir, 'few-'))
    await writeFile(join(data, 'p1.psv'), madePsv(0))
    await expect(train(data, 'keep-few')).rejects.toMatchObject({ code: 'data-missing' })
  })
})
