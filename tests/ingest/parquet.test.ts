import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { describe, expect, test } from 'vitest'
import { decodeReading } from '../../src/ingest/decode-reading.ts'
import { parquetInputs } from '../../src/ingest/parquet.ts'
import { wireReading } from '../../src/ingest/wire-reading.ts'
import { writeRecording } from '../../src/ingest/write-recording.ts'
import type { JournalEntry } from '../../src/vitals/journal.ts'
import { type Reading, STATUSES } from '../../src/vitals/reading.ts'
import { everything, folder, named, table } from './collect.ts'

const { dir, write } = folder()
const T0 = Date.UTC(2026, 0, 1)
const seconds = (count: number) => Array.from({ length: count }, (_, i) => new Date(T0 + i * 1000))
const parquet = (name: string, columnData: Parameters<typeof parquetWriteBuffer>[0]['columnData'], more = {}) =>
  write(name, Buffer.from(parquetWriteBuffer({ columnData, ...more })))

const value = fc.oneof(
  fc.double({ min: 20, max: 100, noNaN: true }),
  fc.constant(null),
  fc.record({ value: fc.integer({ min: 20, max: 100 }), status: fc.constantFrom(...STATUSES) }),
  fc.record({ value: fc.integer({ min: 20, max: 100 }), time: fc.integer({ min: T0, max: T0 + 1e9 }) }),
)
const reading = fc
  .record(
    {
      patient: fc.string({ minLength: 1, maxLength: 8 }),
      encounter: fc.string({ minLength: 1, maxLength: 8 }),
      unit: fc.string({ minLength: 1, maxLength: 8 }),
      bed: fc.string({ minLength: 1, maxLength: 8 }),
      time: fc.oneof(fc.integer({ min: T0, max: T0 + 1e9 }), fc.constant(T0 + 0.25)),
      mode: fc.constantFrom('test', 'replay', 'demo'),
      complete: fc.boolean(),
      values: fc.dictionary(fc.constantFrom('hr', 'spo2', 'resp', 'temp', 'nibp_sys'), value),
    },
    { requiredKeys: ['patient', 'time', 'values'] },
  )
  .map((wire) => decodeReading(JSON.stringify(wire), table, 'replay').reading!)
const entry = fc
  .integer({ min: T0, max: T0 + 1e9 })
  .map((at): JournalEntry => ({ kind: 'journal', patientKey: 'p', at, afterOffset: 3, entry: 'admit', encounter: 'e' }))

/** As it counts: the order of channels in a reading says nothing. */
const canonical = (inputs: readonly unknown[]) =>
  (inputs as (Reading | JournalEntry)[]).map((it) => (it.kind === 'reading' ? wireReading(it, table) : it))

describe('what is written as a recording', () => {
  test('is read again as it was, readings and journal, in Parquet, in lines and in gzip', async () => {
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(reading, entry), { maxLength: 40 }), async (inputs) => {
        for (const name of ['r.parquet', 'r.ndjson', 'r.ndjson.gz']) {
          const path = join(dir, `${run++}-${name}`)
          const writer = await writeRecording(path, table)
          await writer.write(inputs.slice(0, 7))
          await writer.write(inputs.slice(7))
          await writer.close()
          if (inputs.length === 0 && name !== 'r.parquet') continue
          const read = await everything(path, { batch: 5 })
          expect([read.error, read.rejections]).toEqual([undefined, []])
          expect(canonical(read.inputs)).toEqual(canonical(inputs))
        }
      }),
      { numRuns: 40 },
    )
  })

  test('goes over several row groups, and is never live', async () => {
    const path = join(dir, 'long.parquet')
    const writer = await writeRecording(path, table)
    const one = decodeReading(JSON.stringify({ patient: 'p', time: T0, values: { hr: 70 } }), table, 'live').reading!
    for (let i = 0; i < 20; i++) await writer.write(Array.from({ length: 1000 }, (_, k) => ({ ...one, time: T0 + (i * 1000 + k) * 1000 }))) // biome-ignore format: one batch
    await writer.close()
    const { readings, error } = await everything(path)
    expect(error).toBeUndefined()
    expect(readings.map(({ time }) => time)).toEqual(Array.from({ length: 20_000 }, (_, i) => T0 + i * 1000))
    expect(new Set(readings.map(({ mode }) => mode))).toEqual(new Set(['replay']))
    // a byte of the third group's pages is another: what is before it is read, or what it says is refused by its place
    const bytes = readFileSync(path)
    bytes.fill(0xff, Math.floor(bytes.length * 0.9), Math.floor(bytes.length * 0.9) + 2000)
    const damaged = await everything(write('damaged.parquet', bytes))
    expect(damaged.error).toMatchObject({ code: 'recording-unreadable', message: expect.stringMatching(/row group 3/) })
    expect(damaged.readings).toHaveLength(16_384)
  })

  test('is named as what it is, and has a place on the disk', async () => {
    await expect(writeRecording('day.csv', table)).rejects.toMatchObject({ code: 'usage' })
    for (const name of ['a.parquet', 'a.ndjson', 'a.ndjson.gz'])
      await expect(writeRecording(join(dir, 'no', 'folder', name), table)).rejects.toMatchObject({
        code: 'sink-failed',
      })
    const path = join(dir, 'lines.ndjson.gz')
    const writer = await writeRecording(path, table)
    await writer.write([{ kind: 'journal', patientKey: 'p', at: T0, afterOffset: 0, entry: 'discharge' }])
    await writer.close()
    expect(gunzipSync(readFileSync(path)).toString()).toContain('"discharge"')
  })
})

