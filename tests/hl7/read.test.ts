import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readMessage } from '../../src/hl7/read.ts'
import { decodeEncounter } from '../../src/ingest/decode-control.ts'
import { decodeReading } from '../../src/ingest/decode-reading.ts'
import { adt, MARKS, options, oru, table } from './messages.ts'

const read = (text: string) => readMessage(Buffer.from(text), options)
const values = (...obx: string[]) => read(oru({ obx })).readings[0]?.values
const obx = (
  code: string,
  value: string,
  unit = '',
  { status = '', result = 'R', time = '', limits = '', type = 'NM' } = {},
) => `OBX|1|${type}|${code}|1.6.1.1|${value}|${unit}|${limits}|${status}|||${result}|||${time}`
const HR = '147842^MDC_ECG_HEART_RATE^MDC'

describe('ORU^R01', () => {
  test('becomes a reading of a pseudonym, with its place, its times and the limits of the monitor', () => {
    const { readings, rejections, refusal, kind, written } = read(oru())
    expect(refusal).toBeUndefined()
    expect(rejections).toEqual([])
    expect(kind).toBe('ORU^R01')
    expect(written).toBe(Date.UTC(2026, 0, 1, 11, 0, 2))
    expect(readings).toEqual([
      {
        patient: expect.stringMatching(/^[0-9a-f]{32}$/),
        encounter: expect.stringMatching(/^[0-9a-f]{32}$/),
        unit: 'ICU',
        bed: 'ICU-4-B',
        time: Date.UTC(2026, 0, 1, 11, 0, 1),
        values: { hr: { value: 82, time: Date.UTC(2026, 0, 1, 11, 0, 1, 250), limits: [50, 120] } },
      },
    ])
  })

  test('everything it makes fits the contract of the readings', () => {
    for (const reading of read(oru()).readings) {
      const decoded = decodeReading(JSON.stringify(reading), table)
      expect(decoded.rejections).toEqual([])
      expect(decoded.reading).toBeDefined()
    }
  })

  test('nothing that names anybody comes out', () => {
    for (const text of [
      oru(),
      oru({ pid: '' }),
      oru({ obr: 'OBR|1' }),
      oru({ processing: 'X' }),
      ...['A01', 'A02', 'A03', 'A08', 'A40', 'A99'].map((it) => adt(it)),
    ]) {
      const { header: _, ...out } = read(text)
      for (const mark of MARKS) expect(JSON.stringify(out)).not.toContain(mark)
    }
  })

  test('without an identifier is keyed by the bed, and refused where there is no bed either', () => {
    const { readings } = read(oru({ pid: 'PID|||' }))
    expect(readings[0]).toMatchObject({ unit: 'ICU', bed: 'ICU-4-B' })
    expect(readings[0]).not.toHaveProperty('patient')
    expect(read(oru({ pid: '', pv1: '' })).refusal).toMatchObject({ code: 'required', place: 'PID-3' })
  })

  test('training and debugging are tests, production is live, anything else is refused', () => {
    expect(read(oru({ processing: 'D' })).readings[0]?.mode).toBe('test')
    expect(read(oru({ processing: 'T' })).readings[0]?.mode).toBe('test')
    expect(read(oru()).readings[0]).not.toHaveProperty('mode')
    expect(read(oru({ processing: 'X' })).refusal).toMatchObject({ code: 'processing', place: 'MSH-11' })
  })

  test.each([
    ['by its code', obx(HR, '82'), { hr: { value: 82 } }],
    ['by an alias of another vendor', obx('149538^MDC_PULS_RATE^MDC', '70'), { pulse: { value: 70 } }],
    ["in Philips Efficia's spelling", obx('0002-4bb8^SpO2^MDIL', '97'), { spo2: { value: 97 } }],
    ['by LOINC', obx('9279-1^Respiratory rate^LN', '14'), { resp: { value: 14 } }],
    [
      'by its alternate code',
      obx('X1^own name^99LOCAL^150456^MDC_PULS_OXIM_SAT_O2^MDC', '97'),
      { spo2: { value: 97 } },
    ],
    [
      'in degrees Fahrenheit',
      obx('150344^MDC_TEMP^MDC', '98.6', '266560^MDC_DIM_FAHR^MDC^[degF]^^UCUM'),
      { temp: { value: 37 } },
    ],
    [
      'in kilopascal, by reference id alone',
      obx('150033^MDC_PRESS_BLD_ART_SYS^MDC', '16', '265987^MDC_DIM_KILO_PASCAL^MDC'),
      { abp_sys: { value: 120.00985213530501 } },
    ],
    ['in a common spelling', obx(HR, '82', 'bpm'), { hr: { value: 82 } }],
    ['with an absent value', obx(HR, ''), { hr: { value: null } }],
    ['with the number that means none', obx(HR, '8388607', '', { result: 'X' }), { hr: { value: null } }],
    ['invalid', obx(HR, '82', '', { status: 'INV' }), { hr: { value: 82, status: 'invalid' } }],
    [
      'questionable and alarming',
      obx(HR, '82', '', { status: 'ALACT~QUES' }),
      { hr: { value: 82, status: 'questionable' } },
    ],
    ['being calibrated', obx(HR, '82', '', { status: 'CAL' }), { hr: { value: 82, status: 'calibrating' } }],
    ['a demonstration', obx(HR, '82', '', { status: 'DEMO' }), { hr: { value: 82, status: 'demo' } }],
    ['deleted', obx(HR, '82', '', { result: 'D' }), { hr: { value: 82, status: 'invalid' } }],
    [
      'above a limit of the monitor',
      obx(HR, '182', '', { status: 'H', limits: '-120' }),
      { hr: { value: 182, limits: [null, 120] } },
    ],
    [
      'a cuff pressure of its own time',
      obx('150021^MDC_PRESS_BLD_NONINV_SYS^MDC', '118', 'mm[Hg]', { time: '20260101114500+0100' }),
      { nibp_sys: { value: 118, time: Date.UTC(2026, 0, 1, 10, 45) } },
    ],
  ])('an observation %s', (_, text, wanted) => {
    const found = values(text)
    expect(Object.keys(found ?? {})).toEqual(Object.keys(wanted))
    for (const [name, it] of Object.entries(wanted)) {
      const { value, ...rest } = it as { value: number | null }
      expect(found![name]).toMatchObject(rest)
      const got = (found![name] as { value: number | null }).value
      if (value === null) expect(got).toBeNull()
      else expect(got).toBeCloseTo(value, 9)
    }
  })

  test('a flag that nobody knows is counted and takes no value from the limits; so is a wrong reference id', () => {
    const found = read(oru({ obx: [obx(HR, '82', '', { status: 'ZZ' }), obx('150456^MDC_ECG_HEART_RATE^MDC', '97')] }))
    expect(found.readings[0]!.values).toEqual({ hr: { value: 82 }, spo2: { value: 97 } })
    expect(found).toMatchObject({ unknownFlags: 1, disagreements: 1 })
  })

  test('what cannot be read is told by its place, the others are taken, and its channel is said to be invalid', () => {
    const found = read(
      oru({ obx: [obx(HR, 'eighty'), obx('150344^MDC_TEMP^MDC', '37', 'furlong'), obx('150456^^MDC', '97', '%')] }),
    )
    expect(found.readings[0]!.values).toEqual({
      hr: { value: null, status: 'invalid' },
      temp: { value: null, status: 'invalid' },
      spo2: { value: 97 },
    })
    expect(found.rejections.map(({ reason, path }) => [reason, path])).toEqual([
      ['not-a-number', 'OBX[1]-5'],
      ['unknown-unit', 'OBX[2]-6'],
    ])
  })

  test('devices are passed over, unmapped codes are told', () => {
    const found = read(
      oru({
        obx: [
          'OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X',
          obx('999999^MDC_X^MDC', '1'),
          obx(HR, '82'),
        ],
      }),
    )
    expect(found.unmapped).toEqual(['999999'])
    expect(Object.keys(found.readings[0]!.values)).toEqual(['hr'])
  })

  test('seconds in one set become readings of their own times; a second line at the same time is told', () => {
    const at = (second: number) => ({ time: `2026010112000${second}+0100` })
    const found = read(
      oru({
        obx: [obx(HR, '80', '', at(1)), obx(HR, '81', '', at(2)), obx(HR, '82', '', at(3)), obx(HR, '99', '', at(3))],
      }),
    )
    expect(found.readings.map(({ time, values }) => [time, (values['hr'] as { value: number }).value])).toEqual([
      [Date.UTC(2026, 0, 1, 11, 0, 1), 80],
      [Date.UTC(2026, 0, 1, 11, 0, 2), 81],
      [Date.UTC(2026, 0, 1, 11, 0, 3), 82],
    ])
    expect(found.rejections).toMatchObject([{ reason: 'duplicate-channel', path: 'OBX[4]-4' }])
  })

  test('several sets and several patients in one message stay apart', () => {
    const one = oru().trimEnd()
    const [, pid, pv1, obr, first] = one.split('\r')
    const other = pid!.replace('CANARY-NUMBER-1', 'CANARY-NUMBER-2')
    const text = [
      one,
      obr!.replace('120001', '120101'),
      first!.replace('|82|', '|90|').replace('20260101120001.250+0100', ''),
      other,
      pv1!.replace('ICU-4-B', 'ICU-4-C'),
      obr,
      first,
    ].join('\r')
    const { readings } = read(text)
    expect(readings).toHaveLength(3)
    expect(readings[0]!.patient).toBe(readings[1]!.patient)
    expect(readings[2]!.patient).not.toBe(readings[0]!.patient)
    expect(readings.map(({ bed }) => bed)).toEqual(['ICU-4-B', 'ICU-4-B', 'ICU-4-C'])
  })

  test.each([
    ['an OBX before any OBR', { obr: '' }, { code: 'segment' }],
    ['no time at all', { obr: 'OBR|1|||||||' }, undefined],
    ['a bad time', { obr: 'OBR|1||||||tomorrow' }, { code: 'type', place: 'OBR-7' }],
    ['no control id', { control: '' }, { code: 'required', place: 'MSH-10' }],
    ['an unknown character set', { msh18: 'GB 18030-2000' }, { code: 'table', place: 'MSH-18' }],
  ])('%s', (_, changes, wanted) => {
    const { refusal } = read(oru(changes))
    if (wanted === undefined) expect(refusal).toBeUndefined()
    else expect(refusal).toMatchObject(wanted)
  })

  test('latin-1 is read as latin-1', () => {
    const text = oru({ msh18: '8859/1', pv1: 'PV1||I|Süd^^7' })
    expect(readMessage(Buffer.from(text, 'latin1'), options).readings[0]?.unit).toBe('Süd')
  })
})

