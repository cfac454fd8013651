import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { scoreHourly } from '../../src/evaluation/serve-hourly.ts'
import { SEPSIS_CHANNELS } from '../../src/inference/hourly/sepsis-channels.ts'
import { openClassifier } from '../../src/inference/model-store.ts'
import { random } from '../../src/random.ts'
import { decodePsv } from '../../src/training/cohorts/physionet2019.ts'
import { type HourlyStay, noFaults } from '../../src/training/cohorts/stay.ts'
import { OK, type Reading } from '../../src/vitals/reading.ts'
import { Settings } from '../../src/vitals/settings.ts'
import { hourlyWards } from '../stream/hourly-ward.ts'

const MODELS = fileURLToPath(new URL('../../models/', import.meta.url))
const T0 = Date.UTC(2026, 0, 1, 5, 17)
const HOUR = 3_600_000
const COLUMNS = SEPSIS_CHANNELS.map(({ column }) => column)

let wards: Awaited<ReturnType<typeof hourlyWards>>
beforeAll(async () => {
  wards = await hourlyWards()
})
afterAll(() => wards.close())

/** A made stay, as the publisher would have filed it. */
function madeStay(name: string, hours: number, seed: number): HourlyStay {
  const { uniform } = random(seed)
  const ill = uniform()
  const rows = Array.from({ length: hours }, (_, t) =>
    SEPSIS_CHANNELS.map(({ column, kind, channel }) => {
      if (column === 'ICULOS') return String(t + 1)
      const often = kind === 'vital' ? 0.8 : kind === 'laboratory' ? 0.15 : 1
      if (uniform() > often) return 'NaN'
      const [low, high] = TYPICAL[column] ?? channel.range
      return (low + (ill + uniform() * 0.4) * (high - low) * 0.7).toFixed(2)
    }).join('|'),
  )
  return decodePsv(name, [COLUMNS.join('|'), ...rows].join('\n'), noFaults())!
}
const TYPICAL: Record<string, [number, number]> = {
  HR: [60, 140], O2Sat: [88, 100], Temp: [35, 40], SBP: [80, 160], MAP: [50, 110], DBP: [40, 90], Resp: [10, 35],
  Age: [30, 90], Gender: [0, 1], Unit1: [0, 1], Unit2: [0, 1], HospAdmTime: [-100, 0],
} // biome-ignore format: a table

/** The rows of a stay as readings of a bed: each value once, at some second of its hour. */
function readingsOf(stay: HourlyStay, everySeconds: number): Reading[] {
  const { table } = wards
  const readings: Reading[] = []
  for (let hour = 0; hour < stay.from.length; hour++) {
    for (let second = 0; second < 3600; second += everySeconds) {
      const [channels, values]: [number[], number[]] = [[], []]
      if (second === 0 && hour < stay.from.length - 1) {
        for (let i = stay.from[hour]!; i < stay.from[hour + 1]!; i++) {
          channels.push(table.index.get(SEPSIS_CHANNELS[stay.channels[i]!]!.channel.name)!)
          values.push(stay.values[i]!)
        }
      }
      readings.push({
        kind: 'reading', patientKey: stay.name, encounter: undefined, unit: undefined, bed: undefined, mode: 'live',
        time: T0 + hour * HOUR + second * 1000, complete: true, channels, values, statuses: channels.map(() => OK), times: undefined,
      }) // biome-ignore format: one reading
    }
  }
  return readings
}

async function evaluated(stays: readonly HourlyStay[]): Promise<Map<string, number[]>> {
  const bundle = await openClassifier(MODELS, 'sepsis')
  const { slope, intercept } = bundle.manifest.outcome
  const logits = new Map<string, number[]>()
  async function* all() {
    yield* stays
  }
  for await (const { stay, logits: of } of scoreHourly(bundle, all())) {
    logits.set(
      stay.name,
      Array.from(of, (logit) => 1 / (1 + Math.exp(-(slope * logit + intercept)))),
    )
  }
  return logits
}

describe('an hourly model in a ward', () => {
  it('gives what `evaluate sepsis2019` gives for the same rows, beside a forecaster, to the last bit', async () => {
    const stays = [madeStay('a', 30, 1), madeStay('b', 5, 2), madeStay('c', 61, 3)]
    const wanted = await evaluated(stays)
    const bed = wards.fresh({ models: ['bedside', 'sepsis', 'mortality'] })
    const readings = stays.flatMap((stay) => readingsOf(stay, 30)).sort((x, y) => x.time - y.time)
    await bed.give(readings)
    for (const { name } of stays) expect(bed.risks(name, 'sepsis')).toEqual(wanted.get(name))
  })
})
void fc
void Settings
