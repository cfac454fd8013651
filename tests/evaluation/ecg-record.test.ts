import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readEcg, readRecord, recordName } from '../../src/evaluation/ecg-record.ts'

const rows = (count: number, of = (row: number) => `${row / 10},${row === 7 ? 1 : 0}`) =>
  Array.from({ length: count }, (_, row) => of(row))
const TEXT = rows(5000).join('\n')

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'vigil-ecg-'))
})
afterEach(() => rm(dir, { recursive: true }))

describe('a folder of ECG records', () => {
  it('is read in order of names, plain or gzipped, other files left alone', async () => {
    await writeFile(path.join(dir, 'MBA_ECG806_data.out.gz'), gzipSync(TEXT))
    await writeFile(path.join(dir, 'MBA_ECG805_data.out'), `\uFEFF${TEXT.replaceAll('\n', '\r\n')}\r\n`)
    await writeFile(path.join(dir, 'README.md'), 'text')
    const records = await readEcg(dir)
    expect(records.map(({ name }) => name)).toEqual(['805', '806'])
    for (const { values, labels } of records) {
      expect([values.length, values[7], labels![7], labels![8]]).toEqual([5000, 0.7, 1, 0])
    }
  })

  it('names records as their publisher does', () => {
    expect(['MBA_ECG820_data.out.gz', 'MBA_ECG14046_data_1.out', 'ward 3.csv'].map(recordName)).toEqual([
      '820',
      'MBA_ECG14046_data_1',
      'ward 3',
    ])
  })

  it.each([
    ['no record', 'README.md', 'text', 'data-missing'],
    ['an archive cut short', 'a.out.gz', gzipSync(TEXT).subarray(0, 500), 'recording-unreadable'],
    ['an archive that is none', 'a.out.gz', 'text', 'recording-unreadable'],
    ['too few rows to train on', 'a.out', rows(4999).join('\n'), 'recording-format'],
    ['text of another kind', 'a.out', rows(5000, () => 'a,0').join('\n'), 'recording-format'],
    ['labels of another kind', 'a.out', rows(5000, () => '1,N').join('\n'), 'recording-format'],
    ['labels in some rows only', 'a.out', rows(5000, (row) => (row < 9 ? '1' : '1,0')).join('\n'), 'recording-format'],
  ])('%s is a coded error', async (_, name, content, code) => {
    await writeFile(path.join(dir, name), content)
    await expect(readEcg(dir)).rejects.toMatchObject({ name: 'VigilError', code })
  })

  it('a folder that is not there is a coded error', async () => {
    await expect(readEcg(path.join(dir, 'none'))).rejects.toMatchObject({ code: 'data-missing' })
  })
})

describe('one record', () => {
  it('keeps rows that cannot be read in their places', () => {
    const { values } = readRecord('a', rows(5000, (row) => (row % 100 === 3 ? ',0' : '1,0')).join('\n'))
    expect(values.length).toBe(5000)
    expect(values.filter(Number.isNaN).length).toBe(50)
    expect(values[103]).toBeNaN()
  })

  it('without labels is a record without labels', () => {
    expect(readRecord('a', rows(5000, String).join('\n')).labels).toBeUndefined()
  })
})
