import type { Output } from '../../src/stream/ports.ts'
import type { AlertBody } from '../../src/vitals/alert.ts'
import { type ChannelTable, channelTable } from '../../src/vitals/channels.ts'
import type { FrameReport } from '../../src/vitals/report.ts'
import type { Watching } from '../../src/vitals/watching.ts'

export const table: ChannelTable = channelTable()
/** 2026-03-02 08:00:00 UTC */
export const START = Date.UTC(2026, 2, 2, 8)

/** What a bed's monitor says: channel -> [centre, swing, half width of the band], and channels that are only cuff values. */
export interface Patient {
  readonly patientKey: string
  readonly unit?: string
  readonly bed?: string
  readonly vitals: Readonly<Record<string, readonly [centre: number, swing: number, half: number]>>
  /** channel -> value and age, without a band */
  readonly cuff?: Readonly<Record<string, readonly [value: number, age: number]>>
  readonly news2?: FrameReport['news2']
}

/** A number in -1..1 that looks like noise and is the same in every run. */
function noise(seed: number, at: number): number {
  const x = Math.sin(seed * 127.1 + at * 311.7) * 43758.5453
  return 2 * (x - Math.floor(x)) - 1
}

/** The frame of second `at`: a slow swing with steps of 1, a forecast that lags one second behind it. */
export function frameOf(
  patient: Patient,
  at: number,
  watching: Watching = 'watching',
  shift: Readonly<Record<string, number>> = {},
): FrameReport {
  const width = table.channels.length
  const values: (number | null)[] = new Array(width).fill(null)
  const ages: (number | null)[] = new Array(width).fill(null)
  const names = Object.keys(patient.vitals)
  const expected = names.map((name, c) => {
    const [centre, swing, half] = patient.vitals[name]!
    const calm = (t: number) =>
      centre + swing * Math.sin(t / (23 + 7 * c)) + swing * 0.35 * noise(c + centre, Math.floor(t / 3))
    const index = table.index.get(name)!
    values[index] = Math.round(calm(at) + (shift[name] ?? 0))
    ages[index] = 0
    const mean = calm(at - 1) + 0.6 * (shift[name] ?? 0)
    return { mean, low: mean - half, high: mean + half }
  })
  for (const [name, [value, age]] of Object.entries(patient.cuff ?? {})) {
    values[table.index.get(name)!] = value
    ages[table.index.get(name)!] = age + at
  }
  const weights = names.map((name, c) => (Math.abs(shift[name] ?? 0) + 0.6 + 0.4 * noise(c, at)) ** 1)
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return {
    kind: 'frame',
    patientKey: patient.patientKey,
    unit: patient.unit,
    bed: patient.bed,
    time: START + at * 1000,
    watching,
    news2: patient.news2 ?? null,
    values,
    ages,
    faults: [],
    mutedUntil: null,
    detectors: [
      {
        detector: 'bedside',
        channels: names,
        expected: watching === 'warming' ? names.map(() => null) : expected,
        p: { '1': 0.31, '10': null, '60': null },
        threshold: 0.01,
        surprise: 1.7,
        contributions: weights.map((weight) => weight / sum),
        drift: names.map(() => ({
          cusum: 1.5,
          cusumLimit: 13.12,
          away: 0,
          awayLimit: 11,
          lately: null,
          usual: null,
        })),
      },
    ],
  }
}

