import { z } from 'zod'

/** Event times lie in [1990, 3000): 11-digit seconds and 1970 fall out, shifted research dates (MIMIC: 2500-2999) stay. */
const FIRST = Date.UTC(1990, 0, 1)
const LAST = Date.UTC(3000, 0, 1)

// the contract's own pattern, so that decoder and schema cannot disagree on what an instant is
const INSTANT = z.core.regexes.datetime({ offset: true })

function plausible(time: number): boolean {
  return time >= FIRST && time < LAST
}

/**
 * Why an event time cannot be one, or undefined when it can.
 * @param time ms since 1970
 */
export function implausible(time: number): string | undefined {
  if (plausible(time)) return undefined
  if (plausible(time * 1000)) return `${time} looks like seconds, not milliseconds`
  if (plausible(time / 1000)) return `${time} looks like microseconds, not milliseconds`
  if (plausible(time / 1e6)) return `${time} looks like nanoseconds, not milliseconds`
  return `${time} ms since 1970 is not between the years 1990 and 3000`
}

/**
 * An ISO 8601 instant with its offset ("2026-01-01T00:00:00Z") as ms since 1970; NaN when it is none.
 * A local time without an offset is none: two hospitals would read it differently.
 */
export function instant(text: string): number {
  return INSTANT.test(text) ? Date.parse(text) : Number.NaN
}
