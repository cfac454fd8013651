import { ICU48_CHANNELS, ICU48_SERIES as SERIES } from './icu48-channels.ts'
import type { HourlyInputs } from './inputs.ts'
import { severity } from './severity.ts'

const NAMES = ICU48_CHANNELS.map(({ channel }) => channel.name)
const place = (name: string): number => NAMES.indexOf(name)
const SERIES_NAMES = NAMES.slice(0, SERIES)
const [AGE, SEX, HEIGHT, UNIT, WEIGHT] = ['age', 'sex', 'height', 'icu_type', 'weight'].map(place) as [number, number, number, number, number] // biome-ignore format: one line
const PH = place('ph')
/** hours after which the late summaries begin */
const LATE_FROM = 24

// What of a series stands in the state row, one number each.
const FIELDS = [
  'newest', 'first', 'min', 'max', 'sum', 'squares', 'count', 'lateSum', 'lateMin', 'lateMax', 'lateCount', 'hourSum',
  'hourCount', 'hourMean', 'since',
] as const // biome-ignore format: a list
const WIDE = FIELDS.length
const [NEWEST, FIRST, MIN, MAX, SUM, SQUARES, COUNT, LATE_SUM, LATE_MIN, LATE_MAX, LATE_COUNT, HOUR_SUM, HOUR_COUNT, HOUR_MEAN, SINCE] =
  FIELDS.map((_, i) => i) as [number, number, number, number, number, number, number, number, number, number, number, number, number, number, number] // biome-ignore format: names of places
const ATTRIBUTE = SERIES * WIDE
const HOURS = ATTRIBUTE + NAMES.length - SERIES
const WORST = HOURS + 1 // highest SOFA, SIRS, qSOFA and NEWS so far
const SIZE = WORST + 4

const SUMMARY = ['first', 'last', 'min', 'max', 'mean', 'sd', 'late:mean', 'late:min', 'late:max', 'change'] as const
const ATTRIBUTE_INPUTS = ['age', 'sex', 'height', 'height_unknown', 'weight', 'coronary', 'cardiac_surgery', 'medical', 'surgical'] // biome-ignore format: one line
const SCORES = ['sofa', 'sirs', 'qsofa', 'news'] as const

/** What goes through the cell: the hour's mean, whether there was one, hours since, how many, and the attributes. */
export const ICU48_SEQUENCE = 4 * SERIES + ATTRIBUTE_INPUTS.length

const INPUT_NAMES: readonly string[] = [
  ...SERIES_NAMES,
  ...SERIES_NAMES.map((name) => `${name}:measured`),
  ...SERIES_NAMES.map((name) => `${name}:since`),
  ...SERIES_NAMES.map((name) => `${name}:count1`),
  ...ATTRIBUTE_INPUTS,
  ...SERIES_NAMES.flatMap((name) => SUMMARY.map((what) => `${name}:${what}`)),
  ...SERIES_NAMES.map((name) => `${name}:count`),
  ...SERIES_NAMES.map((name) => `${name}:known`),
  ...SCORES,
  ...SCORES.map((name) => `${name}:worst`),
  ...ATTRIBUTE_INPUTS.map((name) => `${name}:again`),
]
const SCALED = /^(age|height|weight)(:again)?$|^(sofa|sirs|qsofa|news)/
const isFitted = (name: string): boolean =>
  SERIES_NAMES.includes(name) || SUMMARY.some((what) => name.endsWith(`:${what}`)) || SCALED.test(name)

/**
 * Inputs of the mortality model, a row an hour: first what goes through the cell, then the summary of everything so far (in
 * the scale of the values or of their logarithms), which is a running statistic and therefore causal like the rest.
 */
export const icu48Inputs: HourlyInputs = {
  stateSize: SIZE,
  names: INPUT_NAMES,
  fitted: INPUT_NAMES.map(isFitted),
  reset(state, row) {
    for (let c = 0; c < SERIES; c++) {
      const at = row + c * WIDE
      state.fill(0, at, at + WIDE)
      state.fill(Number.NaN, at, at + SUM)
      state[at + LATE_MIN] = Number.NaN
      state[at + LATE_MAX] = Number.NaN
      state[at + HOUR_MEAN] = Number.NaN
    }
    state.fill(Number.NaN, row + ATTRIBUTE, row + HOURS)
    state.fill(0, row + HOURS, row + SIZE)
  },
  take(state, row, channel, value) {
    const { log, channel: about } = ICU48_CHANNELS[channel]!
    const [low, high] = about.range
    const meant = channel === PH ? pointPut(value) : value
    if (!(meant >= low && meant <= high)) return
    if (channel >= SERIES) {
      const to = row + ATTRIBUTE + channel - SERIES
      if (Number.isNaN(state[to]!)) state[to] = meant
      return
    }
    takeValue(state, row + channel * WIDE, log ? Math.log1p(meant) : meant, state[row + HOURS]! >= LATE_FROM)
  },
  close(state, row, x, into) {
    state[row + HOURS]!++
    for (let c = 0; c < SERIES; c++) {
      const at = row + c * WIDE
      const count = state[at + HOUR_COUNT]!
      if (count > 0) state[at + HOUR_MEAN] = state[at + HOUR_SUM]! / count
      state[at + SINCE] = count > 0 ? 0 : state[at + SINCE]! + 1
      const never = state[at + COUNT] === 0
      x[into + c] = state[at + HOUR_MEAN]!
      x[into + SERIES + c] = count > 0 ? 1 : 0
      x[into + 2 * SERIES + c] = never ? 1.5 : Math.log1p(state[at + SINCE]!) / 3
      x[into + 3 * SERIES + c] = Math.log1p(count)
      state[at + HOUR_SUM] = 0
      state[at + HOUR_COUNT] = 0
    }
    const summary = putAttributes(state, row, x, into + 4 * SERIES)
    const scores = putSummary(state, row, x, summary)
    putAttributes(state, row, x, putScores(state, row, x, scores))
  },
}

