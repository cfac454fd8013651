import { implausible } from '../ingest/event-time.ts'
import { Memo } from './memo.ts'

/** HL7 v2 DTM: YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ] */
const DTM = /^(\d{4})(\d{2})?(\d{2})?(\d{2})?(\d{2})?(\d{2})?(?:\.(\d{1,4}))?([+-]\d{4})?$/

/** A time zone's offset from UTC at an instant, ms; by the machine's own table of zones. */
export type Offset = (instant: number) => number

/** Where senders are that write times without an offset. */
export interface Zone {
  readonly offset: Offset
  /** the instant of a DTM, ms since 1970, or why there is none: as `instantOf` */
  instant(text: string): number | string
}

/**
 * @param name IANA name, "Europe/Zurich"
 * @throws RangeError when there is no such zone
 */
export function openZone(name: string): Zone {
  const offset = zoneOffset(name)
  const known = new Memo<number | string>()
  return { offset, instant: (text) => known.get(text) ?? known.keep(text, instantOf(text, offset)) }
}

/** Quarters of an hour of which offsets are kept: no zone changes between. */
const QUARTER = 900_000

/** @throws RangeError when there is no such zone */
export function zoneOffset(zone: string): Offset {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  const known = new Map<number, number>()
  return (instant) => {
    const quarter = Math.floor(instant / QUARTER)
    const kept = known.get(quarter)
    if (kept !== undefined) return kept
    const parts = Object.fromEntries(
      format.formatToParts(quarter * QUARTER).map(({ type, value }) => [type, Number(value)]),
    )
    const { year, month, day, hour, minute, second } = parts as Record<string, number>
    const offset = Date.UTC(year!, month! - 1, day!, hour!, minute!, second!) - quarter * QUARTER
    if (known.size > 1000) known.clear()
    known.set(quarter, offset)
    return offset
  }
}

/**
 * The instant that a DTM names, to the minute at least; ms since 1970, or why there is none.
 * @param zone of the sender, for a DTM without an offset. Where a clock set back makes two instants of one, the earlier
 */
export function instantOf(text: string, zone: Offset): number | string {
  const found = DTM.exec(text)
  if (found === null) return 'the text is no HL7 time'
  const [, year, month, day, hour, minute, second = '0', fraction = '0', offset] = found
  if (minute === undefined) return 'the time is not given to the minute'
  const ms = Number(`0.${fraction}`) * 1000
  const local = Date.UTC(+year!, +month! - 1, +day!, +hour!, +minute, +second) + Math.round(ms)
  const at = new Date(local)
  // Date.UTC carries over: the 31st of a short month, hour 24, second 60
  if (at.getUTCMonth() !== +month! - 1 || at.getUTCDate() !== +day! || +hour! > 23 || +minute > 59 || +second > 59)
    return 'there is no such date or time'
  const instant = offset === undefined ? localInstant(local, zone) : local - minutes(offset) * 60_000
  return implausible(instant) ?? instant
}

/** The earliest instant at which the zone's clocks show this; in the gap of a clock set forward, the one right after it. */
function localInstant(local: number, zone: Offset): number {
  const before = local - zone(local - 86_400_000)
  const after = local - zone(local + 86_400_000)
  const fits = [before, after].filter((instant) => instant + zone(instant) === local)
  return fits.length === 0 ? Math.max(before, after) : Math.min(...fits)
}

function minutes(offset: string): number {
  const sign = offset.startsWith('-') ? -1 : 1
  return sign * (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(3, 5)))
}
