/**
 * Precision and recall for labels that are spans of time: a score that is high a little before or after a span is partly
 * right (Paparrizos et al., Volume Under the Surface, PVLDB 15(11), 2022; the authors' package `vus`, RangeAUC_volume_opt).
 */

/** Thresholds of a curve: scores at that many ranks, evenly spread. */
const THRESHOLDS = 250

/** Rows [first, last] with label 1. */
interface Span {
  readonly first: number
  readonly last: number
}

/**
 * VUS-PR: the range average precision, averaged over buffers of 0, 1, … `widest` samples around the spans. NaN without
 * spans.
 * @param scores [N], none NaN
 * @param labels [N] 0 or 1
 */
export function vusPr(scores: ArrayLike<number>, labels: ArrayLike<number>, widest: number): number {
  const spans = spansOf(labels)
  if (spans.length === 0) return Number.NaN
  const ranks = rankedAt(scores)
  let sum = 0
  for (let buffer = 0; buffer <= widest; buffer++) sum += rangeAveragePrecision(ranks, labels, spans, buffer)
  return sum / (widest + 1)
}

interface Ranks {
  /** [N] the first threshold, of falling ones, that a row's score reaches */
  readonly firstAt: Int32Array
  /** [THRESHOLDS] rows whose score reaches it */
  readonly predicted: Float64Array
}

function rankedAt(scores: ArrayLike<number>): Ranks {
  const falling = Float64Array.from(scores).sort().reverse()
  const last = falling.length - 1
  const stride = last / (THRESHOLDS - 1)
  const thresholds = Float64Array.from(
    { length: THRESHOLDS },
    (_, k) => falling[k === THRESHOLDS - 1 ? last : Math.floor(k * stride)]!,
  )
  const predicted = new Float64Array(THRESHOLDS)
  const firstAt = Int32Array.from(scores, (score) => {
    let [low, high] = [0, THRESHOLDS - 1] // the last threshold is the lowest score: every row reaches it
    while (low < high) {
      const middle = (low + high) >> 1
      if (thresholds[middle]! <= score) high = middle
      else low = middle + 1
    }
    predicted[low]!++
    return low
  })
  accumulate(predicted)
  return { firstAt, predicted }
}

function rangeAveragePrecision(
  { firstAt, predicted }: Ranks,
  labels: ArrayLike<number>,
  spans: readonly Span[],
  buffer: number,
): number {
  const weights = buffered(labels, spans, buffer)
  const hit = new Float64Array(THRESHOLDS) // weight found at each threshold
  const soft = new Float64Array(THRESHOLDS) // of it, in buffers: labels there count only once they are predicted
  const found = new Float64Array(THRESHOLDS) // spans, with their buffers, found at each threshold
  const zones = joined(spans, buffer, labels.length)
  let hard = 0
  for (const zone of zones) {
    let earliest = THRESHOLDS - 1
    for (let row = zone.first; row <= zone.last; row++) {
      const at = firstAt[row]!
      earliest = Math.min(earliest, at)
      const weight = weights.get(row) ?? (labels[row] ? 1 : 0)
      hit[at]! += weight
      if (labels[row]) hard++
      else soft[at]! += weight
    }
    found[earliest]!++
  }
  for (const sums of [hit, soft, found]) accumulate(sums)
  let [area, before] = [0, 0]
  for (let k = 0; k < THRESHOLDS; k++) {
    const wanted = (hard + hard + soft[k]!) / 2
    const recall = (Math.min(hit[k]! / wanted, 1) * found[k]!) / zones.length
    area += ((recall - before) * hit[k]!) / predicted[k]!
    before = recall
  }
  return area
}

/** Weights of the rows beside the spans: sqrt(1 - distance / buffer) up to half a buffer away; overlaps add up, to 1 at most. */
function buffered(labels: ArrayLike<number>, spans: readonly Span[], buffer: number): Map<number, number> {
  const half = Math.floor(buffer / 2)
  const weights = new Map<number, number>()
  const add = (row: number, distance: number) => {
    if (row < 0 || row >= labels.length || labels[row]) return
    weights.set(row, Math.min(1, (weights.get(row) ?? 0) + Math.sqrt(1 - distance / buffer)))
  }
  for (const { first, last } of spans) {
    for (let distance = 1; distance <= half; distance++) {
      add(last + distance, distance)
      add(first - distance, distance)
    }
  }
  return weights
}

/** Spans with half a buffer on either side; those that then touch or overlap are one. */
function joined(spans: readonly Span[], buffer: number, rows: number): Span[] {
  const half = Math.floor(buffer / 2)
  const zones: { first: number; last: number }[] = []
  for (const { first, last } of spans) {
    const zone = { first: Math.max(0, first - half), last: Math.min(rows - 1, last + half) }
    const before = zones.at(-1)
    if (before !== undefined && before.last >= zone.first) before.last = zone.last
    else zones.push(zone)
  }
  return zones
}

function spansOf(labels: ArrayLike<number>): Span[] {
  const spans: { first: number; last: number }[] = []
  for (let row = 0; row < labels.length; row++) {
    if (!labels[row]) continue
    const before = spans.at(-1)
    if (before !== undefined && before.last === row - 1) before.last = row
    else spans.push({ first: row, last: row })
  }
  return spans
}

function accumulate(sums: Float64Array): void {
  for (let k = 1; k < sums.length; k++) sums[k]! += sums[k - 1]!
}

const LAGS = 400
const PERIOD_ROWS = 20_000
const FIRST_LAG = 3
const LONGEST_PERIOD = 300
const NO_PERIOD = 125

/**
 * The strongest lag of a series' autocorrelation: the highest local maximum among lags 4 to 399 of its first 20,000
 * samples; 125 where there is none, or it lies outside 6 to 303 (the package's `find_length`).
 */
export function strongestLag(values: ArrayLike<number>): number {
  const rows = Math.min(PERIOD_ROWS, values.length)
  let mean = 0
  for (let i = 0; i < rows; i++) mean += values[i]! / rows
  const correlation = Float64Array.from({ length: LAGS + 1 - FIRST_LAG }, (_, i) => {
    let sum = 0
    for (let t = i + FIRST_LAG; t < rows; t++) sum += (values[t]! - mean) * (values[t - i - FIRST_LAG]! - mean)
    return sum
  })
  let best = -1
  for (let i = 1; i + 1 < correlation.length; i++) {
    if (!(correlation[i]! > correlation[i - 1]! && correlation[i]! > correlation[i + 1]!)) continue
    if (best < 0 || correlation[i]! > correlation[best]!) best = i
  }
  return best < FIRST_LAG || best > LONGEST_PERIOD ? NO_PERIOD : best + FIRST_LAG
}
