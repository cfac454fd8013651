import { ICU48_CHANNELS } from '../inference/hourly/icu48-channels.ts'
import { SEPSIS_CHANNELS } from '../inference/hourly/sepsis-channels.ts'
import type { HourlyStay } from '../training/cohorts/stay.ts'
import type { ClassifierManifest } from '../vitals/classifier-manifest.ts'
import { ADULT_LIMITS } from '../vitals/limits.ts'
import type { Columns } from './faults/baselines/baseline.ts'

export type HourlyKind = ClassifierManifest['inputs']['kind']

/** A vital sign of an hourly row, and where it stands. */
export interface HourlyVital {
  readonly label: string
  readonly unit: string
  /** channels of the benchmark's own list, the first that has a value counts */
  readonly channels: readonly number[]
  /** what is printed last: a value is counted in these */
  readonly resolution: number
  /** the manufacturers' limits for adults; undefined where nobody has one */
  readonly low: number | undefined
  readonly high: number | undefined
}

type Named = readonly [label: string, names: readonly string[], limits: string | undefined]

// biome-ignore format: a table
const VITALS: Readonly<Record<HourlyKind, readonly Named[]>> = {
  'sepsis-hour': [
    ['Heart rate', ['hr'], 'hr'], ['SpO2', ['spo2'], 'spo2'], ['Respiration', ['resp'], 'resp'],
    ['Systolic', ['sys'], 'nibp_sys'], ['Mean pressure', ['map'], 'nibp_mean'], ['Temperature', ['temp'], 'temp'],
  ],
  'icu-48h': [
    ['Heart rate', ['hr'], 'hr'], ['Respiration', ['resp'], 'resp'], ['Systolic', ['abp_sys', 'nibp_sys'], 'nibp_sys'],
    ['Mean pressure', ['abp_mean', 'nibp_mean'], 'nibp_mean'], ['Temperature', ['temp'], 'temp'], ['Coma scale', ['gcs'], undefined],
  ],
}

/** The vital signs of a benchmark: what strips show, and what the baselines that know no laboratory are given. */
export function hourlyVitals(kind: HourlyKind): readonly HourlyVital[] {
  const channels = (kind === 'sepsis-hour' ? SEPSIS_CHANNELS : ICU48_CHANNELS).map(({ channel }) => channel)
  return VITALS[kind].map(([label, names, limits]) => {
    const places = names.map((name) => channels.findIndex((channel) => channel.name === name))
    const { unit, resolution } = channels[places[0]!]!
    const { low, high } = (limits === undefined ? undefined : ADULT_LIMITS[limits]) ?? {}
    return { label, unit, channels: places, resolution, low, high }
  })
}

/**
 * The vital signs of a stay by the hour, the mean of each hour, in units of what is printed last, so that one floor of spread
 * does for all; NaN where there was none: [rows, V].
 */
export function vitalColumns(vitals: readonly HourlyVital[], { from, channels, values }: HourlyStay): Columns {
  const rows = from.length - 1
  const out = new Float64Array(rows * vitals.length).fill(Number.NaN)
  for (let row = 0; row < rows; row++) {
    vitals.forEach((vital, v) => {
      for (const channel of vital.channels) {
        let [sum, n] = [0, 0]
        for (let i = from[row]!; i < from[row + 1]!; i++) {
          if (channels[i] !== channel) continue
          sum += values[i]!
          n++
        }
        if (n === 0) continue
        out[row * vitals.length + v] = sum / n / vital.resolution
        break
      }
    })
  }
  return { values: out, seconds: rows }
}
