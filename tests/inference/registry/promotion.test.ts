import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { listModels, openModel } from '../../../src/inference/model-store.ts'
import { readAliases } from '../../../src/inference/registry/aliases.ts'
import { challenge, promote, rollback } from '../../../src/inference/registry/promotion.ts'
import { freeVersion, nextVersion } from '../../../src/inference/registry/versions.ts'
import { writeBundle } from '../../../src/training/bundle.ts'
import { ODD, testBundle, testModel, writeRegistry } from '../test-model.ts'

const bundle = testBundle(testModel(ODD), 5)
const DIST = new URL('../../../dist/inference/registry/', import.meta.url).href

describe('promotion', () => {
  let registry: string
  const add = (version: string) =>
    writeBundle(join(registry, 'test', version), {
      ...bundle,
      manifest: { ...bundle.manifest, version },
      metrics: {},
      card: '# test\n',
    })
  const aliases = async () => (await readAliases(registry))['test']

  beforeEach(async () => {
    registry = await writeRegistry(bundle)
    await add('1.1.0')
    await writeFile(
      join(registry, 'aliases.json'),
      JSON.stringify({ test: { champion: '1.0.0' }, other: { champion: '3' } }),
    )
  })
  afterEach(() => rm(registry, { recursive: true }))

  it('names the new champion, keeps the old one as previous, and touches no other model', async () => {
    await challenge(registry, 'test', '1.1.0')
    expect(await aliases()).toEqual({ champion: '1.0.0', challenger: '1.1.0' })
    expect(await promote(registry, 'test', '1.1.0')).toEqual({ champion: '1.1.0', previous: '1.0.0' })
    expect((await openModel(registry, 'test')).manifest.version).toBe('1.1.0')
    expect(await readAliases(registry)).toMatchObject({ other: { champion: '3' } })
  })

  it('of the champion itself changes nothing, so that a rollback still goes back', async () => {
    await promote(registry, 'test', '1.1.0')
    await promote(registry, 'test', '1.1.0')
    expect(await aliases()).toEqual({ champion: '1.1.0', previous: '1.0.0' })
  })

  it('is undone by a rollback, and the rollback by another', async () => {
    await promote(registry, 'test', '1.1.0')
    expect(await rollback(registry, 'test')).toEqual({ champion: '1.0.0', previous: '1.1.0' })
    expect(await rollback(registry, 'test')).toEqual({ champion: '1.1.0', previous: '1.0.0' })
  })

  it('has nothing to go back to before the first', async () => {
    await expect(rollback(registry, 'test')).rejects.toMatchObject({ code: 'model-not-found' })
  })

  it('of a version with a wrong checksum is refused, and the champion stays', async () => {
    await truncate(join(registry, 'test', '1.1.0', 'model.onnx'), 100)
    await expect(promote(registry, 'test', '1.1.0')).rejects.toMatchObject({ code: 'model-corrupt' })
    expect(await aliases()).toEqual({ champion: '1.0.0' })
  })

  it('of a version that is not there is refused, and the champion stays', async () => {
    await expect(promote(registry, 'test', '9.9.9')).rejects.toMatchObject({ code: 'model-not-found' })
    expect(await aliases()).toEqual({ champion: '1.0.0' })
  })

  it('keeps every version: none is changed, none is taken away', async () => {
    await expect(add('1.1.0')).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('never changed'),
    })
    await promote(registry, 'test', '1.1.0')
    await rollback(registry, 'test')
    expect((await listModels(registry)).map(({ version }) => version)).toEqual(['1.0.0', '1.1.0'])
  })

  it('by two processes at once is two promotions one after the other, or one refusal', async () => {
    await add('1.2.0')
    const child = (version: string) => {
      const code = `const { promote } = await import(${JSON.stringify(`${DIST}promotion.js`)}); await promote(${JSON.stringify(registry)}, 'test', '${version}').catch((error) => { if (error.code !== 'registry-locked') throw error; process.exitCode = 3 })`
      return once(spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'inherit' }), 'close')
    }
    const codes = (await Promise.all([child('1.1.0'), child('1.2.0')])).map(([code]) => code)
    for (const code of codes) expect([0, 3]).toContain(code)
    const won = codes.filter((code) => code === 0).length
    expect(won).toBeGreaterThan(0)
    const found = (await aliases())!
    expect(['1.1.0', '1.2.0']).toContain(found['champion'])
    if (won === 1) expect(found['previous']).toBe('1.0.0')
    else expect(['1.1.0', '1.2.0']).toContain(found['previous'])
    expect((await openModel(registry, 'test')).manifest.version).toBe(found['champion'])
  })

  it('is read whole while it is written again and again', async () => {
    let writing = true
    const write = (async () => {
      await promote(registry, 'test', '1.1.0')
      for (let i = 0; i < 40; i++) await rollback(registry, 'test')
      writing = false
    })()
    const seen = new Set<string>()
    while (writing) {
      const text = await readFile(join(registry, 'aliases.json'), 'utf8')
      seen.add(JSON.parse(text).test.champion)
    }
    await write
    expect([...seen].sort()).toEqual(['1.0.0', '1.1.0'])
  })
})

describe('names of new versions', () => {
  it.each([
    [[], '1.0.0', '1.0.0'],
    [['1.0.0'], '1.0.0', '1.0.1'],
    [['1.0.0', '1.0.7', '1.2.0'], '1.0.0', '1.0.8'],
  ])('beside %j a training of %s becomes %s', async (there, wanted, free) => {
    const registry = await mkdtemp(join(tmpdir(), 'vigil-names-'))
    for (const version of there) await mkdir(join(registry, 'm', version), { recursive: true })
    expect(await freeVersion(registry, 'm', wanted)).toBe(free)
    await rm(registry, { recursive: true })
  })

  it.each([
    [['1.0.0'], '1.0.0', '1.1.0'],
    [['1.0.0', '1.0.0-budget-100', '1.4.2', '2.9.0'], '1.0.0-budget-100', '1.5.0'],
  ])('beside %j the champion %s is followed by %s', async (there, champion, next) => {
    const registry = await mkdtemp(join(tmpdir(), 'vigil-names-'))
    for (const version of there) await mkdir(join(registry, 'm', version), { recursive: true })
    expect(await nextVersion(registry, 'm', champion)).toBe(next)
    await rm(registry, { recursive: true })
  })
})
