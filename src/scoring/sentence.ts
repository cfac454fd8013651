import type { AlertChannel } from '../vitals/alert.ts'
import type { Channel } from '../vitals/channels.ts'

/** the longest label a body may carry */
const LABEL_LENGTH = 80

/** UCUM units as a nurse writes them; others stand as they are */
const UNITS: Readonly<Record<string, string>> = { 'mm[Hg]': 'mmHg', Cel: '°C' }

/** A channel's unit in words for people. */
export function unitName(channel: Channel): string {
  return UNITS[channel.unit] ?? channel.unit
}

/** more decimals than the channel's resolution has, at most */
const MORE = 3

/**
 * A value of a channel with the decimals of its resolution: 88, 36.5; without a unit.
 * @param beyond a printed bound that the value lies on one side of: decimals are added until it does in print, too
 */
export function valueText(channel: Channel, value: number, beyond = value): string {
  if (Math.abs(value) >= 1e7) return value.toExponential(1)
  let decimals = Math.min(6, Math.max(0, Math.ceil(-Math.log10(channel.resolution) - 1e-9)))
  const most = decimals + MORE
  const side = Math.sign(value - beyond)
  while (side !== 0 && decimals < most && Math.sign(Number(value.toFixed(decimals)) - beyond) !== side) decimals++
  const text = value.toFixed(decimals)
  return Number(text) === 0 ? text.replace('-', '') : text
}

/** "SpO2 88 %" */
export function measurement(channel: Channel, value: number, beyond = value): string {
  return `${channel.label} ${valueText(channel, value, beyond)} ${unitName(channel)}`
}

/** UTC time of day, hh:mm:ss */
export function timeOfDay(ms: number): string {
  return new Date(ms).toISOString().slice(11, 19)
}

/** The first of several wordings, longest first, that fits a label; the last one is cut when none does. */
export function label(...wordings: readonly string[]): string {
  const fitting = wordings.find((wording) => wording.length <= LABEL_LENGTH)
  return fitting ?? `${wordings.at(-1)!.slice(0, LABEL_LENGTH - 1)}…`
}

/** The part of an alert's channel that the channel table knows. */
export function identified(channel: Channel): Pick<AlertChannel, 'channel' | 'unit' | 'loinc' | 'mdc'> {
  const loinc = channel.loinc[0]
  return {
    channel: channel.name,
    unit: channel.unit,
    ...(loinc !== undefined && { loinc }),
    ...(channel.mdc && { mdc: channel.mdc.code }),
  }
}
