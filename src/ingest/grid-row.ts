import type { ChannelTable } from '../vitals/channels.ts'
import { OK } from '../vitals/reading.ts'
import { type Rejection, reject } from '../vitals/rejection.ts'
import { conversion, isUnit } from '../vitals/units.ts'
import { unnamed } from '../vitals/unnamed.ts'
import { rangedStatus } from './decode-reading.ts'

/** One column of a recording with a row a tick: a CSV column or a WFDB signal. */
export interface GridColumn {
  /** as the file calls it */
  readonly name: string
  /** undefined when no channel is known for it */
  readonly channel: string | undefined
  /** the file's unit; undefined: the channel's own */
  readonly unit: string | undefined
}

/**
 * `zeros`: 'missing' where a recorder writes 0 for "no reading" (MIMIC II numerics), 'value' where 0 is 0 (asystole).
 * `repeats`: 'held' where the recorder repeats the last value of an episodic channel in every row (a cuff pressure that
 * stays on the screen is no new measurement), 'measured' where every value in the file is a measurement.
 */
export interface RowRules {
  readonly zeros: 'missing' | 'value'
  readonly repeats: 'held' | 'measured'
}

/** The samples of a reading, in parallel arrays as in `Reading`. */
export interface Samples {
  readonly channels: readonly number[]
  readonly values: readonly number[]
  readonly statuses: readonly number[]
}

interface PlannedColumn {
  readonly at: number
  readonly channel: number
  readonly convert: (value: number) => number
  /** columns measured together: the three pressures of one cuff; -1 for continuous channels */
  readonly episode: number
}

/** Turns the rows of one recording into samples. */
export interface RowReader {
  /** columns that are not read, and why; the names are for the caller: they may be anybody's */
  readonly ignored: readonly { readonly name: string; readonly rejection: Rejection }[]
  /**
   * @param row [columns] in the file's units, NaN where there is no value
   * @param patientKey whose row it is: what "repeated" means is kept apart for each
   */
  read(row: ArrayLike<number>, patientKey: string): Samples
}

function plan(columns: readonly GridColumn[], table: ChannelTable, rules: RowRules) {
  const planned: PlannedColumn[] = []
  const ignored: RowReader['ignored'][number][] = []
  const names = columns.map(({ name }) => name)
  const taken = new Set<number>()
  const episodes: string[] = []
  for (const [at, { name, channel: channelName, unit }] of columns.entries()) {
    const index = channelName === undefined ? undefined : table.index.get(channelName)
    if (index === undefined) {
      const rejection = reject('unknown-channel', `the signal is no known channel (${unnamed(name, names)})`)
      ignored.push({ name, rejection })
      continue
    }
    if (taken.has(index)) {
      ignored.push({
        name,
        rejection: reject('unknown-channel', 'it is read from an earlier signal already', channelName),
      })
      continue
    }
    const channel = table.channels[index]!
    const convert = conversion(unit ?? channel.unit, channel.unit)
    if (convert === undefined) {
      const what = unit !== undefined && isUnit(unit) ? `"${unit}"` : 'this text'
      ignored.push({ name, rejection: reject('unknown-unit', `${what} cannot become ${channel.unit}`, channelName) })
      continue
    }
    taken.add(index)
    let episode = -1
    if (channel.cadence === 'episodic' && rules.repeats === 'held') {
      const together = channel.name.split('_')[0]!
      episode = episodes.indexOf(together)
      if (episode < 0) episode = episodes.push(together) - 1
    }
    planned.push({ at, channel: index, convert, episode })
  }
  return { planned, ignored, episodes: episodes.length }
}

/** A reader of rows with these columns. Columns without a channel or a convertible unit are ignored, and said so. */
export function rowReader(columns: readonly GridColumn[], table: ChannelTable, rules: RowRules): RowReader {
  const { planned, ignored, episodes } = plan(columns, table, rules)
  const held = new Map<string, Float64Array>()
  const fresh = new Uint8Array(Math.max(1, episodes))
  const found = new Float64Array(planned.length)

  function read(row: ArrayLike<number>, patientKey: string): Samples {
    let before = held.get(patientKey)
    if (before === undefined && episodes > 0) {
      before = new Float64Array(planned.length).fill(Number.NaN)
      held.set(patientKey, before)
    }
    fresh.fill(0)
    planned.forEach(({ at, convert, episode }, i) => {
      const raw = row[at]!
      const value = Number.isNaN(raw) || (raw === 0 && rules.zeros === 'missing') ? Number.NaN : convert(raw)
      found[i] = value
      if (episode < 0) return
      // one new pressure makes the whole measurement new; a value that comes back after a blank is new, too
      if (!Number.isNaN(value) && value !== before![i]) fresh[episode] = 1
      before![i] = value
    })
    const channels: number[] = []
    const values: number[] = []
    const statuses: number[] = []
    planned.forEach(({ channel, episode }, i) => {
      if (episode >= 0 && fresh[episode] === 0) return
      const value = found[i]!
      channels.push(channel)
      values.push(value)
      statuses.push(rangedStatus(value, OK, table.channels[channel]!))
    })
    return { channels, values, statuses }
  }
  return { ignored, read }
}
