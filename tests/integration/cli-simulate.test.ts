import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { bedside } from '../../src/training/recipes/bedside.ts'
import { GroundTruth } from '../../src/vitals/episode.ts'
import { vigil } from './vigil.ts'

const dir = mkdtempSync(join(tmpdir(), 'vigil-simulate-'))
afterAll(() => rmSync(dir, { recursive: true }))
const at = (name: string) => join(dir, name)

describe('vigil simulate', () => {
  test('writes the same ward twice, its truth beside it, and a replay takes it whole', async () => {
    writeFileSync(at('script.yaml'), 'episodes: [{ kind: haemorrhage, bed: 2, at: 60, seconds: 500, size: 40 }]\n')
    const run = (out: string) =>
      vigil([
        'simulate',
        '--beds',
        '2',
        '--hours',
        '0.2',
        '--seed',
        '7',
        '--episodes',
        at('script.yaml'),
        '--out',
        at(out),
        '--json',
      ])
    const [first, second] = [await run('a.ndjson'), await run('b.ndjson')]
    expect([first.code, first.stderr]).toEqual([0, ''])
    expect(JSON.parse(first.stdout)).toMatchObject({ beds: 2, readings: 1440, episodes: 1, setting: 'training' })
    expect(second.code).toBe(0)
    expect(readFileSync(at('b.ndjson'))).toEqual(readFileSync(at('a.ndjson')))
    const truth = GroundTruth.parse(JSON.parse(readFileSync(at('a.truth.json'), 'utf8')))
    expect(truth.episodes.map(({ patient, kind, nature }) => [patient, kind, nature])).toEqual([
      ['sim-2', 'haemorrhage', 'physiological'],
    ])
    const replayed = await vigil(['replay', at('a.ndjson'), '--json'])
    expect(replayed.code).toBe(0)
    expect(JSON.parse(replayed.stdout)).toMatchObject({ frames: 1440, rejections: {} })
  })

  test.each<[what: string, script: string, says: RegExp]>([
    [
      'an unknown bed',
      'episodes: [{ kind: apnoea, bed: 9, at: 1, seconds: 5 }]',
      /episodes-invalid: episodes\.0: there is no bed 9/,
    ],
    [
      'an unknown channel',
      'episodes: [{ kind: stuck, bed: 1, at: 1, seconds: 5, channel: mood }]',
      /episodes-invalid: .*no channel "mood"/,
    ],
    [
      'an unknown kind',
      'episodes: [{ kind: magic, bed: 1, at: 1, seconds: 5 }]',
      /episodes-invalid: episodes\.0\.kind/,
    ],
  ])('refuses a script with %s', async (_, script, says) => {
    writeFileSync(at('bad.yaml'), script)
    const { code, stdout, stderr } = await vigil([
      'simulate',
      '--beds',
      '2',
      '--hours',
      '0.1',
      '--episodes',
      at('bad.yaml'),
      '--out',
      at('c.ndjson'),
    ])
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(says)
  })

  test('does not write over its script', async () => {
    writeFileSync(at('d.truth.json'), '{"episodes": []}')
    const { code } = await vigil([
      'simulate',
      '--beds',
      '1',
      '--hours',
      '0.1',
      '--episodes',
      at('d.truth.json'),
      '--out',
      at('d.ndjson'),
    ])
    expect(code).toBe(2)
    expect(readFileSync(at('d.truth.json'), 'utf8')).toBe('{"episodes": []}')
  })
})

describe('vigil calibrate', () => {
  const data = ['--data', 'examples/recordings']
  test('writes a version that serves, says what it rests on, and refuses to write it again', async () => {
    const run = () => vigil(['calibrate', ...data, '--budget', '100/patient-day', '--out', at('models'), '--json'])
    const site = `bedside@${bedside.version}-budget-100`
    const { code, stdout, stderr } = await run()
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ model: site, budget: 100, calibrated: false })
    expect(stderr).toMatch(/not calibrated: 0\.03\d* patient-days/)
    expect(stderr).toMatch(/Fixed limits alarmed \d+ times/)
    const verified = await vigil(['models', 'verify', site, '--dir', at('models')])
    expect(verified.code).toBe(0)
    expect(await run()).toMatchObject({ code: 2, stderr: expect.stringContaining('--as names another') })
  })

  test.each([
    ['a budget of zero', ['--budget', '0/patient-day'], 2, /usage: --budget 0\/patient-day: a budget of zero/],
    ['a budget without its unit', ['--budget', '1'], 2, /usage: --budget 1: a budget is written N\/patient-day/],
    [
      'a budget these recordings are too short for',
      ['--budget', '1/patient-day'],
      1,
      /budget-unreachable: 0\.03\d* patient-days hold/,
    ],
  ])('refuses %s', async (_, flags, wanted, says) => {
    const { code, stdout, stderr } = await vigil(['calibrate', ...data, ...flags, '--out', at('none')])
    expect([code, stdout]).toEqual([wanted, ''])
    expect(stderr).toMatch(says)
  })
})

test('vigil evaluate faults names the file that is missing', async () => {
  const { code, stdout, stderr } = await vigil(['evaluate', 'faults', '--data', 'examples/recordings', '--json'])
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toMatch(/data-missing: bidmc_01_Numerics\.csv/)
})
