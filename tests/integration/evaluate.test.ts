import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SEPSIS_CHANNELS } from '../../src/inference/hourly/sepsis-channels.ts'
import { vigil } from './vigil.ts'

const HEADER = SEPSIS_CHANNELS.map(({ column }) => column).join('|')
const row = (hour: number, hr: number) =>
  SEPSIS_CHANNELS.map(({ column }) => (column === 'HR' ? hr : column === 'ICULOS' ? hour : 'NaN')).join('|')

describe('the shipped classifiers', () => {
  let dir: string
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'vigil-evaluate-'))
    await mkdir(join(dir, '2019'))
    for (const [name, hours] of [['p1', 9], ['p2', 4]] as const) {
      const rows = Array.from({ length: hours }, (_, t) => `${row(t + 1, 80 + t)}|${name === 'p1' && t > 5 ? 1 : 0}`)
      await writeFile(join(dir, '2019', `${name}.psv`), `${[`${HEADER}|SepsisLabel`, ...rows].join('\n')}\n`)
    }
    await mkdir(join(dir, '2012', 'set-c'), { recursive: true })
    await writeFile(join(dir, '2012', 'set-c', '152871.txt'), 'Time,Parameter,Value\n00:00,Age,71\n03:10,HR,95\n')
  }) // biome-ignore format: two patients
  afterAll(() => rm(dir, { recursive: true }))

  it.each(['sepsis', 'mortality', 'encdec'])('%s verifies itself', async (model) => {
    expect(await vigil(['models', 'verify', model])).toMatchObject({ code: 0 })
  })

  it('sepsis2019 prints one object with the keys of the contract, and a row an hour for the official scorer', async () => {
    const out = join(dir, 'predictions')
    const args = ['evaluate', 'sepsis2019', '--data', join(dir, '2019'), '--predictions', out, '--json']
    const { code, stdout } = await vigil(args)
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ labels: true, patients: 2, hours: 13, septicPatients: 1 })
    const keys = ['utility', 'auroc', 'auprc', 'clockOnlyUtility']
    for (const key of keys) expect(JSON.parse(stdout)[key]).toEqual(expect.any(Number))
    expect((await readdir(out)).sort()).toEqual(['p1.psv', 'p2.psv'])
    expect((await readFile(join(out, 'p1.psv'), 'utf8')).trimEnd().split('\n')).toHaveLength(10)
  })

  it('mortality2012 without outcomes writes predictions, says that there is no metric, and ends well', async () => {
    const out = join(dir, 'predictions')
    const args = ['evaluate', 'mortality2012', '--data', join(dir, '2012'), '--predictions', out, '--json']
    const { code, stdout, stderr } = await vigil(args)
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ labels: false, event1: null, patients: 1 })
    expect(stderr).toContain('no labels')
    expect(await readFile(join(out, 'predictions.csv'), 'utf8')).toMatch(
      /^RecordID,probability,label\n152871,0\.\d+,[01]\n$/,
    )
  })

  it('cells without data, with a variant that is none, or with --missing on frames, is bad usage', async () => {
    for (const [args, words] of [
      [[], 'no data'],
      [['--bidmc', dir, '--missing'], '--missing is about the hourly data'],
      [['--bidmc', dir, '--cells', 'lstm,transformer'], 'no variant is named transformer'],
    ] as const) {
      const { code, stderr } = await vigil(['evaluate', 'cells', ...args])
      expect(code).toBe(2)
      expect(stderr).toContain(words)
    }
  })

  it.each(['sepsis2019', 'mortality2012'])(
    '%s on an empty folder fails with a code, and without --data is bad usage',
    async (name) => {
      await mkdir(join(dir, `empty-${name}`))
      const empty = await vigil(['evaluate', name, '--data', join(dir, `empty-${name}`)])
      expect(empty).toMatchObject({ code: 1 })
      expect(empty.stderr).toContain('vigil: data-missing')
      expect(await vigil(['evaluate', name])).toMatchObject({ code: 2 })
    },
  )
})
