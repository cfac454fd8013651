import { readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { listModels, type ModelBundle, openModel } from '../../src/inference/model-store.ts'
import { sha256 } from '../../src/training/bundle.ts'
import { ODD, testBundle, testModel, writeRegistry } from './test-model.ts'

const bundle = testBundle(testModel(ODD), 20)

/** A registry whose files were changed after they were registered, their checksums with them. */
async function registryWith(change: (folder: string) => Promise<void>, honest = true): Promise<string> {
  const dir = await writeRegistry(bundle)
  const folder = join(dir, 'test', '1.0.0')
  await change(folder)
  if (honest) {
    const sums = await readFile(join(folder, 'SHA256SUMS'), 'utf8')
    const lines = sums
      .trim()
      .split('\n')
      .map(async (line) => {
        const file = line.slice(66)
        return `${sha256(await readFile(join(folder, file)))}  ${file}\n`
      })
    await writeFile(join(folder, 'SHA256SUMS'), (await Promise.all(lines)).join(''))
  }
  return dir
}

const editManifest = (edit: (manifest: Record<string, unknown>) => void) =>
  registryWith(async (folder) => {
    const manifest = structuredClone(bundle.manifest) as unknown as Record<string, unknown>
    edit(manifest)
    await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest))
  })

const refusal = (dir: string, id = 'test'): Promise<{ code: string; message: string; place: string }> =>
  openModel(dir, id).then(
    () => Promise.reject(new Error('it was opened')),
    (error) => error,
  )

describe('model registry', () => {
  test('a model opens by name (its champion), by version and by alias', async () => {
    const dir = await writeRegistry(bundle)
    const byName: ModelBundle = await openModel(dir, 'test')
    expect(byName.manifest).toEqual(bundle.manifest)
    expect(byName.golden).toEqual(bundle.golden)
    expect(Buffer.from(byName.onnx)).toEqual(Buffer.from(bundle.onnx))
    expect((await openModel(dir, 'test@1.0.0')).dir).toBe(byName.dir)
    expect((await openModel(dir, 'test@champion')).dir).toBe(byName.dir)
    expect(await listModels(dir)).toEqual([
      { name: 'test', version: '1.0.0', aliases: ['champion'], dir: join(dir, 'test', '1.0.0') },
    ])
  })

  test('an empty or absent registry lists nothing', async () => {
    expect(await listModels(join(await writeRegistry(bundle), 'nowhere'))).toEqual([])
  })

  test.each(['other', 'test@2.0.0', 'test@1.0.0@x', '../test', 'test@../1.0.0', ''])('no model %j', async (id) => {
    expect(await refusal(await writeRegistry(bundle), id)).toMatchObject({ code: 'model-not-found' })
  })

  test('an unknown version is refused with the versions there are', async () => {
    expect((await refusal(await writeRegistry(bundle), 'test@2.0.0')).message).toContain('only 1.0.0')
  })

  test('a graph cut in half is corrupt, and the file is named', async () => {
    const dir = await registryWith((folder) => truncate(join(folder, 'model.onnx'), bundle.onnx.length >> 1), false)
    expect(await refusal(dir)).toMatchObject({ code: 'model-corrupt', place: join(dir, 'test', '1.0.0', 'model.onnx') })
  })

  test('a graph cut in half and registered so is still not the graph of the manifest', async () => {
    const dir = await registryWith((folder) => truncate(join(folder, 'model.onnx'), bundle.onnx.length >> 1))
    expect(await refusal(dir)).toMatchObject({
      code: 'model-corrupt',
      message: expect.stringContaining('graph.sha256'),
    })
  })

  test.each(['model.onnx', 'manifest.json', 'golden.json', 'card.md', 'metrics.json', 'SHA256SUMS'])(
    'without %s it is corrupt',
    async (file) => {
      const dir = await registryWith((folder) => rm(join(folder, file)), false)
      expect(await refusal(dir)).toMatchObject({ code: 'model-corrupt', message: `${file} is missing` })
    },
  )

  test('a file that SHA256SUMS does not list is not trusted', async () => {
    const dir = await registryWith((folder) => writeFile(join(folder, 'SHA256SUMS'), ''), false)
    expect((await refusal(dir)).message).toContain('does not list')
  })

  test('a manifest of another layout version fails with path, rule and value', async () => {
    const dir = await editManifest((manifest) => {
      manifest.manifestVersion = 3
    })
    const error = await refusal(dir)
    expect(error.code).toBe('manifest-invalid')
    expect(error.message).toMatch(/^manifestVersion: .*2.*, not 3$/)
  })

  test('an unknown key fails and is named', async () => {
    const dir = await editManifest((manifest) => {
      manifest.treshold = 1
    })
    expect(await refusal(dir)).toMatchObject({ code: 'manifest-invalid', message: expect.stringContaining('treshold') })
  })

  test.each<[string, Partial<typeof bundle.manifest>]>([
    ['normaliser.centre', { normaliser: { ...bundle.manifest.normaliser, centre: [0] } }],
    ['degreesOfFreedom', { horizons: [1, 10] }],
    ['graph.features', { channels: ['hr'] }],
  ])('%s of another length than the channels and horizons ask for', async (path, change) => {
    const dir = await editManifest((manifest) => Object.assign(manifest, change))
    const error = await refusal(dir)
    expect(error.code).toBe('manifest-invalid')
    expect(error.message).toContain(`${path}: `)
  })

  test('a channel that is neither built in nor declared is refused by its name', async () => {
    const dir = await editManifest((manifest) => {
      manifest.channels = ['hr', 'pulse', 'mood']
    })
    expect(await refusal(dir)).toMatchObject({
      code: 'manifest-invalid',
      message: 'channels.2: "mood" is neither built in nor declared',
    })
  })

  test('a declared channel that means something else already is refused', async () => {
    const dir = await editManifest((manifest) => {
      manifest.declares = [
        {
          name: 'hr',
          label: 'HR',
          meaning: 'another',
          unit: 'Hz',
          range: [0, 9],
          resolution: 0.1,
          cadence: 'continuous',
        },
      ]
    })
    expect(await refusal(dir)).toMatchObject({
      code: 'manifest-invalid',
      message: expect.stringContaining('channel "hr" is built in'),
    })
  })

  test('a version filed under another name is refused', async () => {
    const dir = await editManifest((manifest) => {
      manifest.version = '1.0.1'
    })
    expect((await refusal(dir)).message).toContain('is of test@1.0.1, filed as test@1.0.0')
  })

  test('what is not JSON is refused with its place', async () => {
    const dir = await registryWith((folder) => writeFile(join(folder, 'golden.json'), '{"x": ['))
    expect(await refusal(dir)).toMatchObject({
      code: 'manifest-invalid',
      place: join(dir, 'test', '1.0.0', 'golden.json'),
    })
  })
})
