import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { writeBundle } from '../../src/training/bundle.ts'
import { ODD, testBundle, testModel, writeRegistry } from '../inference/test-model.ts'
import { ROOT, vigil } from './vigil.ts'

const bundle = testBundle(testModel(ODD), 5)
let registry: string
beforeAll(async () => {
  registry = await writeRegistry(bundle)
  const manifest = { ...bundle.manifest, version: '1.1.0' }
  await writeBundle(join(registry, 'test', '1.1.0'), { ...bundle, manifest, metrics: {}, card: '# test\n' })
  // golden steps of another network
  const { golden } = testBundle(testModel(ODD, 'lstm-operator', 8), 5)
  const wrong = { ...bundle.manifest, version: '1.2.0' }
  await writeBundle(join(registry, 'test', '1.2.0'), {
    ...bundle,
    manifest: wrong,
    golden,
    metrics: {},
    card: '# test\n',
  })
})
afterAll(() => rm(registry, { recursive: true }))

const models = (...args: string[]) => vigil(['models', ...args, '--dir', registry])

it('promote and rollback say what is what now; a model that is not what it says is not promoted', async () => {
  expect(await models('promote', 'test@1.1.0')).toMatchObject({
    code: 0,
    stdout: 'test: champion 1.1.0, previous 1.0.0\n',
  })
  expect((await models('list')).stdout).toBe('test@1.0.0  previous\ntest@1.1.0  champion\ntest@1.2.0  \n')
  const refused = await models('promote', 'test@1.2.0')
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain('vigil: golden-mismatch:')
  expect(JSON.parse((await models('rollback', 'test', '--json')).stdout)).toEqual({
    model: 'test',
    champion: '1.0.0',
    previous: '1.1.0',
  })
})

it('while another process writes, it is told which, and the aliases stay', async () => {
  const lock = new URL('dist/inference/registry/lock.js', `file://${ROOT}`).href
  const code = `const { lockFolder } = await import(${JSON.stringify(lock)}); await lockFolder(${JSON.stringify(registry)}, 'a test'); process.stdout.write('held'); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    await once(child.stdout, 'data')
    const before = await readFile(join(registry, 'aliases.json'), 'utf8')
    const refused = await models('promote', 'test@1.1.0')
    expect(refused.code).toBe(1)
    expect(refused.stderr).toMatch(new RegExp(`^vigil: registry-locked: locked for a test by process ${child.pid} on `))
    expect(await readFile(join(registry, 'aliases.json'), 'utf8')).toBe(before)
  } finally {
    child.kill('SIGKILL')
    await once(child, 'close')
  }
})
