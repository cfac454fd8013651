import { cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bedside } from '../../src/training/recipes/bedside.ts'
import { ROOT, vigil } from './vigil.ts'

const T0 = Date.UTC(2026, 0, 1)
const CANARY = 'canary-7f3a'
const good = (s: number, more: object = {}) => ({
  patient: CANARY,
  time: T0 + s * 1000,
  complete: true,
  values: { hr: 72, spo2: 97, resp: 16 },
  ...more,
})

/** What stands between the good lines, and what must come of it. */
const BAD: readonly [what: string, line: string, reason: string][] = [
  ['NaN', `{"patient":"${CANARY}","time":${T0},"values":{"hr":NaN}}`, 'not-json'],
  ['Infinity', `{"patient":"${CANARY}","time":${T0},"values":{"hr":Infinity}}`, 'not-json'],
  ['neither patient nor bed', JSON.stringify({ time: T0, values: { hr: 72 } }), 'no-subject'],
  ['a 10 MB line', `{"patient":"${CANARY}","note":"${'x'.repeat(10_000_000)}"}`, 'too-long'],
  ['seconds instead of milliseconds', JSON.stringify(good(0, { time: T0 / 1000 })), 'implausible-time'],
  ['the year 1970', JSON.stringify(good(0, { time: 1000 })), 'implausible-time'],
  ['no time', JSON.stringify({ patient: CANARY, values: { hr: 72 } }), 'bad-time'],
  ['an unknown field', JSON.stringify(good(0, { colour: 'red' })), 'unknown-field'],
  ['an array', '[1,2,3]', 'not-an-object'],
  ['a stamp a day ahead', JSON.stringify(good(86_400)), 'ahead-of-clock'],
  ['a duplicate', JSON.stringify(good(0)), 'late'],
]

/** One bad channel beside good ones: the message is scored, the channel is refused. */
const PARTLY: readonly [what: string, values: object, reason: string][] = [
  ['a number as a string', { hr: '72', spo2: 97 }, 'not-a-number'],
  ['an unknown channel', { mood: 5, spo2: 97 }, 'unknown-channel'],
  ['a wrong unit', { hr: { value: 72, unit: 'mm[Hg]' }, spo2: 97 }, 'unknown-unit'],
  ['an unknown status', { hr: { value: 72, status: 'fine' }, spo2: 97 }, 'unknown-status'],
]

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vigil-bad-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const path = (name: string) => join(folder, name)

