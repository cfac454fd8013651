import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { BENCHES, type Bench, FIGURES, medianRun, numberAt } from '../../src/bench/suite/figures.ts'
import { markdown, type Report, readReport, reportOf, resultOf, rows } from '../../src/bench/suite/report.ts'
import { runSuite, type SuiteOptions } from '../../src/bench/suite/run.ts'

const ABOUT = {
  date: '2026-11-26 12:00',
  commit: 'abc',
  machine: { cpu: 'a processor', cores: 2, memoryGiB: 24, system: 'linux x64' },
  node: '20.20.2',
  onnxruntime: '1.30.0',
}
const step: Bench = { name: 'step', args: ['step'], runs: 3 }
const native: Bench = { name: 'train-native', args: ['train'], runs: 1, optional: true }
const result = (ratio: number, bench = step) => resultOf(bench, [{ ratio, stepsPerSecond: 1000 * ratio }], 1, 0.2)

describe('the figures', () => {
  test('name benches that there are, each once; a must is no harder than its aim', () => {
    const names = BENCHES.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(FIGURES.filter(({ bench }) => !names.includes(bench))).toEqual([])
    for (const { better, must, aim } of FIGURES)
      if (must !== undefined && aim !== undefined) expect(better === 'more' ? aim >= must : aim <= must).toBe(true)
  })

  test('of several runs every number is its median, and what is no number is what the first says', () => {
    const runs = [3, 1, 2].map((n) => ({ a: n, of: { b: 10 * n, list: [n, n + 1] }, name: `run ${n}`, none: null }))
    expect(medianRun(runs)).toEqual({ a: 2, of: { b: 20, list: [2, 3] }, name: 'run 3', none: null })
    expect(medianRun([{ a: 1 }, { a: 2 }])).toEqual({ a: 1.5 })
  })

  test('a key leads to a number, or to nothing', () => {
    expect(numberAt({ a: { b: 3 } }, 'a.b')).toBe(3)
    for (const key of ['a', 'a.c', 'x.y.z']) expect(numberAt({ a: { b: 'text' } }, key)).toBeUndefined()
  })

  test.each([
    [0.98, 'aim'],
    [0.93, 'must'],
    [0.89, 'missed'],
  ] as const)('a step of %d of bare onnxruntime: %s', (value, met) => {
    const [row] = rows({ step: result(value) }, undefined)
    expect(row).toMatchObject({
      bench: 'step',
      key: 'ratio',
      value,
      must: 0.9,
      aim: 0.97,
      met,
      before: null,
      ratio: null,
    })
  })

  test('stand beside the last ones of the same command, and of no other', () => {
    const before = reportOf({ ...ABOUT, commit: 'old' }, [step], { step: result(0.8) }, {}, undefined)
    expect(rows({ step: result(0.88) }, before)[0]).toMatchObject({ before: 0.8, ratio: 1.1 })
    const longer: Bench = { ...step, args: ['step', '--batch', '8'] }
    expect(rows({ step: result(0.88, longer) }, before)[0]).toMatchObject({ before: null, ratio: null })
  })
})

describe('a report', () => {
  test('is whole when every bench is there, or is optional and says why it is not', () => {
    const optional = { 'train-native': 'no TensorFlow' }
    expect(reportOf(ABOUT, [step, native], { step: result(1) }, optional, undefined)).toMatchObject({
      partial: false,
      missing: optional,
    })
    const cut = reportOf(
      ABOUT,
      [step, native],
      { 'train-native': result(1, native) },
      { step: 'interrupted' },
      undefined,
    )
    expect(cut).toMatchObject({ partial: true, missing: { step: 'interrupted' } })
    expect(markdown(cut)).toMatch(/\(partial\)[\s\S]*not every bench ran[\s\S]*`step`: interrupted/)
    expect(reportOf(ABOUT, [step, native], { step: result(1) }, {}, undefined).partial).toBe(true)
  })

  test('is read back as it was written, and something else is refused with its place', () => {
    const report = reportOf(ABOUT, [step], { step: result(0.95) }, {}, undefined)
    expect(readReport(JSON.stringify(report), 'here')).toEqual(report)
    const page = markdown(report)
    expect(page).toContain('| **0.95** |  | 0.9 | 0.97 | must reached |')
    expect(page).not.toContain('partial')
    for (const text of ['{', '{}', JSON.stringify({ ...report, more: 1 })])
      expect(() => readReport(text, 'here')).toThrow(expect.objectContaining({ code: 'config-invalid', place: 'here' }))
  })
})

// each starts processes
describe('a run', { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-suite-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  const quick: Bench = {
    name: 'train',
    args: ['train', '--engine', 'cpu', '--hidden', '4', '--layers', '1', '--batch', '2', '--chunk', '2', '--seconds', '0.05'],
    runs: 1,
  } // biome-ignore format: one command
  const bad: Bench = { name: 'step', args: ['step', '--provider', 'cuda', '--batch', '1'], runs: 1 }
  const slow: Bench = { name: 'step', args: ['pipeline', '--patients', '2000', '--seconds', '600'], runs: 1 }
  const suite = (benches: readonly Bench[], more: Partial<SuiteOptions> = {}) =>
    runSuite({ out: folder, say: () => {}, signal: new AbortController().signal, benches, ...more })
  const file = (name: string) => join(folder, name)
  const read = (name: string): Report => readReport(readFileSync(file(name), 'utf8'), name)

  test('a bench that fails leaves the others, partial results and an error; what is then gone on with is whole', async () => {
    const failed = suite([quick, bad])
    await expect(failed).rejects.toMatchObject({
      code: 'bench-partial',
      message: expect.stringContaining('step: vigil:'),
    })
    expect(existsSync(file('latest.json'))).toBe(false)
    expect(read('partial.json')).toMatchObject({ partial: true, missing: { step: expect.stringContaining('cuda') } })
    expect(numberAt(read('partial.json').benches['train']!.printed, 'stepsPerSecond')).toBeGreaterThan(0)
    const kept = read('partial.json').benches['train']
    const whole = await suite([quick, { ...quick, name: 'step' }], { goOn: true, runs: 2 })
    expect(whole).toMatchObject({ partial: false, missing: {} })
    expect(whole.benches['train']).toEqual(kept)
    expect(whole.benches['step']).toMatchObject({ runs: 2, command: `vigil bench ${quick.args.join(' ')}` })
    expect(existsSync(file('partial.json'))).toBe(false)
    expect(readFileSync(file('latest.md'), 'utf8')).toBe(markdown(whole))
  })

  test('one that is interrupted never takes the place of a whole one', async () => {
    const before = read('latest.json')
    const stop = new AbortController()
    const said: string[] = []
    const say = (line: string) => {
      said.push(line)
      setTimeout(() => stop.abort(), 500)
    }
    const ran = suite([quick, slow], { signal: stop.signal, say })
    await expect(ran).rejects.toMatchObject({ code: 'bench-partial', message: expect.stringContaining('interrupted') })
    expect(read('latest.json')).toEqual(before)
    expect(read('partial.json')).toMatchObject({ partial: true, missing: { step: 'interrupted' } })
    expect(Object.keys(read('partial.json').benches)).toEqual(['train'])
  })

  test('some that are asked for are partial results without an error; an unknown one is bad usage', async () => {
    expect(await suite([quick, bad], { only: ['train'] })).toMatchObject({
      partial: true,
      missing: { step: 'it was not asked for' },
    })
    await expect(suite([quick], { only: ['trian'] })).rejects.toMatchObject({ code: 'usage' })
  })
})
