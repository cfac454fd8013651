import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { checkMapping } from '../../src/ingest/mapping.ts'
import { ANCHOR, recordingKey } from '../../src/ingest/recording.ts'
import { everything, folder, named, table } from './collect.ts'

const { write } = folder()
const BIDMC = 'Time [s], HR, PULSE, RESP, SpO2\n'
const MAPPING = `
time: { column: t, format: iso }
patient: { column: who }
columns:
  heart: { channel: hr, unit: bpm }
  sat: { channel: spo2 }
  cuff: { channel: nibp_sys, unit: mmHg }
`

describe('BIDMC numerics', () => {
  test('need no mapping: relative seconds from the anchor, the key from the name', async () => {
    const path = write('bidmc_77_Numerics.csv', `${BIDMC}-0,98,97,10,99\n1,98,NaN,,99\n`)
    const { readings, rejections, error } = await everything(path)
    expect(error).toBeUndefined()
    expect(rejections).toEqual([])
    expect(readings.map(named)).toEqual([
      { hr: 98, pulse: 97, resp: 10, spo2: 99 },
      { hr: 98, pulse: [Number.NaN, 3], resp: [Number.NaN, 3], spo2: 99 },
    ])
    expect(readings.map(({ time }) => time)).toEqual([ANCHOR, ANCHOR + 1000])
    expect(readings[0]).toMatchObject({ patientKey: 'bidmc_77', mode: 'replay', complete: true })
    const anchored = await everything(path, { anchor: Date.UTC(2030, 5, 1), patientKey: 'other' })
    expect(anchored.readings[1]).toMatchObject({ patientKey: 'other', time: Date.UTC(2030, 5, 1) + 1000 })
  })

  test('the six published examples are read whole', async () => {
    for (const patient of ['05', '12', '19', '28', '34', '43']) {
      const { readings, inputs } = await everything(`examples/recordings/bidmc_${patient}_Numerics.csv`)
      expect(inputs).toHaveLength(481)
      expect(readings.at(-1)!.time - readings[0]!.time).toBe(480_000)
      const good = readings.reduce((sum, { statuses }) => sum + statuses.filter((status) => status === 0).length, 0)
      expect(good).toBeGreaterThan(481 * 4 * 0.85)
    }
  })

  test('heart rate 0 is asystole, unless the caller says that zeros are gaps', async () => {
    const path = write('flat.csv', `${BIDMC}0,0,98,10,99\n`)
    expect(named((await everything(path)).readings[0]!)['hr']).toBe(0)
    expect(named((await everything(path, { zeros: 'missing' })).readings[0]!)['hr']).toEqual([Number.NaN, 3])
  })
})

test('MIMIC II numerics as CSV: minutes, units in the header, zeros are gaps, unknown columns are said', async () => {
  const header = 'minute,HR[bpm],ABPSys[mmHg],ABPDias[mmHg],ABPMean[mmHg],FOO[bpm],NBPSys[mmHg]\n'
  const { readings, rejections } = await everything(write('m.csv', `${header}0,0,120,60,80,5,\n2,61.5,0,0,0,5,118\n`))
  expect(rejections).toMatchObject([{ reason: 'unknown-channel', path: undefined, line: 1, column: 6 }])
  const none = [Number.NaN, 3]
  expect(readings.map(named)).toEqual([
    { hr: none, abp_sys: 120, abp_dia: 60, abp_mean: 80 },
    { hr: 61.5, abp_sys: none, abp_dia: none, abp_mean: none, nibp_sys: 118 },
  ])
  expect(readings[1]!.time - readings[0]!.time).toBe(120_000)
})

