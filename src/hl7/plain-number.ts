const DOT = 0x2e
const ZERO = 0x30
/** Digits of a number that a double holds exactly, whatever they are. */
const DIGITS = 15
/** [digits behind the point] powers of ten that a double holds exactly, so that one division rounds as reading the text does */
const POWERS = Float64Array.from({ length: DIGITS + 1 }, (_, i) => 10 ** i)

/**
 * The number that stands in a text from `from` to `to`, without a text made of it: digits, and a point among, before or behind them.
 * @returns NaN for everything else, for no text, and for more digits than a double holds
 */
export function plainNumber(text: string, from: number, to: number): number {
  let digits = 0
  let point = to
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at)
    if (code === DOT && point === to) point = at
    else if (code >= ZERO && code <= ZERO + 9) digits = digits * 10 + (code - ZERO)
    else return Number.NaN
  }
  const behind = point === to ? 0 : to - point - 1
  const count = to - from - (point === to ? 0 : 1)
  if (count <= 0 || count > DIGITS) return Number.NaN
  return digits / POWERS[behind]!
}
