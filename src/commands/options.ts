import { InvalidArgumentError } from 'commander'
import { VigilError } from '../errors.ts'

/** A whole number of at least `least`, for commander. */
export function whole(least: number) {
  return (text: string): number => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isInteger(value) || value < least)
      throw new InvalidArgumentError(`a whole number of at least ${least}.`)
    return value
  }
}

/** Whole numbers of at least `least`, with commas between them, for commander. */
export function wholes(least: number) {
  const one = whole(least)
  return (text: string): readonly number[] => text.split(',').map(one)
}

/** A TCP port; 0 takes a free one. */
export function port(text: string): number {
  const value = Number(text)
  if (text === '' || !Number.isInteger(value) || value < 0 || value > 65535)
    throw new InvalidArgumentError('a port: 0 to 65535.')
  return value
}

/** Words of a flag that may be given several times, or hold several words with commas between them. */
export function words(text: string, before: readonly string[] = []): string[] {
  const found = text.split(',').map((word) => word.trim())
  if (found.includes('')) throw new InvalidArgumentError('a name, or several with commas between them.')
  return [...before, ...found]
}

/** A finite number above zero, for commander. */
export function positive(text: string): number {
  const value = Number(text)
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('a number above 0.')
  return value
}

/** A number within bounds, for commander. */
export function between(least: number, most: number) {
  return (text: string): number => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    if (!(value >= least && value <= most)) throw new InvalidArgumentError(`a number from ${least} to ${most}.`)
    return value
  }
}

/** `max`, or how many seconds of the recording a second of the clock. */
export function speed(text: string): number | 'max' {
  return text === 'max' ? 'max' : positive(text)
}

/** An instant: ISO 8601 or ms since 1970. */
export function instant(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Date.parse(text)
  if (Number.isNaN(value)) throw new InvalidArgumentError('an ISO 8601 instant or milliseconds since 1970.')
  return value
}

/**
 * Alarms a patient-day: `1/patient-day`, `0.5/patient-day`.
 * @throws VigilError usage when it is not that, or not above zero
 */
export function alarmBudget(text: string): number {
  const value = Number(/^([\d.]+)\/patient-day$/.exec(text)?.[1])
  if (value > 0) return value
  const why = value === 0 ? 'a budget of zero would silence the model' : 'a budget is written N/patient-day, N above 0'
  throw new VigilError('usage', `--budget ${text}: ${why}`)
}

/** Print one JSON object on standard output, and nothing else there. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}
