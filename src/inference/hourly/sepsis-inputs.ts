import type { HourlyInputs } from './inputs.ts'
import { SEPSIS_CHANNELS } from './sepsis-channels.ts'
import { severity } from './severity.ts'

/** the first 34 channels are measured again and again, the last 6 are attributes */
const MEASURED = SEPSIS_CHANNELS.filter(({ kind }) => kind !== 'attribute').length
const NAMES = SEPSIS_CHANNELS.map(({ channel }) => channel.name)
const at = (name: string): number => NAMES.indexOf(name)
const [HR, SPO2, TEMP, SYS, MAP, DIA, RESP] = [
  at('hr'),
  at('spo2'),
  at('temp'),
  at('sys'),
  at('map'),
  at('dia'),
  at('resp'),
]
const [HCO3, FIO2, BUN, CREATININE, LACTATE] = [
  at('hco3'),
  at('fio2_share'),
  at('bun'),
  at('creatinine'),
  at('lactate'),
]
const [WBC, PLATELETS, BILIRUBIN, PACO2] = [at('wbc'), at('platelets'), at('bilirubin'), at('paco2')]
const [AGE, SEX, MEDICAL, SURGICAL] = [at('age'), at('sex'), at('medical_icu'), at('surgical_icu')]
const [BEFORE, HOURS] = [at('before_icu'), at('icu_hours')] // biome-ignore format: pairs of name and place

const MEASURED_NAMES = NAMES.slice(0, MEASURED)
const VITAL = SEPSIS_CHANNELS.map(({ kind }) => kind === 'vital')
/** hours over which counts are kept: a bit an hour */
const WINDOW = 24
const WINDOWS = [1, 6, 12, 24] as const
/** laboratory values whose six-hour counts enter: what is asked for when sepsis is thought of */
const WATCHED = ['lactate', 'wbc', 'creatinine', 'bilirubin', 'platelets', 'ph', 'hco3', 'glucose', 'ptt'].map(at)
/** edges of the clock's bins, hours in the unit */
const BINS = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 18, 20, 24, 28, 32, 36, 42, 48, 60, 72, 96, 120, 168]
/** total, and the parts that are looked back to: SOFA over 24 and 6 h, NEWS over 6 h, bicarbonate over 12 h */
const RING = 25

// a state row: last values, rows since each, counts, bits of the last 24 hours, two rings and a third, counters
const LAST = 0
const SINCE = LAST + NAMES.length
const COUNT = SINCE + MEASURED
const BITS = COUNT + MEASURED
const OPEN = BITS + MEASURED // 1 where the open hour has a value
const SOFA = OPEN + MEASURED
const NEWS = SOFA + RING
const BICARBONATE = NEWS + RING
const ROW = BICARBONATE + RING
const FIRST = ROW + 1
const SIZE = FIRST + 1

// biome-ignore format: two lists
const RATIOS = [
  'hr/sys', 'hr/map', 'sys-dia', 'bun/creatinine', 'spo2/fio2', 'hr/temp', 'resp/spo2', 'lactate*hr/sys', 'wbc*temp',
  'hco3:change12', 'resp*paco2',
]
// biome-ignore format: two lists
const SCORES = [
  'sofa:lungs', 'sofa:platelets', 'sofa:liver', 'sofa:circulation', 'sofa:kidneys', 'sofa', 'sofa:change24', 'sofa:change6',
  'sirs', 'qsofa', 'news', 'news:change6',
]
const INPUT_NAMES: readonly string[] = [
  ...MEASURED_NAMES,
  ...MEASURED_NAMES.map((name) => `${name}:measured`),
  ...MEASURED_NAMES.map((name) => `${name}:since`),
  ...['age', 'sex', 'medical_icu', 'surgical_icu', 'unit_unknown', 'before_icu', 'before_icu_unknown'],
  ...['hours:log', 'hours:capped', 'rows', 'first_hour', 'hours:first_hours'],
  ...MEASURED_NAMES.map((name) => `${name}:count`),
  ...WINDOWS.flatMap((hours) => [`vitals:count${hours}`, `laboratory:count${hours}`]),
  'laboratory:distinct',
  ...WATCHED.map((channel) => `${NAMES[channel]}:count6`),
  ...MEASURED_NAMES.map((name) => `${name}:count24`),
  ...RATIOS,
  ...SCORES,
  ...Array.from({ length: BINS.length + 1 }, (_, bin) => `hours:bin${bin}`),
]
const FITTED = new Set([...MEASURED_NAMES, 'age', 'before_icu', ...RATIOS, ...SCORES])

/**
 * Inputs of the sepsis model, one row an hour: newest values (skewed ones as logarithms), measured or not, rows since,
 * attributes, clock, how often what was measured (a clinician's suspicion is in the orders), ratios, and the parts of SOFA,
 * SIRS, qSOFA and NEWS that can be had from the values.
 */