/** An alert of a patient as the sinks get it. */
export function alertOf(patient: Patient, part: Partial<AlertBody> & { readonly id: number }): Output {
  const { id, ...rest } = part
  const hex = id.toString(16).padStart(32, '0')
  const body: AlertBody = {
    alertId: hex,
    eventId: hex,
    seq: 0,
    phase: 'start',
    state: 'active',
    kind: 'advisory',
    priority: 'medium',
    code: 'unexpected',
    label: 'Resp 31 /min, expected 14 to 22, since 08:04:22',
    subject: {
      patientKey: patient.patientKey,
      keyedBy: 'patient',
      ...(patient.unit !== undefined && { unit: patient.unit }),
      ...(patient.bed !== undefined && { bed: patient.bed }),
    },
    times: { event: START + 280_000, onset: START + 262_000, detected: START + 280_000 },
    source: { detector: 'bedside', version: '1', thresholds: { set: 'built-in', version: '1' } },
    channels: [{ channel: 'resp', unit: '/min', observed: 31, status: 'ok', contribution: 0.71 }],
    explanation: {
      text: 'Resp explains 71 % of the surprise, HR 18 %.',
      method: 'share of the negative log-likelihood',
    },
    context: {
      warmupSteps: 300,
      missingChannels: [],
      staleSeconds: 0,
      limitAlarm: false,
      profile: { name: 'adult', assumed: true },
    },
    signal: { call: 'now', latching: false, ack: false, unanswered: 0, suppressedSinceLast: 0 },
    intendedUse: 'research-advisory',
    ...rest,
  }
  const trace = { source: 'test', partition: 0, fromOffset: 0, toOffset: 0 }
  return { kind: 'alert', envelope: { body, mode: 'demo', emitted: START, instance: 'test', trace } }
}

const missing = ['consciousness', 'oxygen']

/** Eight beds of two units and one that is known only by its pseudonym. */
export const PATIENTS: readonly Patient[] = [
  { patientKey: 'p-01', unit: 'ICU', bed: 'ICU 1', vitals: { hr: [84, 3, 6], spo2: [97, 0.7, 2], resp: [17, 2, 4], pulse: [84, 3, 6], abp_sys: [121, 5, 11], abp_dia: [66, 3, 8], abp_mean: [84, 3, 8] }, news2: { score: 1, missing: [...missing, 'temperature'] } },
  { patientKey: 'p-02', unit: 'ICU', bed: 'ICU 2', vitals: { hr: [112, 4, 7], spo2: [94, 1, 2.5], resp: [19, 2, 4.5], pulse: [112, 4, 7] }, cuff: { nibp_sys: [98, 400], nibp_dia: [55, 400], nibp_mean: [69, 400] }, news2: { score: 6, missing } },
  { patientKey: 'p-03', unit: 'ICU', bed: 'ICU 3', vitals: { hr: [71, 2, 5], spo2: [99, 0.4, 1.5], resp: [14, 1.5, 3.5], pulse: [71, 2, 5] }, news2: { score: 0, missing: [...missing, 'systolic', 'temperature'] } },
  { patientKey: 'p-04', unit: 'ICU', bed: 'ICU 4', vitals: { hr: [92, 3, 6], spo2: [96, 0.8, 2], resp: [22, 2.5, 5], pulse: [91, 3, 6], abp_sys: [108, 4, 10], abp_dia: [58, 3, 7], abp_mean: [74, 3, 7] }, news2: { score: 3, missing } },
  { patientKey: 'p-10', unit: 'ICU', bed: 'ICU 10', vitals: { hr: [64, 2, 5], spo2: [98, 0.5, 1.6], resp: [12, 1.4, 3.5] }, news2: { score: 0, missing: [...missing, 'systolic', 'temperature'] } },
  { patientKey: 'w-07', unit: 'Ward 6', bed: '6-07', vitals: { spo2: [93, 1, 2.4], resp: [18, 2, 4.5], pulse: [88, 3, 7] }, cuff: { temp: [37.8, 2400] }, news2: { score: 3, missing } },
  { patientKey: 'w-08', unit: 'Ward 6', bed: '6-08', vitals: { hr: [78, 2, 6], spo2: [97, 0.6, 2], resp: [15, 1.5, 4], pulse: [78, 2, 6] } },
  { patientKey: 'w-09', unit: 'Ward 6', bed: '6-09', vitals: { hr: [101, 3, 7], spo2: [95, 0.8, 2.2], resp: [20, 2, 4.5], pulse: [100, 3, 7], etco2: [38, 1.5, 4] }, news2: { score: 2, missing } },
  { patientKey: 'bidmc_05', vitals: { hr: [89, 2, 6], spo2: [98, 0.5, 2], resp: [16, 1.5, 4], pulse: [89, 2, 6] }, news2: { score: 0, missing: [...missing, 'systolic', 'temperature'] } },
] // biome-ignore format: one patient, one line