describe('a Parquet table', () => {
  test('with a column for each channel is read as it stands: instants, 64-bit numbers, blanks, and what no channel is called', async () => {
    const path = parquet('table.parquet', [
      { name: 'time', data: seconds(3), type: 'TIMESTAMP' },
      { name: 'bed', data: ['4', '4', '4'], type: 'STRING' },
      { name: 'hr', data: [70n, 71n, 72n], type: 'INT64' },
      { name: 'spo2', data: [97.5, Number.NaN, null], type: 'DOUBLE' },
      { name: 'mood', data: ['a', 'b', 'c'], type: 'STRING' },
    ])
    const { readings, rejections, error } = await everything(path)
    expect(error).toBeUndefined()
    expect(readings.map((it) => [it.time, it.patientKey, named(it)])).toEqual([
      [T0, 'bed:/4', { hr: 70, spo2: 97.5 }],
      [T0 + 1000, 'bed:/4', { hr: 71 }],
      [T0 + 2000, 'bed:/4', { hr: 72 }],
    ])
    expect(rejections.map(({ reason, column }) => [reason, column])).toEqual([['unknown-channel', 5]])
  })

  test('of any other kind is read by a mapping, as its CSV would be; every codec, whatever the name', async () => {
    const mapping = write('map.yaml', "time: {column: t, format: relative-seconds}\ncolumns: {HF: {channel: hr}, T: {channel: temp, unit: degF}}\n") // biome-ignore format: one text
    const columns = [
      { name: 't', data: [0, 1.5, 3], type: 'DOUBLE' as const },
      { name: 'HF', data: [70, null, 72], type: 'INT32' as const },
      { name: 'T', data: [98.6, 98.6, null], type: 'FLOAT' as const },
      { name: 'note', data: ['x', 'y', 'z'], type: 'STRING' as const },
    ]
    const csv = write('same.csv', 't,HF,T,note\n0,70,98.5999984741211,x\n1.5,,98.5999984741211,y\n3,72,,z\n')
    const wanted = canonical((await everything(csv, { mapping, patientKey: 'p' })).readings)
    for (const path of [parquet('mapped.parquet', columns), parquet('no-name', columns, { codec: 'UNCOMPRESSED' })]) {
      const { readings, error } = await everything(path, { mapping, patientKey: 'p' })
      expect([error, canonical(readings)]).toEqual([undefined, wanted])
    }
    const wrong = await everything(parquet('wrong.parquet', columns.slice(0, 2)), { mapping })
    expect(wrong.error).toMatchObject({
      code: 'mapping-invalid',
      message: expect.stringContaining('columns[2]: the header has no column of this name'),
    })
  })

  test('that cannot be told what it means, holds local times, is cut or is none, is an error that says so', async () => {
    const time = { name: 'time', data: seconds(2) }
    const local = { name: 'time', type: 'INT64' as const, logical_type: { type: 'TIMESTAMP' as const, isAdjustedToUTC: false, unit: 'MILLIS' as const }, repetition_type: 'OPTIONAL' as const } // biome-ignore format: one column
    const cases: [string, string, RegExp][] = [
      [parquet('untold.parquet', [{ name: 'hr', data: [1, 2] }]), 'recording-format', /no column "time"/],
      [parquet('local.parquet', [time], { schema: [{ name: 'root', num_children: 1 }, local] }), 'recording-format', /"time" holds local times/], // biome-ignore format: one case
      [write('none.parquet', 'PAR1 and no more'), 'recording-unreadable', /footer/],
      [write('empty.parquet', ''), 'recording-unreadable', /footer/],
      [join(dir, 'absent.parquet'), 'recording-unreadable', /ENOENT/],
    ]
    const whole = readFileSync(
      parquet('whole.parquet', [
        { ...time, type: 'TIMESTAMP' },
        { name: 'hr', data: [70, 71] },
      ]),
    )
    cases.push([write('cut.parquet', whole.subarray(0, whole.length - 9)), 'recording-unreadable', /footer/])
    for (const [path, code, message] of cases)
      expect((await everything(path)).error).toMatchObject({
        code,
        message: expect.stringMatching(message),
        place: path,
      })
  })

  test('damaged in its footer ends with an error of a recording, or is read; it never does anything else', async () => {
    const whole = readFileSync(parquet('target.parquet', [{ name: 'time', data: seconds(50), type: 'TIMESTAMP' }, { name: 'hr', data: seconds(50).map((_, i) => i + 50), type: 'DOUBLE' }])) // biome-ignore format: one table
    const footer = whole.length - 8 - whole.readUInt32LE(whole.length - 8)
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: footer, max: whole.length - 1 }),
        fc.constantFrom(0, 1, 8, 0x15, 0x16, 0x7f, 0x80, 0xff),
        async (at, byte) => {
          const bytes = Buffer.from(whole)
          bytes[at] = byte
          const { error } = await everything(write('bit.parquet', bytes))
          if (error !== undefined) expect((error as { code: string }).code).toMatch(/^recording-/)
        },
      ),
      { numRuns: 150 },
    )
  })

  describe('of four row groups, one byte of which is another', () => {
    const whole = Buffer.from(
      parquetWriteBuffer({
        rowGroupSize: 100,
        codec: 'UNCOMPRESSED',
        columnData: [
          { name: 'time', type: 'TIMESTAMP', data: seconds(400) },
          { name: 'bed', type: 'STRING', data: seconds(400).map((_, i) => `b${i % 3}`) },
          { name: 'hr', type: 'INT32', data: seconds(400).map((_, i) => 60 + (i % 40)) },
        ],
      }),
    )
    /** Times read, and the error after them. */
    async function read(at: number, byte: number) {
      const bytes = Buffer.from(whole)
      bytes[at] = byte
      const path = write('byte.parquet', bytes)
      const times: number[] = []
      try {
        for await (const {
          inputs,
        } of parquetInputs(path, { table, batch: 64, patientKey: 'x', anchor: T0, zeros: undefined, mapping: undefined, patience: () => 500 })) // biome-ignore format: one loop
          for (const it of inputs) if (it.kind === 'reading') times.push(it.time)
      } catch (error) {
        return { times, error, path }
      }
      return { times, path }
    }

    test('where it keeps the library busy without end, is given up after the groups before; other files are read on', async () => {
      // a count in the first page of the second group, found by trying
      expect(whole[1360]).not.toBe(120)
      const { times, error, path } = await read(1360, 120)
      expect(error).toMatchObject({ code: 'recording-unreadable', place: path, message: expect.stringMatching(/row group 2 .* busy for more than 0.5 s/) }) // biome-ignore format: one error
      expect(times).toEqual(seconds(100).map(Number))
      expect((await read(0, whole[0]!)).times).toHaveLength(400)
    })

    test('wherever it is, ends with an error of a recording after what was read, or is read', async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (at, byte) => {
          const { times, error, path } = await read(at, byte)
          if (error === undefined) return
          expect(error).toMatchObject({ code: expect.stringMatching(/^recording-/), place: path })
          expect(times.length % 100).toBe(0)
        }),
        { numRuns: 150, endOnFailure: true },
      )
    })
  })
})