export const sepsisInputs: HourlyInputs = {
  stateSize: SIZE,
  names: INPUT_NAMES,
  fitted: INPUT_NAMES.map((name) => FITTED.has(name)),
  reset(state, row) {
    state.fill(Number.NaN, row, row + SINCE)
    state.fill(0, row + SINCE, row + SIZE)
    state.fill(Number.NaN, row + SOFA, row + ROW)
    state[row + FIRST] = Number.NaN
  },
  take(state, row, channel, value) {
    const [low, high] = SEPSIS_CHANNELS[channel]!.channel.range
    if (!(value >= low && value <= high)) return
    state[row + LAST + channel] = value
    if (channel < MEASURED) state[row + OPEN + channel] = 1
  },
  close(state, row, x, into) {
    let to = into
    const put = (value: number): void => {
      x[to++] = value
    }
    const last = (channel: number): number => state[row + LAST + channel]!
    const rows = ++state[row + ROW]!
    const given = last(HOURS)
    const hours = Number.isNaN(given) ? rows : Math.max(1, given)
    if (rows === 1) state[row + FIRST] = hours
    countHour(state, row)

    for (let c = 0; c < MEASURED; c++) put(SEPSIS_CHANNELS[c]!.log ? logarithm(last(c)) : last(c))
    for (let c = 0; c < MEASURED; c++) put(state[row + OPEN + c]!)
    for (let c = 0; c < MEASURED; c++) {
      put(state[row + COUNT + c] === 0 ? 1.5 : Math.log1p(state[row + SINCE + c]!) / 3.2)
    }
    const unit = Number.isNaN(last(MEDICAL)) && Number.isNaN(last(SURGICAL))
    put(last(AGE))
    put(last(SEX))
    put(unit ? 0 : last(MEDICAL))
    put(unit ? 0 : last(SURGICAL))
    put(unit ? 1 : 0)
    put(Math.log1p(Math.abs(last(BEFORE))))
    put(Number.isNaN(last(BEFORE)) ? 1 : 0)
    put(Math.log(hours) / 3)
    put(Math.min(hours, 100) / 50)
    put(Math.min(rows, 100) / 50)
    put(Math.log(state[row + FIRST]!) / 3)
    put(Math.exp(-hours / 4))
    to = putCounts(state, row, x, to)

    const share = last(FIO2)
    const oxygen = Number.isNaN(share) ? 0.21 : Math.max(0.21, share)
    const shock = last(HR) / Math.max(20, last(SYS))
    put(shock)
    put(last(HR) / Math.max(20, last(MAP)))
    put(last(SYS) - last(DIA))
    put(last(BUN) / Math.max(0.1, last(CREATININE)))
    put(last(SPO2) / oxygen)
    put(last(HR) / last(TEMP))
    put(last(RESP) / Math.max(30, last(SPO2)))
    put(last(LACTATE) * shock)
    put(last(WBC) * last(TEMP))
    put(change(state, row + BICARBONATE, rows, 12, last(HCO3)))
    put(last(RESP) * last(PACO2))

    const said = severity({
      hr: last(HR), spo2: last(SPO2), temp: last(TEMP), sys: last(SYS), map: last(MAP), resp: last(RESP), oxygen,
      paco2: last(PACO2), wbc: last(WBC), platelets: last(PLATELETS), bilirubin: last(BILIRUBIN), creatinine: last(CREATININE),
    }) // biome-ignore format: what they need
    for (const part of said.sofaParts) put(part)
    put(said.sofa)
    put(change(state, row + SOFA, rows, 24, said.sofa))
    put(change(state, row + SOFA, rows, 6, said.sofa))
    put(said.sirs)
    put(said.qsofa)
    put(said.news)
    put(change(state, row + NEWS, rows, 6, said.news))
    let bin = 0
    while (bin < BINS.length && hours > BINS[bin]!) bin++
    for (let b = 0; b <= BINS.length; b++) put(b === bin ? 1 : 0)

    state[row + SOFA + (rows % RING)] = said.sofa
    state[row + NEWS + (rows % RING)] = said.news
    state[row + BICARBONATE + (rows % RING)] = last(HCO3)
    state.fill(0, row + OPEN, row + OPEN + MEASURED)
    // where nobody counts on, the next row is an hour later
    state[row + LAST + HOURS]!++
  },
}

const logarithm = (value: number): number => Math.log(Math.max(value, 0.01))

/** What was measured in the closing hour enters the counts and the bits of the last 24 hours. */
function countHour(state: Float64Array, row: number): void {
  for (let c = 0; c < MEASURED; c++) {
    const measured = state[row + OPEN + c]!
    state[row + SINCE + c] = measured === 1 ? 0 : state[row + SINCE + c]! + 1
    state[row + COUNT + c]! += measured
    state[row + BITS + c] = (state[row + BITS + c]! * 2 + measured) % 2 ** WINDOW
  }
}

/** @returns where the next input goes */
function putCounts(state: Float64Array, row: number, x: Float64Array, into: number): number {
  let to = into
  const within = (channel: number, hours: number): number => ones(state[row + BITS + channel]! % 2 ** hours)
  for (let c = 0; c < MEASURED; c++) x[to++] = Math.log1p(state[row + COUNT + c]!) / 2
  let distinct = 0
  for (const hours of WINDOWS) {
    let [vitals, laboratory] = [0, 0]
    for (let c = 0; c < MEASURED; c++) {
      if (VITAL[c]) vitals += within(c, hours)
      else laboratory += within(c, hours)
    }
    x[to++] = Math.log1p(vitals) / 2
    x[to++] = Math.log1p(laboratory) / 2
  }
  for (let c = 0; c < MEASURED; c++) if (!VITAL[c] && state[row + COUNT + c]! > 0) distinct++
  x[to++] = Math.log1p(distinct) / 2
  for (const channel of WATCHED) x[to++] = Math.log1p(within(channel, 6)) / 2
  for (let c = 0; c < MEASURED; c++) x[to++] = Math.log1p(within(c, WINDOW)) / 2
  return to
}

/** Set bits of a number below 2^24. */
function ones(bits: number): number {
  let count = 0
  for (let rest = bits; rest > 0; rest &= rest - 1) count++
  return count
}

/** How far a value lies above the one `hours` rows before; unknown while there was none. */
function change(state: Float64Array, ring: number, rows: number, hours: number, value: number): number {
  return rows <= hours ? Number.NaN : value - state[ring + ((rows - hours) % RING)]!
}
