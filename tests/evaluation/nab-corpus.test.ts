import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readNab, readSeries } from '../../src/evaluation/nab-corpus.ts'

const ROWS = Array.from({ length: 100 }, (_, row) => `2014-04-01 ${String(row % 24).padStart(2, '0')}:00:00,${row}`)
const SERIES = ['timestamp,value', ...ROWS.slice(0, 24)].join('\n')
const LABELS = JSON.stringify({ 'made/a.csv': [['2014-04-01 05:00:00.000000', '2014-04-01 07:00:00.000000']] })

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'vigil-nab-'))
})
afterEach(() => rm(dir, { recursive: true }))

async function put(files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(dir, name)), { recursive: true })
    await writeFile(path.join(dir, name), text)
  }
}

describe("the benchmark's folder", () => {
  it('is read as a checkout has it, results of other detectors and other files left alone', async () => {
    await put({
      'data/made/a.csv': SERIES,
      'data/README.md': 'text',
      'labels/combined_windows.json': LABELS,
      'results/null/made/null_a.csv': 'timestamp,value,anomaly_score,label\n',
    })
    const corpus = await readNab(dir)
    expect(corpus.series.map(({ name }) => name)).toEqual(['made/a.csv'])
    expect(corpus.series[0]!.windows).toEqual([{ first: 5, last: 7 }])
    expect(corpus).toMatchObject({ labelled: true, unreadableRows: 0, missing: [] })
  })

  it('is read from an archive of it', async () => {
    await put({ 'x/data/made/a.csv': SERIES, 'x/labels/combined_windows.json': LABELS })
    execFileSync('tar', ['czf', 'nab.tar.gz', '-C', 'x', 'data', 'labels'], { cwd: dir })
    await rm(path.join(dir, 'x'), { recursive: true })
    const corpus = await readNab(dir)
    expect(corpus.series[0]).toMatchObject({ name: 'made/a.csv', windows: [{ first: 5, last: 7 }] })
  })

  it('without labels is data without labels', async () => {
    await put({ 'made/a.csv': SERIES })
    const corpus = await readNab(dir)
    expect(corpus.labelled).toBe(false)
    expect(corpus.series[0]!.windows).toBeUndefined()
  })

  it('counts labelled series that are not there, and knows those without labels', async () => {
    await put({ 'data/made/b.csv': SERIES, 'labels/combined_windows.json': LABELS })
    const corpus = await readNab(dir)
    expect(corpus.missing).toEqual(['made/a.csv'])
    expect(corpus.series[0]!.windows).toBeUndefined()
  })

  it.each([
    ['an empty folder', {}, 'data-missing'],
    ['labels that are no JSON', { 'a/a.csv': SERIES, 'combined_windows.json': '{' }, 'recording-format'],
    ['labels of another form', { 'a/a.csv': SERIES, 'combined_windows.json': '{"a": 1}' }, 'recording-format'],
    [
      'an archive cut short',
      { 'nab.tar.gz': new Uint8Array([31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 1]) },
      'recording-unreadable',
    ],
    [
      'a labelled series cut before its window',
      { 'made/a.csv': SERIES.split('\n').slice(0, 4).join('\n'), 'combined_windows.json': LABELS },
      'recording-format',
    ],
  ])('%s is a coded error', async (_, files, code) => {
    await put(files as Record<string, string>)
    await expect(readNab(dir)).rejects.toMatchObject({ name: 'VigilError', code })
  })
})

describe('one series', () => {
  it('keeps rows that cannot be read in their places', () => {
    const text = `${SERIES}\r\nnot a time,5\n2014-04-02 00:00:00,none\n2014-04-02 00:00:00\n2014-04-02 00:00:00,1e999\n`
    const { values, stamps } = readSeries('made/a.csv', text, undefined)
    expect(values.length).toBe(28)
    expect(stamps.length).toBe(28)
    expect(Array.from(values.subarray(24)).every(Number.isNaN)).toBe(true)
  })

  it.each([
    ['no header', ROWS.join('\n')],
    ['only a header', 'timestamp,value\n'],
    ['nothing', ''],
  ])('with %s is a coded error', (_, text) => {
    expect(() => readSeries('made/a.csv', text, undefined)).toThrow(
      expect.objectContaining({ code: 'recording-format' }),
    )
  })
})
