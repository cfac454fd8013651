import type { ChannelTable } from '../vitals/channels.ts'
import { type Mode, type Reading, STATUSES, type WireReading } from '../vitals/reading.ts'

/**
 * A reading as a message of the contract `reading.schema.json`: what `decodeReading` makes the same reading of again.
 * @param mode to be written instead of the reading's own
 */
export function wireReading(reading: Reading, table: ChannelTable, mode: Mode = reading.mode): WireReading {
  const { patientKey, encounter, unit, bed, time, complete } = reading
  const values: WireReading['values'] = {}
  reading.channels.forEach((channel, at) => {
    const value = Number.isNaN(reading.values[at]!) ? null : reading.values[at]!
    const status = STATUSES[reading.statuses[at]!]!
    const own = reading.times?.[at]
    const plain = status === 'ok' && (own === undefined || own === time)
    values[table.channels[channel]!.name] = plain ? value : { value, status, ...(own !== undefined && { time: own }) }
  })
  return {
    patient: patientKey,
    ...(encounter !== undefined && { encounter }),
    ...(unit !== undefined && { unit }),
    ...(bed !== undefined && { bed }),
    time,
    mode,
    complete,
    values,
  }
}
