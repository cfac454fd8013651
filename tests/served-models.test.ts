import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openWard } from '../src/app.ts'
import { createLog, type Log } from '../src/log.ts'
import { random } from '../src/random.ts'
import { sha256, writeBundle } from '../src/training/bundle.ts'
import { classifierManifest, classifierMetadata } from '../src/training/classifier/bundle.ts'
import { firstClassifier } from '../src/training/classifier/shape.ts'
import { HEADINGS } from '../src/training/classifier/trajectory.ts'
import { exportClassifier } from '../src/training/onnx/export-classifier.ts'
import { trajectory } from '../src/training/recipes/trajectory.ts'
import { ReconstructorManifest } from '../src/vitals/reconstructor-manifest.ts'
import { Settings } from '../src/vitals/settings.ts'
import { countingTelemetry } from './stream/real-ward.ts'

describe('models that a ward cannot serve', () => {
  let dir: string
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'vigil-served-'))
    await cp('models/bedside', join(dir, 'bedside'), { recursive: true })
    await cp('models/encdec', join(dir, 'encdec'), { recursive: true })
  })
  afterAll(() => rm(dir, { recursive: true }))

  const open = (...serve: string[]) =>
    openWard({
      settings: Settings.parse({ models: { dir, serve }, inference: { providers: ['cpu'], threads: 1 } }),
      telemetry: countingTelemetry().telemetry,
      log: createLog('error'),
    })

  it('a classifier of several classes is refused by name, before anything is watched', async () => {
    const { shape } = trajectory
    const members = [firstClassifier(shape, 1, random(1))]
    const x = Float32Array.from({ length: 4 * shape.inputs }, random(2).normal)
    const kind = 'icu-48h' as const
    const { onnx, golden } = await exportClassifier(shape, members, x, 4, classifierMetadata(trajectory, { kind }))
    const manifest = classifierManifest(trajectory, {
      kind,
      scale: { centre: new Array(shape.inputs).fill(0), scale: new Array(shape.inputs).fill(1), clip: 4 },
      asked: 'every-row',
      classes: HEADINGS,
      threshold: 0,
      slope: 1,
      intercept: 0,
      clock: [],
      onnx,
      seed: 1,
      dataSha256: '0'.repeat(64),
      patients: 1,
      updates: 1,
      engine: 'none',
    })
    await writeBundle(join(dir, 'trajectory', '1.0.0'), { manifest, onnx, golden, metrics: {}, card: '' })
    await expect(open('bedside@1.0.0', 'trajectory@1.0.0')).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining('trajectory@1.0.0 answers with classes'),
    })
  })

  it('a second opinion on frames of another length is refused; one on the same is served', async () => {
    const served = await open('bedside@1.0.0', 'encdec@1.0.0')
    expect(served.models.map(({ name }) => name)).toEqual(['bedside', 'encdec'])
    await served.close()
    const folder = join(dir, 'encdec', '1.0.0')
    const manifest = ReconstructorManifest.parse(JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')))
    const slow = JSON.stringify({ ...manifest, grid: { ...manifest.grid, cadenceSeconds: 60 } })
    const sums = await readFile(join(folder, 'SHA256SUMS'), 'utf8')
    await writeFile(join(folder, 'manifest.json'), slow)
    await writeFile(join(folder, 'SHA256SUMS'), sums.replace(/.*manifest\.json/, `${sha256(slow)}  manifest.json`))
    await expect(open('bedside@1.0.0', 'encdec@1.0.0')).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining('reads 60 s frames'),
    })
  })

  it('more workers than cores are as many as cores, and the log says so', async () => {
    const started: unknown[] = []
    const note = (worker: unknown) => started.push(worker)
    const warnings: unknown[][] = []
    const log = { ...createLog('error'), warn: (...said: unknown[]) => void warnings.push(said), info: () => {} }
    process.on('worker', note)
    const served = await openWard({
      settings: Settings.parse({ models: { serve: ['bedside'] }, inference: { workers: 64 } }),
      telemetry: countingTelemetry().telemetry,
      log: log as unknown as Log,
    })
    process.off('worker', note)
    await served.close()
    const cores = availableParallelism()
    expect(started.length).toBe(cores)
    expect(warnings).toEqual([[{ wanted: 64, cores }, expect.stringContaining('inference.workers')]])
  })
})
