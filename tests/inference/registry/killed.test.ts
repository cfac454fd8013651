import { spawn } from 'node:child_process'
import { cp, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listModels, openModel } from '../../../src/inference/model-store.ts'
import { promote, rollback } from '../../../src/inference/registry/promotion.ts'
import { addVersion } from '../../../src/inference/registry/versions.ts'
import { writeBundle } from '../../../src/training/bundle.ts'
import { ODD, testBundle, testModel, writeRegistry } from '../test-model.ts'

const KILLED = fileURLToPath(new URL('killed.js', import.meta.url))
const bundle = testBundle(testModel(ODD), 5)

/** @returns whether it died by the kill, and not of its own */
const diesAt = (write: number, action: string, registry: string, version: string): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [KILLED, `${write}`, action, registry, version], { stdio: 'inherit' })
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (signal === 'SIGKILL') resolve(true)
      else if (code === 0) resolve(false)
      else reject(new Error(`it ended with ${code}`))
    })
  })

/** Die at the first write, at the second, and so on, until there is none left; each in a registry of its own. */
async function everyWrite(
  registry: string,
  action: string,
  version: string,
  judge: (registry: string) => Promise<string>,
): Promise<string[]> {
  const found: string[] = []
  const work = async (first: number) => {
    for (let write = first; ; write += 2) {
      const own = `${registry}-${write}`
      await cp(registry, own, { recursive: true })
      const died = await diesAt(write, action, own, version)
      found[write] = await judge(own)
      await rm(own, { recursive: true })
      if (!died) return
    }
  }
  await Promise.all([work(1), work(2)])
  return found.slice(1)
}

describe('killed at any write', () => {
  let registry: string

  beforeAll(async () => {
    registry = await writeRegistry(bundle)
    const manifest = { ...bundle.manifest, version: '1.1.0' }
    await writeBundle(join(registry, 'test', '1.1.0'), { ...bundle, manifest, metrics: {}, card: '# test\n' })
  })
  afterAll(() => rm(registry, { recursive: true }))

  it('a promotion has happened or has not: the champion opens, and the next change takes the dead lock', async () => {
    const found = await everyWrite(registry, 'promote', '1.1.0', async (own) => {
      const aliases = JSON.parse(await readFile(join(own, 'aliases.json'), 'utf8')).test
      const { manifest } = await openModel(own, 'test')
      expect(manifest.version).toBe(aliases.champion)
      expect(await promote(own, 'test', '1.1.0')).toEqual({ champion: '1.1.0', previous: '1.0.0' })
      expect(await rollback(own, 'test')).toEqual({ champion: '1.0.0', previous: '1.1.0' })
      return aliases.champion
    })
    expect(found.length).toBeGreaterThan(20)
    // the writes up to the rename leave the old champion, those after it the new one
    const turned = found.indexOf('1.1.0')
    expect(turned).toBeGreaterThan(5)
    expect(found.slice(0, turned)).toEqual(new Array(turned).fill('1.0.0'))
    expect(found.slice(turned)).toEqual(new Array(found.length - turned).fill('1.1.0'))
  }, 60_000)

  it('a version is there whole or not at all, and can be added again', async () => {
    const found = await everyWrite(registry, 'add', '2.0.0', async (own) => {
      const listed = (await listModels(own)).map(({ version }) => version)
      const there = listed.includes('2.0.0')
      expect(listed).toEqual(there ? ['1.0.0', '1.1.0', '2.0.0'] : ['1.0.0', '1.1.0'])
      const dir = join(own, 'test', '2.0.0')
      if (there) expect((await readdir(dir)).sort()).toEqual(['SHA256SUMS', 'manifest.json', 'model.onnx'])
      else await addVersion(dir, [['model.onnx', 'a graph']])
      return there ? 'there' : 'not there'
    })
    expect(found.length).toBeGreaterThan(15)
    expect(found[0]).toBe('not there')
    expect(found.at(-1)).toBe('there')
  }, 60_000)
})