/** Some wrote 735 or 73 for a pH of 7.35 or 7.3. */
const pointPut = (ph: number): number => (ph > 500 && ph < 900 ? ph / 100 : ph > 60 && ph < 80 ? ph / 10 : ph)

function takeValue(state: Float64Array, at: number, value: number, late: boolean): void {
  if (state[at + COUNT] === 0) state[at + FIRST] = value
  state[at + NEWEST] = value
  // NaN loses against any value
  if (!(state[at + MIN]! <= value)) state[at + MIN] = value
  if (!(state[at + MAX]! >= value)) state[at + MAX] = value
  state[at + SUM]! += value
  state[at + SQUARES]! += value * value
  state[at + COUNT]!++
  state[at + HOUR_SUM]! += value
  state[at + HOUR_COUNT]!++
  if (!late) return
  if (!(state[at + LATE_MIN]! <= value)) state[at + LATE_MIN] = value
  if (!(state[at + LATE_MAX]! >= value)) state[at + LATE_MAX] = value
  state[at + LATE_SUM]! += value
  state[at + LATE_COUNT]!++
}

/** @returns where the next input goes */
function putAttributes(state: Float64Array, row: number, x: Float64Array, into: number): number {
  const given = (channel: number): number => state[row + ATTRIBUTE + channel - SERIES]!
  x[into] = given(AGE)
  x[into + 1] = given(SEX)
  x[into + 2] = given(HEIGHT)
  x[into + 3] = Number.isNaN(given(HEIGHT)) ? 1 : 0
  x[into + 4] = given(WEIGHT)
  for (let unit = 1; unit <= 4; unit++) x[into + 4 + unit] = given(UNIT) === unit ? 1 : 0
  return into + ATTRIBUTE_INPUTS.length
}

/** @returns where the next input goes */
function putSummary(state: Float64Array, row: number, x: Float64Array, into: number): number {
  const counts = into + SERIES * SUMMARY.length
  for (let c = 0; c < SERIES; c++) {
    const at = row + c * WIDE
    const to = into + c * SUMMARY.length
    const [count, lateCount] = [state[at + COUNT]!, state[at + LATE_COUNT]!]
    const mean = state[at + SUM]! / count // NaN of none
    x[to] = state[at + FIRST]!
    x[to + 1] = state[at + NEWEST]!
    x[to + 2] = state[at + MIN]!
    x[to + 3] = state[at + MAX]!
    x[to + 4] = mean
    x[to + 5] = Math.sqrt(Math.max(0, state[at + SQUARES]! / count - mean * mean))
    x[to + 6] = state[at + LATE_SUM]! / lateCount
    x[to + 7] = state[at + LATE_MIN]!
    x[to + 8] = state[at + LATE_MAX]!
    x[to + 9] = state[at + NEWEST]! - state[at + FIRST]!
    x[counts + c] = Math.log1p(count) / 2
    x[counts + SERIES + c] = count > 0 ? 1 : 0
  }
  return counts + 2 * SERIES
}

/** Scores of the newest values, and the worst so far. @returns where the next input goes */
function putScores(state: Float64Array, row: number, x: Float64Array, into: number): number {
  const newest = (name: string): number => {
    const c = place(name)
    const value = state[row + c * WIDE + NEWEST]!
    return ICU48_CHANNELS[c]!.log ? Math.expm1(value) : value
  }
  const either = (line: string, cuff: string): number => {
    const value = newest(line)
    return Number.isNaN(value) ? newest(cuff) : value
  }
  const share = newest('fio2_share')
  const said = severity({
    hr: newest('hr'), spo2: newest('sao2'), temp: newest('temp'), resp: newest('resp'), paco2: newest('paco2'),
    sys: either('abp_sys', 'nibp_sys'), map: either('abp_mean', 'nibp_mean'), oxygen: Number.isNaN(share) ? 0.21 : share,
    wbc: newest('wbc'), platelets: newest('platelets'), bilirubin: newest('bilirubin'), creatinine: newest('creatinine'),
  }) // biome-ignore format: what they need
  SCORES.forEach((name, i) => {
    state[row + WORST + i] = Math.max(state[row + WORST + i]!, said[name])
    x[into + i] = said[name]
    x[into + SCORES.length + i] = state[row + WORST + i]!
  })
  return into + 2 * SCORES.length
}
