import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { everything, folder, named } from './collect.ts'

const { write } = folder()
const T0 = Date.UTC(2026, 0, 1)
const good = (i: number) => JSON.stringify({ patient: 'p', time: T0 + i * 1000, values: { hr: 70 + i, spo2: 97 } })

/** A good line, the bad one, a good line. */
async function between(bad: string) {
  const all = await everything(write('between.ndjson', [good(0), bad, good(1)].join('\n')))
  expect(all.error).toBeUndefined()
  expect(named(all.readings[0]!)).toEqual({ hr: 70, spo2: 97 })
  expect(named(all.readings.at(-1)!)).toEqual({ hr: 71, spo2: 97 })
  return { rejections: all.rejections, middle: all.readings.slice(1, -1) }
}

describe('a bad line names its place, and every good reading around it is still read', () => {
  const text = (over: string) => `{"patient":"p","time":${T0},${over}}`
  test.each([
    [
      'NaN',
      text('"values":{"hr":NaN}'),
      { reason: 'not-json', line: 2, column: 52, detail: expect.stringContaining('NaN') },
    ],
    [
      'Infinity',
      text('"values":{"hr":-Infinity}'),
      { reason: 'not-json', line: 2, column: 52, detail: expect.stringContaining('-Infinity') },
    ],
    ['neither patient nor bed', `{"unit":"ICU","time":${T0},"values":{"hr":70}}`, { reason: 'no-subject', line: 2 }],
    [
      'year 1970',
      '{"patient":"p","time":86400000,"values":{"hr":70}}',
      { reason: 'implausible-time', line: 2, path: 'time' },
    ],
    [
      'year 1970 as ISO',
      '{"patient":"p","time":"1970-01-02T00:00:00Z","values":{"hr":70}}',
      { reason: 'implausible-time', line: 2 },
    ],
    [
      'seconds instead of milliseconds',
      `{"patient":"p","time":${T0 / 1000},"values":{"hr":70}}`,
      { reason: 'implausible-time', line: 2, detail: expect.stringContaining('looks like seconds, not milliseconds') },
    ],
    [
      'microseconds',
      `{"patient":"p","time":${T0 * 1000},"values":{"hr":70}}`,
      { reason: 'implausible-time', detail: expect.stringContaining('microseconds') },
    ],
    [
      'a local time',
      '{"patient":"p","time":"2026-01-01T00:00:00","values":{"hr":70}}',
      { reason: 'bad-time', line: 2, path: 'time' },
    ],
    ['no time', '{"patient":"p","values":{"hr":70}}', { reason: 'bad-time', line: 2, detail: 'the time is missing' }],
    [
      'an unknown field',
      text('"values":{},"colour":1'),
      { reason: 'unknown-field', line: 2, detail: 'a reading has no such field (the 4th of 4, 6 characters)' },
    ],
    ['values as a list', text('"values":[1,2]'), { reason: 'bad-field', path: 'values' }],
    ['an unknown mode', text('"values":{},"mode":"real"'), { reason: 'bad-field', path: 'mode' }],
    ['an array', '[1,2]', { reason: 'not-an-object', line: 2 }],
    [
      'a cut line',
      good(5).slice(0, 30),
      { reason: 'not-json', line: 2, column: 31, detail: 'the text ends too early' },
    ],
    ['noise', '\u0000\ufffd\u0001', { reason: 'not-json', line: 2, column: 1 }],
  ])('%s', async (_, bad, expected) => {
    const { rejections, middle } = await between(bad)
    expect(rejections).toMatchObject([{ ...expected, source: expect.stringContaining('between.ndjson') }])
    expect(middle).toEqual([])
  })

  test.each([
    [
      'a number as a string',
      '"pulse":"72"',
      { reason: 'not-a-number', line: 2, path: 'values.pulse', detail: 'this text is not a finite number or null' },
    ],
    ['a number beyond every double', '"pulse":1e999', { reason: 'not-a-number', line: 2, path: 'values.pulse' }],
    [
      'an unknown channel',
      '"puls":72',
      {
        reason: 'unknown-channel',
        line: 2,
        path: 'values',
        detail: 'no channel has this name (the 2nd of 3, 4 characters)',
      },
    ],
    [
      'a wrong unit',
      '"temp":{"value":37,"unit":"mm[Hg]"}',
      { reason: 'unknown-unit', line: 2, path: 'values.temp.unit' },
    ],
  ])('%s costs its channel, not its message', async (_, bad, expected) => {
    const { rejections, middle } = await between(text(`"values":{"hr":60,${bad},"spo2":95}`))
    expect(rejections).toMatchObject([expected])
    expect(middle.map(named)).toEqual([{ hr: 60, spo2: 95 }])
  })

  test('a line of 10 MB', async () => {
    const { rejections } = await between(text(`"values":{"hr":${'7'.repeat(10_000_000)}}`))
    expect(rejections).toMatchObject([{ reason: 'too-long', line: 2 }])
  })

  test('bytes that are not UTF-8', async () => {
    const bytes = Buffer.concat([
      Buffer.from(`${good(0)}\n`),
      Buffer.from([0xff, 0xfe, 0x80, 10]),
      Buffer.from(good(1)),
    ])
    const { readings, rejections } = await everything(write('bytes.ndjson', bytes))
    expect(rejections).toMatchObject([{ reason: 'not-json', line: 2, column: 1 }])
    expect(readings).toHaveLength(2)
  })
})

