import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openModel } from '../../src/inference/model-store.ts'
import { start, vigil } from './vigil.ts'

const dir = mkdtempSync(join(tmpdir(), 'vigil-ward-'))
const recording = join(dir, 'ward.ndjson')
const train = (out: string, ...more: string[]) => [
  ...['train', 'ward', '--data', recording, '--out', join(dir, out)],
  ...['--engine', 'wasm', '--epochs', '3', '--checkpoint-seconds', '0.001', ...more],
]
const version = (out: string) => join(dir, out, 'ward', '1.0.0')
const json = (out: string, file: string) => JSON.parse(readFileSync(join(version(out), file), 'utf8'))

beforeAll(async () => {
  const simulated = await vigil(['simulate', '--beds', '6', '--hours', '0.25', '--seed', '3', '--out', recording])
  expect(simulated.code, simulated.stderr).toBe(0)
  const trained = await vigil(train('whole'))
  expect(trained.code, trained.stderr).toBe(0)
}, 240_000)

afterAll(() => rmSync(dir, { recursive: true }))

describe("a model of a site's own recordings", () => {
  it('is one the registry opens, its patients by hashes alone', async () => {
    const { manifest } = await openModel(join(dir, 'whole'), 'ward@1.0.0')
    const names = Object.values(manifest.training.split).flat()
    expect(new Set(names).size).toBe(6)
    for (const name of names) expect(name).toMatch(/^[0-9a-f]{12}$/)
    const card = readFileSync(join(version('whole'), 'card.md'), 'utf8')
    expect(card).toContain(manifest.training.dataSha256)
    expect(card).toMatch(/6 patients, 5400 readings, 5400 frames/)
    expect(card).toContain('<svg')
    expect(card).not.toMatch(/NaN|undefined/)
  })

  it('leaves nothing of its making behind', () => {
    expect(readdirSync(join(dir, 'whole', 'ward')).filter((name) => !name.startsWith('.lock'))).toEqual(['1.0.0'])
  })
})

describe('a training that is killed', () => {
  const checkpoint = join(dir, 'killed', 'ward', '.training', 'checkpoint')

  it('goes on where it was, and ends in the same weights, byte for byte', async () => {
    const killed = start(train('killed'))
    for (let waited = 0; !existsSync(checkpoint) && waited < 60_000; waited += 20) await sleep(20)

    // the second trainer is told who holds the lock
    const second = await vigil(train('killed'))
    expect(second.code).toBe(1)
    expect(second.stderr).toMatch(/registry-locked.*process \d+ on /)

    killed.signal('SIGKILL')
    expect((await killed.ended).signal).toBe('SIGKILL')
    expect(existsSync(version('killed'))).toBe(false)

    const resumed = await vigil(train('killed', '--resume'))
    expect(resumed.code, resumed.stderr).toBe(0)
    expect(resumed.stderr).toMatch(/going on from epoch \d, update \d+/)
    // what 200 steps of the final weights give, every digit of it
    expect(readFileSync(join(version('killed'), 'golden.json'))).toEqual(
      readFileSync(join(version('whole'), 'golden.json')),
    )
    expect(json('killed', 'metrics.json').learning).toEqual(json('whole', 'metrics.json').learning)
    const form = (out: string) => json(out, 'manifest.json').graph.form
    if (form('killed') === form('whole')) {
      expect(readFileSync(join(version('killed'), 'model.onnx'))).toEqual(
        readFileSync(join(version('whole'), 'model.onnx')),
      )
    }
  }, 240_000)

  it('is not taken for another one', async () => {
    const other = start(train('other'))
    const left = join(dir, 'other', 'ward', '.training', 'checkpoint')
    for (let waited = 0; !existsSync(left) && waited < 60_000; waited += 20) await sleep(20)
    other.signal('SIGKILL')
    await other.ended
    const seeded = await vigil(train('other', '--resume', '--seed', '2'))
    expect(seeded.code).toBe(1)
    expect(seeded.stderr).toContain('checkpoint-invalid')

    const bytes = readFileSync(left)
    bytes[bytes.length >> 1]! ^= 1
    writeFileSync(left, bytes)
    const damaged = await vigil(train('other', '--resume'))
    expect(damaged.code).toBe(1)
    expect(damaged.stderr).toMatch(/checkpoint-invalid.*damaged/)
    expect(existsSync(version('other'))).toBe(false)
  }, 240_000)
})
