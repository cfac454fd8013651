/**
 * A patient's clock is the newest event time accepted so far. One wrong stamp must blind no bed: an event time far
 * ahead is set aside until others agree, and before the clock is trusted a stamp far behind restarts it.
 */
export type ClockVerdict = 'accept' | 'set-aside' | 'restart'

/**
 * Judge one event time against the patient's clock.
 * @param newest newest accepted event time, ms; NaN before the first
 * @param agreed accepted stamps so far, as far as it matters: 0..agreeing
 * @param agreeing stamps that must agree before the clock is trusted
 * @param aheadMs how far ahead of the clock a stamp may be
 */
export function judge(newest: number, agreed: number, time: number, agreeing: number, aheadMs: number): ClockVerdict {
  if (Number.isNaN(newest)) return 'accept'
  if (time > newest + aheadMs) return 'set-aside'
  if (time < newest - aheadMs && agreed < agreeing) return 'restart'
  return 'accept'
}

/** What a set-aside reading's time must fit: the times held so far, none further than `aheadMs` from its neighbour. */
export function agrees(times: readonly number[], time: number, aheadMs: number): boolean {
  let nearest = Number.POSITIVE_INFINITY
  for (const held of times) nearest = Math.min(nearest, Math.abs(held - time))
  return times.length === 0 || nearest <= aheadMs
}

/** How many stamps stand in these times: the parts of one set, or one message sent again, are one witness. */
export function witnesses(times: readonly number[]): number {
  return new Set(times).size
}
