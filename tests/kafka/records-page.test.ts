import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../../scripts/setup.js'
import { decodeAcknowledgement, decodeEncounter } from '../../src/ingest/decode-control.ts'
import { alertRecord } from '../../src/kafka/alert-record.ts'
import { controlDecoder } from '../../src/kafka/control-record.ts'
import { deadLetter } from '../../src/kafka/dead-letter.ts'
import { evidenceRecord } from '../../src/kafka/evidence-record.ts'
import { heartbeatRecord } from '../../src/kafka/heartbeat-record.ts'
import { journalRecord } from '../../src/kafka/journal-record.ts'
import { modelOrderRecord } from '../../src/kafka/model-order-record.ts'
import type { NewRecord } from '../../src/kafka/port.ts'
import { recordDecoder } from '../../src/kafka/record-decoder.ts'
import { named, table } from '../ingest/collect.ts'
import { envelope } from './made.ts'
import { read } from './records.ts'

const PAGE = join(ROOT, 'docs', 'kafka-records.md')
const TOPIC = 'vitals.readings'
const T0 = Date.UTC(2026, 0, 5, 12, 4, 10)
const decode = recordDecoder({ table, topic: TOPIC })

const reading = { patient: 'f2a9c41d', unit: 'ICU', bed: '7', time: T0, complete: true, values: { hr: 94, spo2: 88 } }
const event = { specversion: '1.0', id: '48211', source: '/wards/3', type: 'vigil.reading' }
const readings = (value: string, headers: NewRecord['headers'] = {}): NewRecord => ({
  topic: TOPIC,
  partition: 0,
  key: 'f2a9c41d',
  value,
  headers,
})
const FORMS: Record<string, NewRecord> = {
  plain: readings(JSON.stringify(reading)),
  binary: readings(JSON.stringify(reading), {
    'content-type': 'application/json',
    ...Object.fromEntries(Object.entries(event).map(([name, it]) => [`ce_${name}`, it])),
  }),
  structured: readings(JSON.stringify({ ...event, data: reading }), { 'content-type': 'application/cloudevents+json' }),
}

const plain = (topic: string, value: object): NewRecord => ({
  topic,
  partition: 0,
  key: 'f2a9c41d',
  value: JSON.stringify({ patientKey: 'f2a9c41d', ...value }),
})
const by = 'nurse-3'
const CONTROLS: Record<string, NewRecord> = {
  encounter: plain('vitals.encounters', {
    action: 'admit',
    at: T0,
    encounter: 'e-81',
    unit: 'ICU',
    bed: '7',
    ageDays: 21_915,
  }),
  acknowledgement: plain('vitals.alerts.acks', { action: 'ack', at: T0, alertId: envelope().body.alertId, by }),
}

const wrong = readings(
  JSON.stringify({ ...reading, values: { ...reading.values, temp: { value: 37, unit: 'mm[Hg]' } } }),
)
const opening = envelope()
const { alertId, eventId, subject } = opening.body

const EXAMPLES: Record<string, NewRecord> = {
  ...FORMS,
  ...CONTROLS,
  'model order': modelOrderRecord('vitals.models', 0, {
    detector: 'bedside',
    action: 'promote',
    model: 'bedside@1.1.0',
    at: T0,
    by: 'j.meier',
  }),
  'dead letter': deadLetter(
    'vitals.readings.dlq',
    { topic: TOPIC, partition: 0, offset: 48213 },
    decode(read(wrong)).rejections,
    read(wrong),
  ),
  alert: alertRecord('vitals', 0, opening),
  evidence: evidenceRecord('vitals', {
    head: { patientKey: subject.patientKey, alertId, eventId, topic: TOPIC, partition: 0, fromOffset: 48210 },
    state: Buffer.of(0),
  }),
  journal: journalRecord('vitals', {
    entry: {
      kind: 'journal',
      patientKey: 'f2a9c41d',
      at: T0,
      afterOffset: 48330,
      entry: 'signal-lost',
      silentSeconds: 30,
    },
    topic: TOPIC,
    partition: 0,
  }),
  heartbeat: heartbeatRecord('vitals', 0, {
    seq: 17,
    instance: 'vigil-1',
    at: T0,
    partitions: [0, 2],
    bedsLive: 41,
    bedsWarmingUp: 2,
    bedsDegraded: 1,
    bedsStale: 0,
    models: [{ name: 'bedside', version: '1.0.0' }],
    lagMs: 35,
    confirmTimeoutS: 15,
  }),
}

/** A record as the page shows it; a JSON value as it is parsed, and indented if it is long. */
function shown({ topic, partition, key, value, headers = {} }: NewRecord): string {
  const body = String(value)
  const long = JSON.stringify(JSON.parse(body.startsWith('{') ? body : '{}'), null, 2)
  const text = !body.startsWith('{') ? '(the state record)' : body.length < 200 ? body : long
  const lines = [`topic    ${topic}, partition ${partition}`, `key      ${key}`]
  for (const [name, it] of Object.entries(headers)) lines.push(`header   ${name}: ${it}`)
  return ['```', ...lines, `value    ${text}`, '```'].join('\n')
}

test('every example of the page is what the code writes, and the page has no other', () => {
  const found: string[] = []
  const page = readFileSync(PAGE, 'utf8').replaceAll(
    /(<!-- example: ([a-z ]+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, head: string, name: string, end: string) => {
      found.push(name)
      return `${head}${shown(EXAMPLES[name]!)}\n${end}`
    },
  )
  expect(found).toEqual(Object.keys(EXAMPLES))
  return expect(page).toMatchFileSnapshot(PAGE)
})

test('every form of a reading on the page is read as the same reading', () => {
  const [plain, ...others] = Object.values(FORMS).map((it) => decode(read(it)))
  expect(named(plain!.reading!)).toEqual({ hr: 94, spo2: 88 })
  for (const other of others) expect(other).toEqual(plain)
})

test('the encounter and the acknowledgement on the page are read', () => {
  const { encounter, acknowledgement } = CONTROLS
  expect(controlDecoder('', decodeEncounter)(read(encounter!))).toMatchObject({ action: 'admit', profile: 'adult' })
  expect(controlDecoder('', decodeAcknowledgement)(read(acknowledgement!))).toMatchObject({ action: 'ack', by })
})
