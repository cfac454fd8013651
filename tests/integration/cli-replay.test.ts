import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AlertBody } from '../../src/vitals/alert.ts'
import { FrameReport } from '../../src/vitals/report.ts'
import { PLAIN, ROOT, start, vigil } from './vigil.ts'

const EXAMPLES = join(ROOT, 'examples', 'recordings')
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vigil-cli-replay-'))
})
afterAll(() => rm(folder, { recursive: true }))
const path = (name: string) => join(folder, name)

async function summary(args: readonly string[], env?: Readonly<Record<string, string>>) {
  const { code, stdout, stderr } = await vigil(['replay', ...args, '--json'], env)
  expect(stderr).not.toContain('vigil:')
  expect(code).toBe(0)
  return JSON.parse(stdout)
}

const lines = async (file: string) => (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '')

describe('vigil replay', () => {
  it('twice writes the same alerts and the same frames, whatever was in the files before', async () => {
    const files = (run: number) => [path(`alerts-${run}`), path(`frames-${run}`)] as const
    for (const run of [1, 2]) {
      const [alerts, frames] = files(run)
      await writeFile(alerts, 'left over\n')
      await summary([EXAMPLES, '--alerts', alerts, '--frames', frames])
    }
    const [alerts, frames] = files(1)
    for (const line of await lines(alerts)) AlertBody.parse(JSON.parse(line))
    for (const line of (await lines(frames)).slice(0, 20)) FrameReport.parse(JSON.parse(line))
    expect((await lines(alerts)).length).toBeGreaterThan(0)
    expect((await lines(frames)).length).toBeGreaterThan(2000)
    for (const i of [0, 1]) expect(await readFile(files(1)[i]!)).toEqual(await readFile(files(2)[i]!))
  })

  it('takes a range of time and runs at the speed it is told', async () => {
    const range = ['--from', '2026-01-01T00:00:10Z', '--to', `${Date.UTC(2026, 0, 1, 0, 1)}`]
    const replayed = await summary([join(EXAMPLES, 'bidmc_05_Numerics.csv'), ...range, '--speed', '50'])
    expect(replayed.inputs).toBe(50)
    expect(replayed.seconds).toBeGreaterThan(0.9)
    expect(replayed.seconds).toBeLessThan(5)
  })

  it('says that beds begin cold in the middle of a recording, and so does every frame until they are warm', async () => {
    const frames = path('middle')
    const args = ['replay', join(EXAMPLES, 'bidmc_05_Numerics.csv'), '--frames', frames, '--json']
    expect((await vigil(args)).stderr).not.toContain('warming')
    const { code, stderr } = await vigil([...args, '--from', '2026-01-01T00:04:00Z'])
    expect(code).toBe(0)
    expect(stderr).toContain('beds begin cold here: warming')
    const states = (await lines(frames)).map((line) => FrameReport.parse(JSON.parse(line)).watching)
    expect(states[0]).toBe('warming')
    expect(states.at(-1)).toBe('watching')
  })

  it('goes on in the middle from a snapshot, where there is one: the alerts and frames from then on, byte for byte', async () => {
    const env = { VIGIL_LIMITS_ADULT: '{hr: {high: 80}, resp: {high: 15}}', VIGIL_INFERENCE_MAX_BATCH: '64' }
    const from = Date.UTC(2026, 0, 1, 0, 4)
    const run = async (name: string, ...more: readonly string[]) => {
      const files = [path(`${name}-alerts`), path(`${name}-frames`)] as const
      const args = [
        join(EXAMPLES, 'bidmc*'),
        '--snapshots',
        path('snapshots'),
        '--alerts',
        files[0],
        '--frames',
        files[1],
      ]
      const { code, stdout, stderr } = await vigil(['replay', ...args, '--json', ...more], env)
      expect(code).toBe(0)
      return { said: JSON.parse(stdout), stderr, alerts: await lines(files[0]), frames: await lines(files[1]) }
    }
    const cold = await run('cold', '--from', `${from}`)
    expect(cold.stderr).toContain('beds begin cold here: warming')
    const whole = await run('whole', '--snapshot-minutes', '1')
    const snapshots = async () =>
      (await readdir(path('snapshots'), { recursive: true })).filter((name) => name.endsWith('.snapshot'))
    const kept = await snapshots()
    expect(kept.length).toBeGreaterThan(5)
    const middle = await run('middle-on', '--from', `${from}`)
    expect(middle.stderr).toContain('goes on from a snapshot')
    expect(middle.alerts).toEqual(whole.alerts.filter((line) => JSON.parse(line).times.event >= from))
    expect(middle.frames).toEqual(whole.frames.filter((line) => JSON.parse(line).time >= from))
    expect(middle.alerts.length).toBeGreaterThan(5)
    expect(middle.frames).not.toEqual(cold.frames)
    expect(middle.said.frames).toBe(middle.frames.length)
    // it keeps those that a straight replay kept, and no other
    expect(await snapshots()).toEqual(kept)
    // with other limits those states are not what a straight replay would have
    const args = ['replay', join(EXAMPLES, 'bidmc*'), '--snapshots', path('snapshots'), '--from', `${from}`, '--json']
    expect((await vigil(args)).stderr).toContain('beds begin cold here: warming')
    // a damaged one is passed over
    for (const name of kept) await writeFile(path(join('snapshots', name)), 'nothing')
    const { code, stderr } = await vigil(args, env)
    expect([code, stderr]).toEqual([0, expect.stringContaining('beds begin cold here: warming')])
  })

  it('keeps no snapshots of what can be read only once', async () => {
    const { code, stderr } = await vigil(['replay', '/dev/null', '--snapshots', path('none'), '--json'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('read only once')])
  })

  it('takes patterns, packed files and HL7 captures under the secret of the site, and says where that is missing', async () => {
    const message = (control: number) => `MSH|^~\\&|G|H|V||2026010112000${control}+0000||ORU^R01|${control}|P|2.6\rPID|||77^^^H^MR\rOBR|1|||1^x^SCT|||2026010112000${control}+0000\rOBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC|1|7${control}|264864^MDC_DIM_BEAT_PER_MIN^MDC||||||R\r` // biome-ignore format: one message
    await mkdir(path('captures/monday'), { recursive: true })
    await writeFile(path('captures/monday/a.hl7'), [1, 2, 3].map(message).join(''))
    const pattern = path('captures/**/*.hl7')
    const secret = { VIGIL_HL7_SECRET: 'a secret of these tests' }
    expect(await summary([pattern], secret)).toMatchObject({ recordings: 1, inputs: 3, rejections: {} })
    const { code, stderr } = await vigil(['replay', pattern, '--json'])
    expect([code, stderr]).toEqual([1, expect.stringContaining('config-invalid')])
  })

  it('takes a model before the recordings, after them, and more than once', async () => {
    const recording = join(EXAMPLES, 'bidmc_05_Numerics.csv')
    const plain = await summary([recording])
    for (const args of [
      ['--model', 'bedside@1.0.0', recording],
      [recording, '--model', 'bedside'],
    ]) {
      expect((await summary(args)).frames).toBe(plain.frames)
    }
    const { code, stderr } = await vigil(['replay', '--model', 'bedside', '--model', 'nosuch', recording])
    expect(code).toBe(1)
    expect(stderr).toContain('model-not-found: the registry has no nosuch')
  })

  it('reads a CSV of one’s own through a mapping', async () => {
    const mapping = join(EXAMPLES, 'example.mapping.yaml')
    const replayed = await summary([join(EXAMPLES, 'example.csv'), '--mapping', mapping])
    expect(replayed.frames).toBeGreaterThan(30)
  })

  it('reads folders as they are published: BIDMC with its notes, WFDB numerics beside waveforms', async () => {
    const bidmc = path('bidmc_csv')
    const wfdb = path('wfdb')
    await mkdir(bidmc)
    await mkdir(wfdb)
    for (const id of ['05', '12']) {
      const name = `bidmc_${id}_Numerics.csv`
      await copyFile(join(EXAMPLES, name), join(bidmc, name))
      await writeFile(join(bidmc, `bidmc_${id}_Fix.txt`), 'ID: bidmc\n')
    }
    await writeFile(join(bidmc, 'SHA256SUMS.txt'), '')
    const minutes = 30
    const samples = Int16Array.from({ length: 2 * minutes }, (_, i) => (i % 2 === 0 ? 80 + (i % 3) : 97))
    const sum = (signal: number) => samples.filter((_, i) => i % 2 === signal).reduce((total, it) => total + it, 0)
    const signal = (name: string, unit: string, i: number) =>
      `p01n.dat 16 1(0)/${unit} 16 0 ${samples[i]} ${sum(i)} 0 ${name}`
    const head = `p01n 2 0.0166666666667 ${minutes} 08:00:00 01/01/2026`
    await writeFile(join(wfdb, 'p01n.hea'), [head, signal('HR', 'bpm', 0), signal('SpO2', '%', 1), ''].join('\n'))
    await writeFile(join(wfdb, 'p01n.dat'), new Uint8Array(samples.buffer))
    await writeFile(join(wfdb, 'p01.hea'), 'p01 1 125 100\np01.dat 16 1 16 0 0 0 0 II\n')
    expect(await summary([bidmc, wfdb])).toMatchObject({ recordings: 3, unreadable: 0, inputs: 481 * 2 + minutes })
  })

  it('an empty recording is nothing; one of rejections only is counted, with reasons on standard error', async () => {
    await writeFile(path('empty.ndjson'), '')
    expect(await summary([path('empty.ndjson')])).toMatchObject({ inputs: 0, frames: 0, rejections: {} })
    await writeFile(path('bad.ndjson'), 'garbage\n[]\n')
    const { stderr, stdout, code } = await vigil(['replay', path('bad.ndjson'), '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ inputs: 2, frames: 0, rejections: { 'not-json': 1 } })
    expect(stderr).toContain('"reason":"not-json"')
  })

  it('a folder of nothing, a folder called like a file, no such path: coded errors', async () => {
    await mkdir(path('nothing'))
    await mkdir(path('all'))
    await mkdir(join(path('all'), 'x_Numerics.csv'))
    for (const [recording, code] of [
      ['nothing', 'data-missing'],
      ['all', 'recording-unreadable'],
      ['none', 'data-missing'],
    ]) {
      const ran = await vigil(['replay', path(recording!)])
      expect(ran).toMatchObject({ code: 1, stdout: '' })
      expect(ran.stderr).toContain(`vigil: ${code}: `)
    }
  })
})

describe('where the output of a replay cannot go', () => {
  it.each(['--alerts', '--frames'])(
    '%s in a folder that is not there is an error, and the process ends',
    async (flag) => {
      const { code, stderr } = await vigil(['replay', EXAMPLES, flag, join(folder, 'none', 'file')])
      expect(code).toBe(1)
      expect(stderr).toContain('vigil: sink-failed: ')
      expect(stderr).toContain('ENOENT')
    },
  )

  it.runIf(existsSync('/dev/full'))('a full disk is an error that names it', async () => {
    const { code, stderr } = await vigil(['replay', EXAMPLES, '--frames', '/dev/full'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/vigil: sink-failed: .*ENOSPC.*\/dev\/full/)
  })

  it('a recording is never overwritten, nor one output by another', async () => {
    const recording = path('precious.ndjson')
    await copyFile(join(EXAMPLES, 'example.ndjson'), recording)
    const before = await readFile(recording)
    const other = join(folder, '.', 'nothing', '..', 'precious.ndjson')
    for (const args of [
      ['--alerts', recording],
      ['--frames', other],
      ['--alerts', path('same'), '--frames', path('same')],
    ]) {
      expect(await vigil(['replay', recording, ...args])).toMatchObject({ code: 2 })
    }
    expect(await readFile(recording)).toEqual(before)
  })
})

describe.skipIf(process.platform === 'win32')('a reader that has had enough of standard output', () => {
  const shell = promisify(execFile)
  const piped = (command: string) =>
    shell('bash', ['-c', `set -o pipefail; ${command}`], { cwd: ROOT, env: PLAIN }).catch((error) => error)

  it('ends a replay quietly', async () => {
    const { stdout, stderr, code } = await piped(
      `"${process.execPath}" bin/vigil.js replay examples/recordings | head -1`,
    )
    expect(code).toBeUndefined()
    expect(stdout.trim().split('\n')).toHaveLength(1)
    expect(stderr).not.toMatch(/EPIPE|vigil:|terminate/)
  })

  it('takes no line from the files', async () => {
    const full = path('full-alerts')
    await summary([EXAMPLES, '--alerts', full])
    const run = start(['replay', EXAMPLES, '--alerts', path('piped-alerts')])
    run.readNoMore()
    expect(await run.ended).toMatchObject({ code: 0 })
    expect(await readFile(path('piped-alerts'))).toEqual(await readFile(full))
  })
})

describe('identities', () => {
  it('of patients, beds, devices and alerts stand in the alerts, and nowhere else', async () => {
    const canary = { patient: 'canary-p', unit: 'canary-u', bed: 'canary-b', encounter: 'canary-e' }
    const reading = (second: number) =>
      JSON.stringify({
        ...canary,
        time: Date.UTC(2026, 0, 1) + second * 1000,
        complete: true,
        values: { hr: 190, spo2: 70 },
      })
    const text = Array.from({ length: 60 }, (_, second) => reading(second))
    text.push(reading(3), JSON.stringify({ ...canary, nonsense: 'canary-x' }), '{"patient":"canary-p",')
    await writeFile(path('ward.ndjson'), text.join('\n'))
    const args = ['replay', path('ward.ndjson'), '--alerts', path('alerts'), '--dead-letters', path('dead')]
    const { code, stdout, stderr } = await vigil([...args, '--json'])
    expect(code).toBe(0)
    const bodies = (await lines(path('alerts'))).map((line) => AlertBody.parse(JSON.parse(line)))
    expect(bodies[0]?.subject).toMatchObject({ patientKey: 'canary-p', bed: 'canary-b' })
    const said = `${stdout}${stderr}${await readFile(path('dead'), 'utf8')}`
    for (const secret of ['canary', ...bodies.flatMap(({ alertId, eventId }) => [alertId, eventId])]) {
      expect(said).not.toContain(secret)
    }
  })
})
