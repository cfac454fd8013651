import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseWfdbHeader } from '../../src/ingest/wfdb-header.ts'
import { decodeWfdbSignals } from '../../src/ingest/wfdb-signals.ts'
import { everything, folder, named } from './collect.ts'

const { write } = folder()

/** [frames][signals] samples as the bytes of a `.dat`. */
function bytesOf(format: number, samples: readonly number[]): Uint8Array {
  const bytes: number[] = []
  if (format === 16) for (const it of samples) bytes.push(it & 255, (it >> 8) & 255)
  if (format === 61) for (const it of samples) bytes.push((it >> 8) & 255, it & 255)
  if (format === 80) for (const it of samples) bytes.push(it + 128)
  if (format === 212)
    for (let i = 0; i < samples.length; i += 2) {
      const [a, b] = [samples[i]! & 0xfff, (samples[i + 1] ?? 0) & 0xfff]
      bytes.push(a & 255, (a >> 8) | ((b >> 8) << 4), b & 255)
    }
  return Uint8Array.from(bytes)
}

const sum16 = (samples: readonly number[]) => (samples.reduce((a, b) => a + b, 0) << 16) >> 16

/** A record of one segment: rows of ADC values, gain 10, one frame a minute. */
function record(
  name: string,
  signals: readonly string[],
  rows: readonly (readonly number[])[],
  start = ' 1:02:03.500 09/10/2896',
) {
  const lines = signals.map((signal, i) => {
    const sum = sum16(rows.map((row) => row[i]!))
    return `${name}.dat 16 10/${signal.endsWith('SpO2') ? '%' : 'bpm'} 16 0 ${rows[0]?.[i] ?? 0} ${sum} 0 ${signal}`
  })
  write(`${name}.dat`, bytesOf(16, rows.flat()))
  return write(
    `${name}.hea`,
    `${name} ${signals.length} 0.0166666666667/125 ${rows.length} ${start}\n${lines.join('\n')}\n# a comment\n`,
  )
}

describe('formats', () => {
  test.each([
    [16, -32768, 32767],
    [61, -32768, 32767],
    [80, -128, 127],
    [212, -2048, 2047],
  ])('format %i gives back what was written, its lowest sample as "not recorded"', (format, none, high) => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 4 })
          .chain((width) =>
            fc.tuple(
              fc.constant(width),
              fc.array(fc.array(fc.integer({ min: none, max: high }), { minLength: width, maxLength: width })),
            ),
          ),
        ([width, rows]) => {
          const lines = Array.from(
            { length: width },
            (_, i) => `x.dat ${format} 4(${i - 1})/bpm 0 0 0 ${sum16(rows.map((row) => row[i]!))} 0 S${i}`,
          )
          const { signals } = parseWfdbHeader(`x ${width} 1\n${lines.join('\n')}`, 'x.hea')
          const { values, frames } = decodeWfdbSignals(bytesOf(format, rows.flat()), signals, rows.length, 'x.dat')
          expect(frames).toBe(rows.length)
          const expected = Array.from({ length: width }, (_, i) =>
            rows.map((row) => (row[i] === none ? Number.NaN : (row[i]! - (i - 1)) / 4)),
          )
          expect(values.map((column) => [...column])).toEqual(expected)
        },
      ),
      { numRuns: 100 },
    )
  })

  test('several samples a frame are averaged, skew and a byte offset are undone', () => {
    const { signals } = parseWfdbHeader('x 2 1 3\nx.dat 16x2+4 1/bpm\nx.dat 16:1+4 1/bpm', 'x.hea')
    const rows = [10, 12, 0, 10, -32768, 1, 20, 8, 5, 99, 99, 7]
    const bytes = new Uint8Array([1, 2, 3, 4, ...bytesOf(16, rows)])
    const { values } = decodeWfdbSignals(bytes, signals, 3, 'x.dat')
    expect(values.map((column) => [...column])).toEqual([
      [11, 10, 14],
      [1, 5, 7],
    ])
  })
})

