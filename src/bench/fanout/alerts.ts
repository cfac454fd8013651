import type { AlertEnvelope } from '../../vitals/alert.ts'

/** Patients whose alerts are sent, in turn. */
export const PATIENTS = 200

/** Microseconds since 1970, comparable between processes of one machine. */
export const micros = (): number => Math.round((performance.timeOrigin + performance.now()) * 1000)

/** An event id that says which message it is and when it was handed over. */
export const idOf = (seq: number, handed: number): string =>
  seq.toString(16).padStart(16, '0') + handed.toString(16).padStart(16, '0')

export const seqOf = (id: string): number => Number.parseInt(id.slice(0, 16), 16)
export const handedOf = (id: string): number => Number.parseInt(id.slice(16), 16)

const START = Date.UTC(2026, 0, 5, 12)

/** The `seq`th message, an alert of a model as it stands in the topic, about 1.4 KB. @param handed microseconds since 1970 */
export function alertOf(seq: number, handed: number): AlertEnvelope {
  const patient = seq % PATIENTS
  const onset = START + seq * 1000
  const event = onset + 4000
  const text = 'SpO2 88 %, expected 94 to 98 %, since 12:04:10; Resp 31 /min, expected 14 to 22'
  const channel = (name: string, unit: string, observed: number, mean: number) => ({
    channel: name,
    unit,
    observed,
    expected: { mean, sd: 0.71, low: mean - 2, high: mean + 2 },
    z: -6.1,
    contribution: 0.45,
    status: 'ok' as const,
    sampleTime: event,
  })
  return {
    body: {
      alertId: patient.toString(16).padStart(32, 'a'),
      eventId: idOf(seq, handed),
      seq: Math.floor(seq / PATIENTS),
      phase: 'update',
      state: 'active',
      kind: 'advisory',
      priority: 'medium',
      code: 'unexpected',
      label: 'SpO2 88 %, expected 94 to 98 %, since 12:04:10',
      subject: { patientKey: `p-${patient}`, keyedBy: 'patient', unit: `Ward ${patient % 10}`, bed: `${patient}` },
      times: { event, onset, detected: event },
      source: {
        detector: 'bedside',
        version: '1.0.0',
        model: { name: 'bedside', version: '1.0.0', sha256: 'a'.repeat(64) },
        thresholds: { set: 'built-in', version: '1' },
      },
      score: { name: 'p-value', value: 1.2e-7, threshold: 1e-5, persistence: { n: 3, of: 5 }, calibrated: true },
      channels: [channel('spo2', '%', 88, 96.1), channel('resp', '/min', 31, 18)],
      explanation: { text, method: 'surprise-share' },
      context: {
        warmupSteps: 600,
        missingChannels: ['etco2'],
        staleSeconds: 0,
        limitAlarm: false,
        profile: { name: 'adult', assumed: true },
      },
      signal: { call: 'now', latching: false, ack: false, unanswered: 0, suppressedSinceLast: 0 },
      intendedUse: 'research-advisory',
    },
    mode: 'live',
    emitted: Math.round(handed / 1000),
    instance: 'bench/1',
    trace: { source: 'vitals.readings', partition: 0, fromOffset: seq, toOffset: seq },
  }
}
