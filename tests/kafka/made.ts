import fc from 'fast-check'
import type { AlertBody, AlertEnvelope } from '../../src/vitals/alert.ts'
import type { EvidenceHead } from '../../src/vitals/evidence.ts'
import type { Heartbeat } from '../../src/vitals/heartbeat.ts'
import type { JournalEntry } from '../../src/vitals/journal.ts'
import { STATUSES } from '../../src/vitals/reading.ts'

const T0 = Date.UTC(2026, 0, 5, 12, 4, 10)

/** An alert as a model gives it. */
export function envelope(body: Partial<AlertBody> = {}): AlertEnvelope {
  return {
    body: {
      alertId: '6f1ed002ab5595859014ebf0951522d9',
      eventId: '0a137b375cc3881a70e186ce2172c8d1',
      seq: 0,
      phase: 'start',
      state: 'active',
      kind: 'advisory',
      priority: 'medium',
      code: 'unexpected',
      label: 'SpO2 88 %, expected 94 to 98 %, since 12:04:10',
      subject: { patientKey: 'f2a9c41d', keyedBy: 'patient', encounterKey: 'e-81', unit: 'ICU', bed: '7' },
      times: { event: T0 + 4000, onset: T0, detected: T0 + 4000 },
      source: {
        detector: 'bedside',
        version: '1.0.0',
        model: { name: 'bedside', version: '1.0.0', sha256: 'a'.repeat(64) },
        thresholds: { set: 'built-in', version: '1' },
      },
      score: { name: 'p-value', value: 1.2e-7, threshold: 1e-5, persistence: { n: 3, of: 5 }, calibrated: true },
      channels: [
        {
          channel: 'spo2',
          unit: '%',
          observed: 88,
          expected: { mean: 96.1, sd: 0.71, low: 94.2, high: 97.8 },
          z: -6.1,
          contribution: 0.91,
          status: 'ok',
          sampleTime: T0 + 4000,
          loinc: '59408-5',
          mdc: 150456,
        },
      ],
      explanation: { text: 'SpO2 88 %, expected 94 to 98 %, since 12:04:10', method: 'surprise-share' },
      context: {
        warmupSteps: 600,
        missingChannels: ['etco2'],
        staleSeconds: 0,
        limitAlarm: false,
        profile: { name: 'adult', assumed: true },
      },
      signal: { call: 'now', latching: false, ack: false, unanswered: 0, suppressedSinceLast: 0 },
      intendedUse: 'research-advisory',
      ...body,
    },
    mode: 'live',
    emitted: T0 + 4023,
    instance: 'vigil-1',
    trace: { source: 'vitals.readings', partition: 0, fromOffset: 48210, toOffset: 48330 },
  }
}

// what JSON can hold: a lone surrogate is escaped by it and stays, minus zero does not
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((it) => it + 0)
const count = fc.nat()
const text = fc.string({ unit: 'binary', maxLength: 20 })
const time = fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2999, 0) })
const id = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 32, maxLength: 32 })
const key = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 })

const channel = fc
  .tuple(
    fc.record({ channel: text, unit: text, observed: fc.option(number), status: fc.constantFrom(...STATUSES) }),
    fc.record(
      {
        expected: fc.record({ mean: number, sd: number, low: number, high: number }),
        z: number,
        contribution: number,
        limit: fc.record({ side: fc.constantFrom('low' as const, 'high' as const), value: number }),
        sampleTime: time,
        loinc: text,
        mdc: count,
      },
      { requiredKeys: [] },
    ),
  )
  .map(([a, b]) => ({ ...a, ...b }))

/** Alerts of every shape. */
export const anyEnvelope: fc.Arbitrary<AlertEnvelope> = fc
  .record({
    alertId: id,
    eventId: id,
    seq: count,
    phase: fc.constantFrom('start', 'update', 'escalate', 'deescalate', 'continue', 'end', 'reset'),
    state: fc.constantFrom('active', 'latched', 'inactive'),
    priority: fc.constantFrom('high', 'medium', 'low', 'info'),
    label: fc.string({ minLength: 1, maxLength: 80 }),
    subject: fc.record(
      { patientKey: key, keyedBy: fc.constantFrom('patient', 'bed'), encounterKey: key, unit: key, bed: key },
      { requiredKeys: ['patientKey', 'keyedBy'] },
    ),
    times: fc.record(
      { event: time, onset: time, detected: time, ended: time },
      { requiredKeys: ['event', 'onset', 'detected'] },
    ),
    source: fc.record({ detector: key, version: key, thresholds: fc.record({ set: text, version: text }) }),
    channels: fc.array(channel, { maxLength: 3 }),
  })
  .chain((body) =>
    fc
      .record({ mode: fc.constantFrom('live', 'replay', 'test', 'demo'), emitted: time, instance: text })
      .map((rest) => ({ ...envelope(body), ...rest })),
  )

const base = {
  kind: fc.constant('journal' as const),
  patientKey: key,
  at: number,
  afterOffset: fc.integer({ min: -1, max: 2 ** 52 }),
}

const by = key
const place = fc.record({ unit: key, bed: key, by }, { requiredKeys: ['bed'] })

/** Journal entries of many kinds. */
export const anyEntry: fc.Arbitrary<JournalEntry> = fc.oneof(
  fc.record({ ...base, entry: fc.constant('admit' as const), encounter: key, profile: fc.constantFrom('adult') }),
  fc.tuple(fc.record({ ...base, entry: fc.constant('transfer' as const) }), place).map(([a, b]) => ({ ...a, ...b })),
  fc.record({ ...base, entry: fc.constant('discharge' as const) }),
  fc.record({ ...base, entry: fc.constant('merge' as const), into: key }),
  fc.record({ ...base, entry: fc.constantFrom('ack' as const, 'resume' as const, 'reset' as const), alertId: id, by }),
  fc.record({ ...base, entry: fc.constant('pause' as const), alertId: id, by, until: number }),
  fc.record({ ...base, entry: fc.constant('mute' as const), by, until: number }),
  fc.record({
    ...base,
    entry: fc.constantFrom('signal-lost' as const, 'forgotten' as const),
    silentSeconds: number.map(Math.abs),
  }),
)

export const anyHead: fc.Arbitrary<EvidenceHead> = fc.record({
  patientKey: key,
  alertId: id,
  eventId: id,
  topic: fc.constantFrom('vitals.readings', 'a_b-c.readings'),
  partition: count,
  fromOffset: fc.integer({ min: 0, max: 2 ** 52 }),
})

export const anyHeartbeat: fc.Arbitrary<Heartbeat> = fc.record({
  seq: count,
  instance: key,
  at: time,
  partitions: fc.array(count),
  bedsLive: count,
  bedsWarmingUp: count,
  bedsDegraded: count,
  bedsStale: count,
  models: fc.array(fc.record({ name: text, version: text })),
  lagMs: fc.option(number.map(Math.abs)),
  confirmTimeoutS: fc.integer({ min: 1, max: 600 }),
})