describe('headers', () => {
  test('base time in its three forms, with the date, as UTC', () => {
    const start = (time: string) => parseWfdbHeader(`x 0 1 0 ${time}`, 'x').start
    expect(start('10:44:18.529 04/05/2704')).toBe(Date.UTC(2704, 4, 4, 10, 44, 18, 529))
    expect(start('   31:25.894 10/10/2896')).toBe(Date.UTC(2896, 9, 10, 0, 31, 25, 894))
    expect(start('7 1/2/3123')).toBe(Date.UTC(3123, 1, 1, 0, 0, 7))
    expect(start('10:00:00')).toBeUndefined()
  })

  test('gain, baseline, units and their defaults', () => {
    const text = 'x 4 1/125(10) 5\nf 16 200(5)/mmHg 12 7 0 0 0 ART Sys\nf 16 10/bpm 12 7\nf 16 0\nf 212x3:2+8'
    const { signals } = parseWfdbHeader(text, 'x')
    expect(signals.map(({ gain, baseline, units }) => [gain, baseline, units])).toEqual([
      [200, 5, 'mmHg'],
      [10, 7, 'bpm'],
      [200, 0, 'mV'],
      [200, 0, 'mV'],
    ])
    expect(signals[0]!.description).toBe('ART Sys')
    expect(signals[3]).toMatchObject({ format: 212, samplesPerFrame: 3, skew: 2, offset: 8, checksum: undefined })
  })

  test('any text is a header or a coded error', () => {
    const words = fc.constantFrom(
      'x',
      '2',
      'x/2',
      '1/125',
      '10:00',
      '01/01/2000',
      'f.dat',
      '16',
      '10/bpm',
      '~',
      '\n',
      '#',
      '../f',
    )
    const text = fc.oneof(
      fc.string(),
      fc.array(words).map((all) => all.join(' ')),
    )
    fc.assert(
      fc.property(text, (it) => {
        try {
          parseWfdbHeader(it, 'x.hea')
        } catch (error) {
          expect(error).toMatchObject({ code: 'recording-format', place: 'x.hea' })
        }
      }),
      { numRuns: 1000 },
    )
  })

  test('a signal file outside the folder of its header is refused', () => {
    expect(() => parseWfdbHeader('x 1 1 1\n../secret.dat 16', 'x.hea')).toThrow(/beside its header/)
  })
})

describe('records', () => {
  test('one segment, a frame a minute: zeros and unrecorded samples are gaps', async () => {
    const path = record(
      'one',
      ['HR', '%SpO2', 'GSR'],
      [
        [720, 0, 1],
        [-32768, 970, 1],
        [0, 980, 1],
      ],
    )
    const { readings, rejections, error } = await everything(path)
    expect(error).toBeUndefined()
    expect(rejections).toMatchObject([
      { reason: 'unknown-channel', detail: expect.stringMatching(/no known channel.*3 characters/) },
    ])
    const none = [Number.NaN, 3]
    expect(readings.map(named)).toEqual([
      { hr: 72, spo2: none },
      { hr: none, spo2: 97 },
      { hr: none, spo2: 98 },
    ])
    const start = Date.UTC(2896, 9, 9, 1, 2, 3, 500)
    expect(readings.map(({ time }) => time)).toEqual([start, start + 60_000, start + 120_000])
    expect(readings[0]).toMatchObject({ patientKey: 'one', complete: true, mode: 'replay' })
    expect(named((await everything(path, { zeros: 'value' })).readings[2]!)['hr']).toBe(0)
  })

  test('a frame a minute does not drift: a week later it is on the millisecond', async () => {
    const path = record(
      'week',
      ['HR'],
      Array.from({ length: 10_080 }, () => [700]),
    )
    const { readings } = await everything(path)
    expect(readings.at(-1)!.time - readings[0]!.time).toBe(10_079 * 60_000)
  })

  test('the .dat stands under another name, the record is opened by its header or its bare name', async () => {
    write('4711n.dat', bytesOf(16, [720]))
    const path = write('s1-2896n.hea', `s1-2896n 1 1 1\n4711n.dat 16 10/bpm 16 0 720 720 0 HR\n`)
    expect((await everything(path)).readings).toHaveLength(1)
    expect((await everything(path.replace('.hea', ''))).readings).toHaveLength(1)
    const dat = await everything(path.replace('s1-2896n.hea', '4711n.dat'))
    expect(dat.error).toMatchObject({ code: 'recording-format', message: expect.stringContaining('.hea') })
  })

  test('fixed layout: segments follow one another in time', async () => {
    record(
      'fix_1',
      ['HR', 'SpO2'],
      [
        [700, 970],
        [710, 970],
      ],
    )
    record('fix_2', ['HR', 'SpO2'], [[720, 980]])
    const path = write('fix.hea', 'fix/2 2 0.0166666666667 3 10:00:00 01/01/2900\nfix_1 2\nfix_2 1\n')
    const { readings, error } = await everything(path)
    expect(error).toBeUndefined()
    expect(readings.map((it) => named(it)['hr'])).toEqual([70, 71, 72])
    expect(readings.map(({ time }) => time - Date.UTC(2900, 0, 1, 10))).toEqual([0, 60_000, 120_000])
  })

  test('variable layout: each segment has some of the signals, a null segment is a gap', async () => {
    write('var_layout.hea', 'var_layout 2 0.0166666666667 0\n~ 0 10/bpm 16 0 0 0 0 HR\n~ 0 10/% 16 0 0 0 0 SpO2\n')
    record('var_1', ['SpO2'], [[970]])
    record('var_2', ['SpO2', 'HR'], [[980, 720]])
    const path = write('var.hea', 'var/4 2 0.0166666666667 7\nvar_layout 0\nvar_1 1\n~ 5\nvar_2 1\n')
    const { readings, error } = await everything(path)
    expect(error).toBeUndefined()
    expect(readings.map(named)).toEqual([{ spo2: 97 }, { spo2: 98, hr: 72 }])
    expect(readings[1]!.time - readings[0]!.time).toBe(6 * 60_000)
  })
})

