import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SEPSIS_CHANNELS } from '../../../src/inference/hourly/sepsis-channels.ts'
import { decodePsv, hoursOf, readPhysionet2019 } from '../../../src/training/cohorts/physionet2019.ts'
import { type HourlyStay, noFaults } from '../../../src/training/cohorts/stay.ts'
import { tarOf } from './tar-bytes.ts'

const COLUMNS = SEPSIS_CHANNELS.map(({ column }) => column)

/** A file of rows of numbers, NaN where they are missing. */
function psv(rows: readonly (readonly number[])[], labels?: readonly number[]): string {
  const header = [...COLUMNS, ...(labels === undefined ? [] : ['SepsisLabel'])].join('|')
  const lines = rows.map((row, t) => [...row, ...(labels === undefined ? [] : [labels[t]!])].join('|'))
  return `${[header, ...lines].join('\n')}\n`
}
const nothing = () => new Array<number>(COLUMNS.length).fill(Number.NaN)
const row = (hr: number, hour: number) => nothing().map((v, c) => (c === 0 ? hr : COLUMNS[c] === 'ICULOS' ? hour : v))

describe('a file of the Challenge 2019', () => {
  it('is read back as it was written, whatever is missing', () => {
    const value = fc.oneof(fc.constant(Number.NaN), fc.double({ noNaN: true, min: -1e6, max: 1e6 }))
    const rows = fc.array(fc.array(value, { minLength: COLUMNS.length, maxLength: COLUMNS.length }), { minLength: 1, maxLength: 8 }) // biome-ignore format: one line
    fc.assert(
      fc.property(rows, (wanted) => {
        const faults = noFaults()
        const stay = decodePsv('p1', psv(wanted, wanted.map((_, t) => t % 2)), faults)! // biome-ignore format: one line
        expect(stay.from).toHaveLength(wanted.length + 1)
        wanted.forEach((values, t) => {
          const found = nothing()
          for (let i = stay.from[t]!; i < stay.from[t + 1]!; i++) found[stay.channels[i]!] = stay.values[i]!
          expect(found.map((v) => v + 0)).toEqual(values.map((v) => v + 0))
        })
        expect(Array.from(stay.labels!)).toEqual(wanted.map((_, t) => t % 2))
        expect(faults).toEqual(noFaults())
      }),
    )
  })

  it('never throws but for a label that is none, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (text) => {
        const faults = noFaults()
        decodePsv('p1', text, faults)
        decodePsv('p1', `${COLUMNS.join('|')}\n${text}`, faults)
      }),
    )
  })

  it('goes by the names of its columns, with other line ends, extra columns and cut rows', () => {
    const faults = noFaults()
    const text = `${['x', ...COLUMNS].join('|')}\r\n1|80|97\r\n2|abc|NaN${'|NaN'.repeat(COLUMNS.length - 2)}\r\n`
    const stay = decodePsv('p1', text, faults)!
    expect(Array.from(stay.values)).toEqual([80, 97])
    expect(stay.labels).toBeUndefined()
    expect(faults).toEqual({ ...noFaults(), rows: 1, values: 1 })
  })

  it('gives hours in the unit, and counts rows where the file does not', () => {
    expect(Array.from(hoursOf(decodePsv('p', psv([row(80, 5), nothing(), row(80, 9)]), noFaults())!))).toEqual([
      5, 2, 9,
    ])
  })

  it('of no row or of another header is none', () => {
    expect(decodePsv('p', psv([]), noFaults())).toBeUndefined()
    expect(decodePsv('p', 'Time,Parameter,Value\n00:00,HR,80\n', noFaults())).toBeUndefined()
    expect(decodePsv('p', '', noFaults())).toBeUndefined()
  })
})

describe('a folder of the Challenge 2019', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'vigil-2019-'))
  })
  afterEach(() => rm(dir, { recursive: true }))
  const read = async (faults = noFaults(), from = dir) => {
    const stays: HourlyStay[] = []
    for await (const stay of readPhysionet2019(from, faults)) stays.push(stay)
    return stays
  }
  const patient = (hr: number) => psv([row(hr, 1), row(hr + 1, 2)], [0, 1])

  it('gives the same stays loose, in folders, and in an archive', async () => {
    await mkdir(join(dir, 'training', 'training_setB'), { recursive: true })
    await writeFile(join(dir, 'training', 'training_setB', 'p2.psv'), patient(70))
    await writeFile(join(dir, 'p1.psv'), patient(60))
    const loose = await read()
    expect(loose.map(({ name }) => name)).toEqual(['p1', 'p2'])
    const other = await mkdtemp(join(tmpdir(), 'vigil-2019-'))
    const archive = join(other, 'set.tar.gz')
    await writeFile(archive, gzipSync(tarOf({ 'train/': '', 'train/p1.psv': patient(60), 'train/p2.psv': patient(70), 'train/._p2.psv': 'x' }))) // biome-ignore format: one archive
    expect(await read(noFaults(), other)).toEqual(loose)
    expect(await read(noFaults(), archive)).toEqual(loose)
    await rm(other, { recursive: true })
  })

  it('counts what it leaves out: files without a row, records twice; and passes other files by', async () => {
    await writeFile(join(dir, 'p1.psv'), patient(60))
    await writeFile(join(dir, 'p2.psv'), '')
    await writeFile(join(dir, 'p3.psv'), Buffer.from([0xff, 0xfe, ...Buffer.from(patient(61), 'utf16le')]))
    await mkdir(join(dir, 'again'))
    await writeFile(join(dir, 'again', 'p1.psv'), patient(60))
    await writeFile(join(dir, 'README.md'), 'hello')
    const faults = noFaults()
    expect((await read(faults)).map(({ name }) => name).sort()).toEqual(['p1', 'p3'])
    expect(faults).toEqual({ ...noFaults(), files: 1, doubles: 1 })
  })

  it.each([
    ['data-missing', 'no file', {}],
    ['data-missing', 'only empty files', { 'p1.psv': '' }],
    ['recording-format', 'some labels', { 'p1.psv': patient(60), 'p2.psv': psv([row(70, 1)]) }],
    ['recording-format', 'a label that is none', { 'p1.psv': psv([row(70, 1)], [2]) }],
    ['recording-unreadable', 'a cut archive', { 'a.tar.gz': gzipSync(tarOf({ 'p1.psv': patient(60).repeat(40) })).subarray(0, 300) }],
    ['recording-unreadable', 'an archive cut within a file', { 'a.tar': tarOf({ 'p1.psv': patient(60) }).subarray(0, 700) }],
    ['recording-unreadable', 'no archive', { 'a.tar': 'hello'.repeat(300) }],
  ] as [string, string, Record<string, string | Uint8Array>][])('fails with %s on %s', async (code, _, files) => {
    for (const [name, content] of Object.entries(files)) await writeFile(join(dir, name), content)
    await expect(read()).rejects.toMatchObject({ code })
  })

  it('fails with data-missing where there is no folder', async () => {
    await expect(read(noFaults(), join(dir, 'nowhere'))).rejects.toMatchObject({ code: 'data-missing' })
  })
}) // biome-ignore format: the table
