import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { writeBundle } from '../../src/training/bundle.ts'
import type { GateVerdict } from '../../src/vitals/gate-verdict.ts'
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

it('a version that the gate refused is promoted only by who says so', async () => {
  const verdict: GateVerdict = {
    verdictVersion: 1,
    model: 'test@1.3.0',
    champion: 'test@1.0.0',
    decision: 'refused',
    reasons: ['nothing is better'],
    at: 0,
    window: {
      from: 0,
      heldOutFrom: 0,
      to: 0,
      sha256: '',
      patients: { train: 0, validation: 0, calibration: 0, test: 0 },
      testHours: 0,
    },
    candidates: [],
    primary: { what: '', champion: 1, challenger: 1, difference: 0, interval: [0, 0], detectable: 0, passes: false },
    conditions: [],
    feedback: { true: 0, false: 0, nuisance: 0 },
  }
  const manifest = { ...bundle.manifest, version: '1.3.0' }
  await writeBundle(join(registry, 'test', '1.3.0'), { ...bundle, manifest, metrics: {}, card: '# test\n', verdict })
  expect((await models('list')).stdout).toContain('test@1.3.0  refused by the gate\n')
  const refused = await models('promote', 'test@1.3.0')
  expect(refused.code).toBe(2)
  expect(refused.stderr).toContain('the gate refused it (nothing is better)')
  expect((await models('promote', 'test@1.3.0', '--anyway')).code).toBe(0)
  await models('rollback', 'test')
})

it('retrain says what it lacks; --json is for one cycle', async () => {
  const config = join(registry, 'retrain.json')
  await writeFile(
    config,
    JSON.stringify({ models: { dir: registry }, retrain: { model: 'test', recordings: ['nowhere'] } }),
  )
  const ran = await vigil(['retrain', '--once', '--config', config])
  expect(ran).toMatchObject({ code: 1, stdout: '' })
  expect(ran.stderr).toContain('vigil: data-missing: there is no nowhere')
  expect((await vigil(['retrain', '--json', '--config', config])).code).toBe(2)
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
