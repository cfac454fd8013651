import { CHANNELS } from '../../src/vitals/channels.ts'
import { bedKey, type Reading, STATUSES, type Status } from '../../src/vitals/reading.ts'

const INDEX = new Map(CHANNELS.map((channel, i) => [channel.name, i]))

export interface Given {
  time: number
  values?: Record<string, number>
  patientKey?: string
  complete?: boolean
  status?: Status
  times?: Record<string, number>
  encounter?: string
}

/** A reading as a decoder would give it. */
export function reading({ time, values = {}, patientKey, complete, status, times, encounter }: Given): Reading {
  const names = Object.keys(values)
  return {
    kind: 'reading',
    patientKey: patientKey ?? bedKey('ICU', '1'),
    encounter,
    unit: 'ICU',
    bed: '1',
    time,
    mode: 'test',
    complete: complete ?? false,
    channels: names.map((name) => INDEX.get(name)!),
    values: Object.values(values),
    statuses: names.map(() => STATUSES.indexOf(status ?? 'ok')),
    times: times === undefined ? undefined : names.map((name) => times[name] ?? time),
  }
}

/** Index of a channel in the built-in table. */
export const channel = (name: string): number => INDEX.get(name)!