describe('a bad file is a coded error, after everything in it that could be read', () => {
  const lines = Array.from({ length: 3000 }, (_, i) => good(i % 200)).join('\n')

  test('truncated gzip', async () => {
    const packed = gzipSync(lines)
    const whole = await everything(write('whole.ndjson.gz', packed))
    expect(whole.error).toBeUndefined()
    const path = write('cut.ndjson.gz', packed.subarray(0, Math.floor(packed.length * 0.7)))
    const { error, readings, rejections } = await everything(path)
    expect(error).toMatchObject({
      code: 'recording-unreadable',
      place: path,
      message: expect.stringContaining('cut short'),
    })
    expect(rejections).toEqual([])
    expect(readings.length).toBeGreaterThan(1000)
    expect(readings).toEqual(whole.readings.slice(0, readings.length))
  })

  test('gzip with damaged bytes inside', async () => {
    const packed = Buffer.from(gzipSync(lines))
    packed.fill(0xff, Math.floor(packed.length * 0.7), Math.floor(packed.length * 0.7) + 8)
    const { error, readings } = await everything(write('damaged.ndjson.gz', packed))
    expect(error).toMatchObject({ code: 'recording-unreadable', message: expect.stringContaining('Z_DATA_ERROR') })
    expect(readings.length).toBeGreaterThan(0)
  })

  test('a WFDB .dat cut short: the whole frames it holds are read', async () => {
    const samples = Int16Array.from({ length: 200 }, (_, i) => 700 + i)
    const bytes = new Uint8Array(samples.buffer)
    write('short.dat', bytes.subarray(0, 151))
    const signals = ['HR', 'PULSE'].map((name) => `short.dat 16 10/bpm 16 0 0 0 0 ${name}`).join('\n')
    const path = write('short.hea', `short 2 1 100\n${signals}\n`)
    const { error, readings } = await everything(path)
    expect(readings).toHaveLength(37)
    expect(named(readings[36]!)).toEqual({ hr: 77.2, pulse: 77.3 })
    expect(error).toMatchObject({
      code: 'recording-unreadable',
      place: path,
      message: expect.stringContaining('63 samples short'),
    })
  })

  test('a WFDB header that lies about its signals', async () => {
    write('lies.dat', new Uint8Array(Int16Array.from([700, 710, 720]).buffer))
    const path = write('lies.hea', 'lies 1 1 3\nlies.dat 16 10/bpm 16 0 700 1 0 HR\n')
    const { error, readings } = await everything(path)
    expect(readings).toEqual([])
    expect(error).toMatchObject({
      code: 'recording-format',
      message: expect.stringContaining('checksum of signal 1'),
    })
  })

  test('a file that is not there', async () => {
    for (const path of ['/nowhere.ndjson', '/nowhere.csv', '/nowhere.hea', '/nowhere'])
      expect((await everything(path)).error).toMatchObject({ code: 'recording-unreadable' })
  })
})

describe('CSV', () => {
  const header = 'Time [s], HR, PULSE, RESP, SpO2'

  test('a cut last line is refused with its line and column', async () => {
    const { readings, rejections, error } = await everything(write('cut.csv', `${header}\n0,98,97,10,99\n1,98,9`))
    expect(error).toBeUndefined()
    expect(readings).toHaveLength(1)
    expect(rejections).toMatchObject([{ reason: 'bad-row', line: 3, column: 4 }])
  })

  test('swapped columns: what no vital sign can be is invalid, and is no measurement', async () => {
    const { readings } = await everything(write('swapped.csv', `${header}\n0,98,99,10,140\n`))
    expect(named(readings[0]!)).toEqual({ hr: 98, pulse: 99, resp: 10, spo2: [140, 2] })
  })

  test('swapped columns: a name in the column of the time, or of a value, is refused and not repeated', async () => {
    const mapping = write(
      'swap.yaml',
      'time: { column: t, format: iso }\npatient: { column: who }\ncolumns: { hr: { channel: hr } }\n',
    )
    const path = write('swap.csv', 't,who,hr\nCANARY-4711,2026-01-01T00:00:00Z,70\n2026-01-01T00:00:01Z,71,Canary\n')
    const { readings, rejections } = await everything(path, { mapping })
    expect(rejections).toMatchObject([
      { reason: 'bad-time', line: 2, column: 1, path: 'time' },
      { reason: 'not-a-number', line: 3, column: 3, path: 'hr', detail: 'the cell is not a number' },
    ])
    expect(JSON.stringify(rejections)).not.toMatch(/canary/i)
    expect(readings).toHaveLength(1)
  })

  test('numbers that are none', async () => {
    const { readings, rejections } = await everything(write('none.csv', `${header}\n0,Infinity,97,1O,99\n`))
    expect(rejections).toMatchObject([
      { reason: 'not-a-number', line: 2, column: 2, path: 'hr' },
      { reason: 'not-a-number', line: 2, column: 4, path: 'resp' },
    ])
    expect(named(readings[0]!)).toMatchObject({ pulse: 97, spo2: 99 })
  })
})
