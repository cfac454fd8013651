import type { AlertContext } from '../../src/alerts/lifecycle.ts'
import type { AlertBody } from '../../src/vitals/alert.ts'
import type { Condition } from '../../src/vitals/condition.ts'

export const T0 = Date.UTC(2026, 0, 5, 12, 4, 10)

const source = (detector: string): AlertBody['source'] => ({
  detector,
  version: '1',
  thresholds: { set: 'built-in', version: '1' },
})

export const CONTEXT: AlertContext = {
  subject: { patientKey: 'p-1', encounterKey: 'e-1', unit: 'ICU', bed: '7' },
  sources: {
    bedside: { ...source('bedside'), model: { name: 'bedside', version: '1.0.0', sha256: 'a'.repeat(64) } },
    limits: source('limits'),
    news2: source('news2'),
    signal: source('signal'),
  },
  frame: {
    warmupSteps: 60,
    missingChannels: ['etco2'],
    staleSeconds: 0.04,
    news2: { score: 3, missing: ['oxygen'] },
    limitAlarm: false,
    profile: { name: 'adult', assumed: true },
  },
  clearSeconds: 30,
  continueSeconds: 300,
  silenceSeconds: 1800,
  unansweredSeconds: 0,
}

/** a condition as a model says it; `over` changes it */
export function condition(over: Partial<Condition> = {}): Condition {
  return {
    detector: 'bedside',
    code: 'unexpected',
    kind: 'advisory',
    priority: 'medium',
    label: 'SpO2 88 %, expected 94 to 98 %, since 12:04:10',
    onset: T0,
    channels: [
      {
        channel: 'spo2',
        unit: '%',
        observed: 88,
        expected: { mean: 96.123456, sd: 0.71111, low: 94.2, high: 97.8 },
        z: -6.123456,
        contribution: 0.912345,
        status: 'ok',
        sampleTime: T0,
        loinc: '59408-5',
        mdc: 150456,
      },
    ],
    score: {
      name: 'p-value',
      value: 1.23456789e-7,
      threshold: 1e-5,
      persistence: { n: 3, of: 5 },
      calibrated: false,
      horizonSeconds: 1,
    },
    explanation: { text: 'SpO2 88 %', method: 'student-t cell mass, calibrated on 1 frames' },
    latching: false,
    ...over,
  }
}

/** the same condition with another p */
export const withP = (value: number): Condition => condition({ score: { ...condition().score!, value } })

/** a bed that fell silent `seconds` before, as the watch over the wall clock says it */
export const lost = (at: number, seconds: number): Condition =>
  condition({
    detector: 'signal',
    code: 'signal-lost',
    kind: 'technical',
    label: `No signal for ${seconds} s`,
    onset: at - seconds * 1000,
    channels: [],
    score: undefined,
    latching: true,
  })
