import { channelOf } from './aliases.ts'
import { CsvMapping } from './mapping.ts'

const WITH_UNIT = /^([^[\]]+)\[([^[\]]*)\]$/

/** "HR[bpm]" -> name and unit; "HR" -> name alone. */
function named(cell: string): { name: string; unit: string | undefined } {
  const match = WITH_UNIT.exec(cell.trim())
  return match === null ? { name: cell.trim(), unit: undefined } : { name: match[1]!.trim(), unit: match[2]! }
}

/**
 * The mapping of a header that needs no mapping file: BIDMC numerics (`Time [s], HR, PULSE, RESP, SpO2`) and MIMIC II
 * numerics as CSV (`minute,HR[bpm],ABPSys[mmHg],…`); undefined for any other.
 * In MIMIC II numerics 0 means "no reading"; BIDMC was cut from them, but writes NaN, so that its 0 stays a 0.
 */
export function mappingFor(header: readonly string[]): CsvMapping | undefined {
  const first = header[0]?.trim().toLowerCase()
  const bidmc = first === 'time [s]'
  if (!bidmc && first !== 'minute') return undefined
  const columns: Record<string, { channel: string; unit?: string }> = {}
  const taken = new Set<string>()
  for (const cell of header.slice(1)) {
    const { name, unit } = named(cell)
    const channel = channelOf(name)
    if (channel === undefined || taken.has(channel)) continue
    taken.add(channel)
    columns[cell.trim()] = unit === undefined ? { channel } : { channel, unit }
  }
  if (taken.size === 0) return undefined
  return CsvMapping.parse({
    time: { column: header[0]!.trim(), format: bidmc ? 'relative-seconds' : 'relative-minutes' },
    zeros: bidmc ? 'value' : 'missing',
    columns,
  })
}
