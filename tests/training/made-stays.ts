import { random } from '../../src/random.ts'
import type { Stay } from '../../src/training/dataset.ts'
import { channelTable } from '../../src/vitals/channels.ts'
import type { Reading } from '../../src/vitals/reading.ts'

export const TABLE = channelTable()
const CHANNELS = ['hr', 'spo2'].map((name) => TABLE.index.get(name)!)
const BEGIN = Date.UTC(2026, 0, 1)

/** One whole set of heart rate and saturation, `second` after the beginning; NaN = not available. */
export function madeReading(second: number, hr: number, spo2: number): Reading {
  const values = [hr, spo2]
  return {
    kind: 'reading',
    patientKey: 'made',
    encounter: undefined,
    unit: undefined,
    bed: undefined,
    time: BEGIN + second * 1000,
    mode: 'replay',
    complete: true,
    channels: CHANNELS,
    values,
    statuses: values.map((value) => (Number.isNaN(value) ? 3 : 0)),
    times: undefined,
  }
}

/** A heart rate that swings with a period of 16 s around a level of its own, and a steady saturation. */
export function swingingStay(name: string, seconds: number, seed: number): Stay {
  const rng = random(seed)
  const level = 70 + Math.round(20 * rng.uniform())
  const phase = 2 * Math.PI * rng.uniform()
  const readings = Array.from({ length: seconds }, (_, second) =>
    madeReading(
      second,
      Math.round(level + 6 * Math.sin((2 * Math.PI * second) / 16 + phase)),
      rng.uniform() < 0.05 ? 96 : 97,
    ),
  )
  return { name, readings }
}

/** The stay as PhysioNet BIDMC writes its numerics. */
export function bidmcCsv({ readings }: Stay): string {
  const rows = readings.map(
    ({ values: [hr, spo2] }, second) => `${second},${hr},${hr},${16 + (Math.floor(second / 20) % 2)},${spo2}`,
  )
  return `Time [s], HR, PULSE, RESP, SpO2\n${rows.join('\n')}\n`
}
