import type { Priority } from '../../vitals/alert.ts'
import type { SensorFault } from '../../vitals/report.ts'
import type { Watching } from '../../vitals/watching.ts'
import type { AlertView, ChannelInfo } from '../protocol.ts'

/** UCUM as it is spoken on a ward. */
const SPOKEN: Readonly<Record<string, string>> = { 'mm[Hg]': 'mmHg', Cel: '°C', '/min': '/min' }

export const WATCHING_WORDS: Readonly<Record<Watching, string>> = {
  watching: 'Watching',
  warming: 'Warming up',
  degraded: 'Degraded',
  blind: 'Not watching',
}

export const PRIORITY_WORDS: Readonly<Record<Priority, string>> = {
  high: 'High',
  medium: 'Medium',
  low: 'Low',
  info: 'Info',
}

/** What the sensor logic says of a channel, as short as a tile needs it. */
export const FAULT_WORDS: Readonly<Record<SensorFault, string>> = {
  missing: 'missing',
  'flat-line': 'unchanged: set aside',
  'implausible-jump': 'jump: set aside',
  contradiction: 'contradictory: set aside',
  damped: 'damped line: set aside',
}

const RANK: readonly Priority[] = ['high', 'medium', 'low', 'info']

/** Parts of a NEWS2, as short as a tile needs them. */
const SHORT_PARTS: Readonly<Record<string, string>> = {
  respiration: 'resp',
  systolic: 'BP',
  temperature: 'temp',
  oxygen: 'O₂',
  consciousness: 'alertness',
}

export function shortPart(part: string): string {
  return SHORT_PARTS[part] ?? part
}

/** The most urgent of open alerts, the newest where two are equal. */
export function mostUrgent(alerts: readonly AlertView[]): AlertView | undefined {
  return [...alerts].sort((a, b) => RANK.indexOf(a.priority) - RANK.indexOf(b.priority) || b.onset - a.onset)[0]
}

export function unitWord(unit: string): string {
  return SPOKEN[unit] ?? unit
}

/** What a bed is called: a bare number is a bed of that number. */
export function bedWord({ name }: { readonly name: string }): string {
  return /^\d+$/.test(name) ? `Bed ${name}` : name
}

/** Whether a bed's unit says more than its name already does ("ICU" beside "ICU 3" does not). */
export function namesUnit({ name, unit }: { readonly name: string; readonly unit: string | null }): boolean {
  return unit !== null && !name.startsWith(unit)
}

/** A value in the steps in which monitors print it. */
export function figure(value: number, { resolution }: Pick<ChannelInfo, 'resolution'>): string {
  return value.toFixed(resolution >= 1 ? 0 : resolution >= 0.1 ? 1 : 2)
}

/** A share of a hundred as people write it: 8.1 %, 12 %. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.095 ? 1 : 0)} %`
}

/** "12 s", "4 min", "1 h 05 min": what one says, not what a stop-watch shows. */
export function spoken(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
}

/** An alert's sentence without its closing "since", which is in UTC: the page says since when in its own time zone. */
export function sentence(label: string): string {
  return label.replace(/, since \d\d:\d\d:\d\d$/, '')
}

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })

/** Time of day, 24 h. */
export function clock(ms: number): string {
  return CLOCK.format(ms)
}

const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })

/** The day of a moment. */
export function day(ms: number): string {
  return DAY.format(ms)
}

/** What keeps an alert from calling somebody, or that somebody has it in hand; undefined where it just called. */
export function callWords({
  call,
  ackBy,
  ackAt,
  pausedUntil,
  mutedUntil,
  unanswered,
}: AlertView['signal']): string | undefined {
  switch (call) {
    case 'acknowledged':
      return `acknowledged${ackBy === undefined ? '' : ` by ${ackBy}`}${ackAt === undefined ? '' : ` at ${clock(ackAt)}`}`
    case 'paused':
      return pausedUntil === undefined ? 'paused' : `paused until ${clock(pausedUntil)}`
    case 'muted':
      return mutedUntil === undefined ? 'muted' : `calls nobody: muted until ${clock(mutedUntil)}`
    case 'silenced':
      return 'calls nobody: told of it shortly before'
    default:
      return unanswered === 0
        ? undefined
        : `nobody answered: escalated ${unanswered === 1 ? 'once' : `${unanswered} times`}`
  }
}

/** A p-value as "p 0.004", never as 0. */
export function chance(p: number): string {
  if (p >= 0.1) return p.toFixed(2)
  if (p >= 0.001) return p.toFixed(3)
  const power = Math.floor(Math.log10(p))
  return Number.isFinite(power) ? `${(p / 10 ** power).toFixed(1)}e${power}` : '< 1e-99'
}