describe('ADT', () => {
  const said = (event: string, more: Parameters<typeof adt>[1] = {}) => read(adt(event, more))
  const who = { patientKey: expect.stringMatching(/^[0-9a-f]{32}$/), at: Date.UTC(2026, 0, 1, 9, 55) }
  const encounter = expect.stringMatching(/^[0-9a-f]{32}$/)

  test.each([
    ['A01', { ...who, action: 'admit', encounter, unit: 'ICU', bed: 'ICU-4-B', profile: 'adult' }],
    ['A02', { ...who, action: 'transfer', encounter, unit: 'ICU', bed: 'ICU-4-B' }],
    ['A03', { ...who, action: 'discharge', encounter }],
    ['A08', { ...who, action: 'profile', encounter, profile: 'adult' }],
    ['A11', { ...who, action: 'cancel-admit', encounter }],
    ['A12', { ...who, action: 'cancel-transfer', encounter, unit: 'ICU', bed: 'ICU-4-B' }],
    ['A13', { ...who, action: 'cancel-discharge', encounter, unit: 'ICU', bed: 'ICU-4-B', profile: 'adult' }],
  ])('%s', (event, wanted) => {
    const { encounter: message, refusal } = said(event)
    expect(refusal).toBeUndefined()
    expect(message).toEqual(wanted)
    expect(decodeEncounter(JSON.stringify(message))).toMatchObject({ kind: 'control', action: wanted.action })
  })

  test('A40 ends the record of MRG-1, which goes on as that of PID-3', () => {
    const { encounter: message } = said('A40', { more: ['MRG|OLD-7^^^Hospital&1.2.3&ISO^MR'] })
    const admitted = said('A01').encounter!
    expect(message).toMatchObject({ action: 'merge', into: admitted.patientKey })
    expect(message!.patientKey).not.toBe(admitted.patientKey)
    expect(decodeEncounter(JSON.stringify(message))).toMatchObject({ action: 'merge' })
  })

  test('the visit that readings name is the one that admissions name', () => {
    const admitted = said('A01').encounter as { encounter: string; patientKey: string }
    expect(read(oru()).readings[0]).toMatchObject({ patient: admitted.patientKey, encounter: admitted.encounter })
  })

  test('events that move nobody are taken and say nothing; others are refused', () => {
    expect(said('A31')).toMatchObject({ encounter: undefined, refusal: undefined })
    expect(said('A99').refusal).toMatchObject({ code: 'event', place: 'MSH-9' })
    expect(read(oru().replace('ORU^R01^ORU_R01', 'ORM^O01')).refusal).toMatchObject({ code: 'message', place: 'MSH-9' })
  })

  test.each([
    ['A01', { pid: 'PID|||CANARY-NUMBER-1^^^H^MR', pv1: 'PV1||I|ICU^^1' }, 'PV1-19'],
    ['A02', { pv1: 'PV1||I|' }, 'PV1-3'],
    ['A01', { pid: 'PID|||' }, 'PID-3'],
    ['A01', { pid: '' }, 'PID'],
    ['A40', {}, 'MRG-1'],
    ['A40', { more: ['MRG|CANARY-NUMBER-1^^^Hospital&1.2.3&ISO^MR'] }, 'MRG-1'],
    ['A01', { pid: 'PID|||N1^^^H^MR||||20990101' }, 'PID-7'],
    ['A01', { pid: 'PID|||N1^^^H^MR||||yesterday' }, 'PID-7'],
    ['A01', { evn: 'EVN|A01|soon' }, 'EVN-2'],
  ])('%s with %j is refused, with the place', (event, changes, place) => {
    expect(said(event, changes).refusal).toMatchObject({ place })
  })

  test.each([
    ['20251210', 'neonate'],
    ['20251101', 'infant-1-2-months'],
    ['20230615', 'child-1-3-years'],
    ['1970', 'adult'],
    ['2008', undefined],
    ['202306', 'child-1-3-years'],
  ])('born %s: %s', (born, profile) => {
    const message = said('A01', { pid: `PID|||N1^^^H^MR||||${born}` }).encounter
    expect((message as { profile?: string }).profile).toBe(profile)
  })
})