describe('bad input', () => {
  it('is refused with reason and place, without an identity, and every good reading around it is scored', async () => {
    const lines: string[] = []
    const expected: [line: number, reason: string][] = []
    let second = 0
    const next = () => lines.push(JSON.stringify(good(second++)))
    next()
    for (const [, line, reason] of BAD) {
      lines.push(line)
      expected.push([lines.length, reason])
      next()
    }
    for (const [, values, reason] of PARTLY) {
      lines.push(JSON.stringify(good(second++, { values })))
      expected.push([lines.length, reason])
      next()
    }
    await writeFile(path('ward.ndjson'), `${lines.join('\n')}\n`)
    const args = ['--frames', path('frames'), '--dead-letters', path('dead'), '--alerts', path('alerts'), '--json']
    const { code, stdout, stderr } = await vigil(['replay', path('ward.ndjson'), ...args])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ frames: second, heldBack: 0 })
    const letters = (await readFile(path('dead'), 'utf8')).trim().split('\n')
    const reasons = letters.map((letter) => JSON.parse(letter).reason).sort()
    expect(reasons).toEqual(expected.map(([, reason]) => reason).sort())
    const placed = letters.map((letter) => JSON.parse(letter)).filter((it) => it.line !== undefined)
    for (const it of placed) expect(expected).toContainEqual([it.line, it.reason])
    expect(placed.length).toBe(expected.length - 2) // late and ahead-of-clock are known by offset, not by line
    expect(`${letters.join()}${stderr}${stdout}`).not.toContain(CANARY)
  })

  it('a truncated gzip: all that can be read is scored, then a coded error and exit code 1', async () => {
    const text = Array.from({ length: 5000 }, (_, s) => `${JSON.stringify(good(s))}\n`).join('')
    const bytes = gzipSync(text)
    await writeFile(path('cut.ndjson.gz'), bytes.subarray(0, bytes.length / 2))
    const { code, stdout, stderr } = await vigil(['replay', path('cut.ndjson.gz'), '--json'])
    expect(code).toBe(1)
    expect(stderr).toContain('recording-unreadable')
    expect(JSON.parse(stdout).frames).toBeGreaterThan(1000)
  })

  it('one unreadable file does not stop the others', async () => {
    await writeFile(path('nonsense.hea'), 'this is no header\n')
    const example = join(ROOT, 'examples/recordings/bidmc_05_Numerics.csv')
    const { code, stdout, stderr } = await vigil(['replay', path('nonsense.hea'), example, '--json'])
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ frames: 481, unreadable: 1 })
    expect(stderr).toContain('recording-format')
  })

  it('a model that is cut, of another layout, or with an unknown key is not served', async () => {
    const model = (dir: string, file: string) => join(dir, 'bedside', bedside.version, file)
    const spoil = async (name: string, change: (dir: string) => Promise<void>) => {
      const dir = path(name)
      await cp(join(ROOT, 'models'), dir, { recursive: true })
      await change(dir)
      return vigil(['models', 'verify', 'bedside', '--dir', dir])
    }
    const cut = await spoil('cut', (dir) => truncate(model(dir, 'model.onnx'), 50_000))
    expect(cut).toMatchObject({ code: 1 })
    expect(cut.stderr).toContain('model-corrupt')
    const version = await spoil('version', async (dir) => {
      const manifest = JSON.parse(await readFile(model(dir, 'manifest.json'), 'utf8'))
      await writeFile(model(dir, 'manifest.json'), JSON.stringify({ ...manifest, manifestVersion: 99 }))
    })
    expect(version.code).toBe(1)
    expect(version.stderr).toMatch(/model-corrupt|manifest-invalid/)
    const missing = await vigil(['models', 'show', 'nosuch'])
    expect(missing).toMatchObject({ code: 1 })
    expect(missing.stderr).toContain('model-not-found')
  })

  it('a recording of patients who were seen by a version that is not open is told which', async () => {
    const path = join(folder, 'seen.ndjson')
    const of = { kind: 'journal', patientKey: 'p-1', at: T0, afterOffset: 0, entry: 'seen-by', detector: 'bedside' }
    const reading = JSON.stringify({ patient: 'p-1', time: T0, values: { hr: 72, spo2: 97 } })
    await writeFile(path, [reading, JSON.stringify({ ...of, champion: 'bedside@9.9.9' })].join('\n'))
    const { code, stderr } = await vigil(['replay', path])
    expect([code, stderr]).toEqual([1, expect.stringMatching(/model-not-found: .*bedside@9\.9\.9.*--model/)])
  })

  it('an unknown setting, a wrong value and a wrong flag name their place', async () => {
    await writeFile(path('settings.yaml'), 'http:\n  prot: 8080\ninference:\n  threads: many\n')
    const settings = await vigil(['demo', '--config', path('settings.yaml')])
    expect(settings.code).toBe(1)
    expect(settings.stderr).toContain('config-invalid')
    expect(settings.stderr).toContain('http.prot')
    expect(settings.stderr).toContain('inference.threads')
    const environment = await vigil(['demo'], { VIGIL_HTTP_PROT: '1' })
    expect(environment.code).toBe(1)
    expect(environment.stderr).toContain('VIGIL_HTTP_PROT')
    for (const args of [['demo', '--port', 'x'], ['replay'], ['nosuch'], ['bench', 'step', '--batch', '0']]) {
      expect(await vigil(args)).toMatchObject({ code: 2 })
    }
  })

  it('a port in use is said with its number', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    const { code, stderr } = await vigil(['demo', '--port', `${port}`, '--for', '5'])
    server.close()
    expect(code).toBe(1)
    expect(stderr).toContain('port-in-use')
    expect(stderr).toContain(`${port}`)
  })
})