describe('a header that lies is a coded error that names the place', () => {
  test('checksum: nothing of the file is believed', async () => {
    const path = record(
      'sum',
      ['HR', 'PULSE'],
      [
        [700, 700],
        [710, 710],
      ],
    )
    write('sum.dat', bytesOf(16, [700, 700, 710, 711]))
    const { readings, error } = await everything(path)
    expect(readings).toEqual([])
    expect(error).toMatchObject({
      code: 'recording-format',
      message: expect.stringContaining('signal 2'),
      place: expect.stringContaining('sum.dat'),
    })
  })

  test.each([
    ['segment of another length', 'lie/2 1 0.0166666666667 9\nlie_1 2\nlie_2 7\n', /1 samples.*2/],
    ['sum of the segments', 'lie/2 1 0.0166666666667 9\nlie_1 1\nlie_2 1\n', /hold 2 samples.*announces 9/],
    ['another frequency', 'lie/2 1 125 2\nlie_1 1\nlie_2 1\n', /frequency/],
    [
      'a segment more than there are lines',
      'lie/3 1 0.0166666666667 2\nlie_1 1\nlie_2 1\n',
      /announces 3 lines, but 2/,
    ],
    ['other signals in a segment', 'lie/2 1 0.0166666666667 2\nlie_1 1\nlie_3 1\n', /other signals/],
    ['a segment that has segments', 'lie/2 1 0.0166666666667 2\nlie_1 1\nnest 1\n', /segments of its own/],
  ])('%s', async (_, text, message) => {
    record('lie_1', ['HR'], [[700]])
    record('lie_2', ['HR'], [[700]])
    record('lie_3', ['PULSE'], [[700]])
    write('nest.hea', 'nest/1 1 0.0166666666667 1\nlie_1 1\n')
    const { error } = await everything(write('lie.hea', text))
    expect(error).toMatchObject({ code: 'recording-format', message: expect.stringMatching(message) })
  })

  test('a segment that is not there', async () => {
    const { error } = await everything(write('lost.hea', 'lost/1 1 1 1\nnowhere 1\n'))
    expect(error).toMatchObject({ code: 'recording-unreadable', place: expect.stringContaining('nowhere.hea') })
  })

  test('a format nobody wrote', async () => {
    write('odd.dat', new Uint8Array(8))
    const { error } = await everything(write('odd.hea', 'odd 1 1 1\nodd.dat 311 10/bpm 16 0 0 0 0 HR\n'))
    expect(error).toMatchObject({ code: 'recording-format', message: expect.stringContaining('311') })
  })
})