describe('an engineer’s own CSV', () => {
  test('the example of the docs: semicolons, a decimal comma, Fahrenheit, a probe that is off', async () => {
    const { readings, rejections } = await everything('examples/recordings/example.csv', {
      mapping: 'examples/recordings/example.mapping.yaml',
    })
    expect(rejections).toEqual([])
    expect(readings).toHaveLength(40)
    expect(new Set(readings.map(({ patientKey }) => patientKey))).toEqual(new Set(['bed:WARD-A/1', 'bed:WARD-A/2']))
    expect(named(readings[0]!)['temp']).toBeCloseTo(36.889, 2)
    expect(named(readings[2]!)).not.toHaveProperty('temp')
    expect(named(readings[14]!)['spo2']).toEqual([Number.NaN, 3])
  })

  test('a bad cell costs its channel, a bad row costs itself, a cell number says where', async () => {
    const mapping = write('map.yaml', MAPPING)
    const rows = [
      't,who,heart,sat,cuff',
      '2026-01-01T00:00:00Z,a,72,high,120',
      '2026-01-01 00:00:01,a,72,97,120',
      '2026-01-01T00:00:02Z,a,72,97',
      '2026-01-01T00:00:03Z,a,72,97,120,1',
      '2026-01-01T00:00:04Z,,72,97,120',
      '1970-01-01T00:00:04Z,a,72,97,120',
      '2026-01-01T00:00:05Z,"a,72,97,120',
      '"2026-01-01T00:00:06Z",a,"72",97,',
    ]
    const { readings, rejections } = await everything(write('own.csv', rows.join('\n')), { mapping })
    expect(rejections.map(({ reason, line, column }) => [reason, line, column])).toEqual([
      ['not-a-number', 2, 4],
      ['bad-time', 3, 1],
      ['bad-row', 4, 5],
      ['bad-row', 5, 6],
      ['no-subject', 6, undefined],
      ['implausible-time', 7, 1],
      ['bad-row', 8, undefined],
    ])
    expect(readings.map(named)).toEqual([
      { hr: 72, spo2: [Number.NaN, 3], nibp_sys: 120 },
      { hr: 72, spo2: 97 },
    ])
  })

  test('an unchanged cuff pressure is no new measurement, for each patient by itself; a changed or returned one is', async () => {
    const mapping = write('held.yaml', MAPPING)
    const cuffs: [string, number | ''][] = [
      ['a', 120],
      ['b', 120],
      ['a', 120],
      ['b', 121],
      ['a', ''],
      ['a', 120],
    ]
    const rows = cuffs.map(([who, cuff], i) => `2026-01-01T00:00:0${i}Z,${who},70,97,${cuff}`)
    const path = write('held.csv', ['t,who,heart,sat,cuff', ...rows].join('\n'))
    const values = (all: Awaited<ReturnType<typeof everything>>) => all.readings.map((it) => named(it)['nibp_sys'])
    expect(values(await everything(path, { mapping }))).toEqual([120, 120, undefined, 121, undefined, 120])
    const measured = write('measured.yaml', `${MAPPING}repeats: measured\n`)
    expect(values(await everything(path, { mapping: measured }))).toEqual([120, 120, 120, 121, [Number.NaN, 3], 120])
  })

  test('gzip is read as well', async () => {
    const path = write('packed.csv.gz', gzipSync(`${BIDMC}0,98,97,10,99\n`))
    expect((await everything(path)).readings).toHaveLength(1)
  })
})

describe('a mapping that does not fit is a coded error that names the place', () => {
  const good = { time: { column: 't', format: 'iso' }, columns: { heart: { channel: 'hr' } } }
  test.each([
    ['an unknown key', { ...good, colour: 1 }, /no such field \(the 3rd of 3, 6 characters\)/],
    [
      'an unknown channel',
      { ...good, columns: { heart: { channel: 'heartrate' } } },
      /columns\[1\]\.channel.*"heartrate"/,
    ],
    ['a wrong unit', { ...good, columns: { heart: { channel: 'hr', unit: 'mmHg' } } }, /columns\[1\]\.unit.*"mmHg"/],
    [
      'a channel twice',
      { ...good, columns: { a: { channel: 'hr' }, b: { channel: 'hr' } } },
      /columns\[2\]\.channel.*columns\[1\]/,
    ],
    ['an unknown time format', { ...good, time: { column: 't', format: 'excel' } }, /time\.format/],
    ['no columns', { ...good, columns: {} }, /columns/],
    ['a start without an offset', { ...good, time: { column: 't', format: 's', start: '2026-01-01' } }, /time\.start/],
  ])('%s', (_, raw, message) => {
    let caught: unknown
    try {
      checkMapping(raw, table, 'map.yaml')
    } catch (error) {
      caught = error
    }
    expect(caught).toMatchObject({
      code: 'mapping-invalid',
      place: 'map.yaml',
      message: expect.stringMatching(message),
    })
  })

  test('a column that the file does not have, or has twice', async () => {
    const mapping = write('fit.yaml', MAPPING)
    const missing = await everything(write('missing.csv', 't,who,heart,cuff\n'), { mapping })
    expect(missing.error).toMatchObject({
      code: 'mapping-invalid',
      message: expect.stringContaining('no column of this name'),
    })
    const twice = await everything(write('twice.csv', 't,who,heart,sat,sat,cuff\n'), { mapping })
    expect(twice.error).toMatchObject({
      code: 'mapping-invalid',
      message: expect.stringContaining('two columns of this name'),
    })
  })

  test('a file that is no YAML, or not there', async () => {
    const path = write('any.csv', 'a,b\n')
    for (const mapping of [write('broken.yaml', 'time: {'), '/nowhere.yaml'])
      expect((await everything(path, { mapping })).error).toMatchObject({ code: 'mapping-invalid', place: mapping })
  })
})

test('an unknown header without a mapping, and a file without a header, are of no known format', async () => {
  for (const path of [write('unknown.csv', 'a,b\n1,2\n'), write('empty.csv', '')])
    expect((await everything(path)).error).toMatchObject({ code: 'recording-format', place: path })
})

test('the key of a recording is its name without what says the format', () => {
  expect(['a/bidmc_01_Numerics.csv', 'b.ndjson.gz', 's1n.hea', 'ward 3.CSV', 'plain'].map(recordingKey)).toEqual([
    'bidmc_01',
    'b',
    's1n',
    'ward 3',
    'plain',
  ])
})
