import { SETTINGS, type WardSetting } from '../../../src/ingest/simulator/settings.ts'
import { simulatedInputs } from '../../../src/ingest/simulator/ward.ts'
import type { Input } from '../../../src/stream/ports.ts'
import type { Episode } from '../../../src/vitals/episode.ts'
import { table } from '../collect.ts'

export const START = Date.UTC(2026, 0, 1, 6)

interface Given {
  readonly setting?: WardSetting['name']
  readonly beds?: number
  readonly hours?: number
  readonly seed?: number
  readonly episodes?: readonly Episode[]
}

export function ward({ setting = 'training', beds = 1, hours = 1, seed = 7, episodes = [] }: Given = {}) {
  return { setting: SETTINGS[setting], beds, hours, seed, start: START, episodes }
}

export function inputsOf(given: Given = {}): Input[] {
  return [...simulatedInputs(ward(given), table)].flatMap(({ inputs }) => inputs)
}

export type Columns = Readonly<Record<string, Float64Array>>

/** by patient: [seconds] of every channel by its event time, NaN where nothing was printed */
export function columnsOf(given: Given = {}): Map<string, Columns> {
  const seconds = Math.round((given.hours ?? 1) * 3600)
  const patients = new Map<string, Record<string, Float64Array>>()
  for (const input of inputsOf(given)) {
    if (input.kind !== 'reading') continue
    const columns = patients.get(input.patientKey) ?? {}
    patients.set(input.patientKey, columns)
    input.channels.forEach((channel, i) => {
      const { name } = table.channels[channel]!
      columns[name] ??= new Float64Array(seconds).fill(Number.NaN)
      columns[name][(input.time - START) / 1000] = input.values[i]!
    })
  }
  return patients
}

/** the columns of the only patient */
export const alone = (given: Given = {}): Columns => [...columnsOf({ ...given, beds: 1 }).values()][0]!

export const mean = (values: ArrayLike<number>, from = 0, to = values.length): number => {
  const present = Array.from(values)
    .slice(from, to)
    .filter((value) => !Number.isNaN(value))
  return present.reduce((sum, value) => sum + value, 0) / present.length
}