test('the authority that a site goes by is the one that counts', () => {
  const identity = { ...options.identity, authority: 'B' }
  const text = (pid: string) => readMessage(Buffer.from(oru({ pid })), { ...options, identity }).readings[0]?.patient
  expect(text('PID|||1^^^A^MR~2^^^B^PI')).toBe(text('PID|||2^^^B^PI~9^^^C^MR'))
  expect(text('PID|||1^^^A^MR')).toBeUndefined()
})

test('any bytes are read or refused, never thrown at', () => {
  const original = Buffer.from(oru())
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(original.length - 1), fc.nat(255)), { maxLength: 30 }),
      fc.nat(original.length),
      (changes, end) => {
        const bytes = Buffer.from(original)
        for (const [at, byte] of changes) bytes[at] = byte
        const { readings, refusal } = readMessage(bytes.subarray(0, end), options)
        if (refusal !== undefined) expect(readings).toEqual([])
        for (const reading of readings) expect(decodeReading(JSON.stringify(reading), table).reading).toBeDefined()
      },
    ),
    { numRuns: 500 },
  )
})

test('the documented sample is read as the page says', () => {
  const page = readFileSync(new URL('../../docs/hl7.md', import.meta.url), 'utf8')
  const [, message] = /```hl7\n([^`]+)```/.exec(page)!
  const [, reading] = /```json\n([^`]+)```/.exec(page)!
  const found = readMessage(Buffer.from(message!.trim().replaceAll('\n', '\r')), options)
  expect(found.refusal).toBeUndefined()
  expect(JSON.parse(JSON.stringify(found.readings[0]))).toEqual(JSON.parse(reading!))
})
