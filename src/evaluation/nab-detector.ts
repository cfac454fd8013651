import { OwnHistory } from './own-history.ts'
import { Readout } from './recursive-least-squares.ts'
import { RunningMean } from './running-mean.ts'

/** One setting for every series. Chosen as docs/benchmarks.md tells. */
export const NAB_SETTINGS = Object.freeze({
  /** rows ahead: four hours, twelve hours and a day of a series with a row every five minutes */
  horizons: [48, 144, 288],
  readout: { forgetting: 0.9999, uncertainty: 0.01 },
  /** standard deviations of the newest errors beyond which a readout learns no more from an error */
  clip: 4,
  clipRows: 2000,
  /** harmonics of the day that a readout sees; of the week it sees one */
  dayHarmonics: 4,
  /** the error is averaged over so many rows, and judged against its mean over many more */
  errorRows: 50,
  usualRows: 8000,
  /** errors seen before the first is judged */
  firstErrors: 30,
  recordGain: 0.5,
  /** beyond all values so far by this share of their range: the spatial flag, worth `outside` */
  beyond: 0.05,
  outside: 9,
  /** rarity that raises an alarm: one row in about 126 */
  alarm: 2.1,
  /** rows without another alarm, as a share of the probation */
  refractory: 0.2,
} as const)

/** What is known of a row beside its value: how the network stands after it. */
export interface RowMemory {
  /** [H] what the network's answer was after this row; empty without a network */
  readonly hidden: Float64Array
  /** the value, normalised, and its change from the row before */
  readonly z: number
  readonly change: number
}

const DAY = 86_400_000
const TURN = 2 * Math.PI

/** sin and cos of the first harmonics of the day, then of the week. @param time ms since 1970 */
export function calendar(time: number, dayHarmonics: number): number[] {
  const day = (TURN * (time % DAY)) / DAY
  const week = (TURN * (time % (7 * DAY))) / (7 * DAY)
  const harmonics = Array.from({ length: dayHarmonics }, (_, k) => (k + 1) * day)
  return [...harmonics, week].flatMap((angle) => [Math.sin(angle), Math.cos(angle)])
}

/** Centre and scale of a series, from its first rows. z = asinh((v - centre) / scale). */
export interface NabScale {
  readonly centre: number
  readonly scale: number
}

/** Median and quartile distance; where that is nothing, standard deviation; where that is nothing too, the size of the values. */
export function scaleOf(values: readonly number[]): NabScale {
  const sorted = Float64Array.from(values).sort()
  const at = (share: number) => sorted[Math.floor(share * sorted.length)] ?? 0
  const centre = at(0.5)
  const mean = sorted.reduce((sum, value) => sum + value / sorted.length, 0)
  const deviation = Math.sqrt(sorted.reduce((sum, value) => sum + (value - mean) ** 2 / sorted.length, 0))
  const least = 1e-9 * Math.abs(centre) + 1e-12
  const scale = [(at(0.75) - at(0.25)) / 1.349, deviation].find((it) => it > least) ?? (Math.abs(centre) || 1)
  return { centre, scale }
}

/** Forecasts of one horizon: their regressors, their readout, how large their errors are of late. */
interface Forecaster {
  readonly horizon: number
  readonly readout: Readout
  readonly errors: RunningMean
}

/**
 * The anomaly of one row after the other of one series, each judged before anything of it, or of any later row, is
 * learnt. Feed `judge` then `remember`, row by row.
 */
export class NabDetector {
  readonly #forecasters: readonly Forecaster[]
  /** the last rows' memories: [longest horizon], row t at t mod length */
  readonly #memories: RowMemory[] = []
  readonly #x: Float64Array
  readonly #recent = new RunningMean(NAB_SETTINGS.errorRows)
  readonly #usual = new RunningMean(NAB_SETTINGS.usualRows)
  readonly #history = new OwnHistory(NAB_SETTINGS.recordGain)
  #row = 0
  #lowest = Number.POSITIVE_INFINITY
  #highest = Number.NEGATIVE_INFINITY

  /** @param hidden units whose answers come with every memory; 0 = no network */
  constructor(hidden: number) {
    const { horizons, readout, clipRows, dayHarmonics } = NAB_SETTINGS
    const inputs = hidden + 2 + 2 * (dayHarmonics + 1) + 1
    this.#x = new Float64Array(inputs)
    this.#x[inputs - 1] = 1
    this.#forecasters = horizons.map((horizon) => ({
      horizon,
      readout: new Readout(inputs, readout),
      errors: new RunningMean(clipRows),
    }))
  }

  /**
   * How rare the row is in this series, as a power of ten; -1 where nothing can be said yet.
   * @param time ms since 1970
   * @param z the value, normalised
   */
  judge(time: number, value: number, z: number): number {
    const rarity = Math.max(this.#unforeseen(time, z), this.#outside(value))
    this.#lowest = Math.min(this.#lowest, value)
    this.#highest = Math.max(this.#highest, value)
    return rarity
  }

  /** What the forecasts of later rows may use of this one. */
  remember(memory: RowMemory): void {
    this.#memories[this.#row % Math.max(...NAB_SETTINGS.horizons)] = memory
    this.#row++
  }

  /** The mean error of the forecasts that were made of this row, against what is usual, in the series' own history. */
  #unforeseen(time: number, z: number): number {
    const { errorRows, firstErrors, dayHarmonics } = NAB_SETTINGS
    const due = this.#forecasters.filter(({ horizon }) => horizon <= this.#row)
    if (due.length === 0) return -1
    const clock = calendar(time, dayHarmonics)
    let sum = 0
    for (const forecaster of due) sum += Math.abs(this.#error(forecaster, clock, z))
    const error = sum / due.length
    const recent = this.#recent.push(error)
    const rarity =
      this.#recent.count >= errorRows && this.#usual.count >= firstErrors
        ? this.#history.push(Math.max(0, recent - this.#usual.mean))
        : -1
    this.#usual.push(error)
    return rarity
  }

  /** What came minus what this horizon expected; then it learns. */
  #error({ horizon, readout, errors }: Forecaster, clock: readonly number[], z: number): number {
    const { clip } = NAB_SETTINGS
    const memory = this.#memories[(this.#row - horizon) % Math.max(...NAB_SETTINGS.horizons)]!
    const x = this.#x
    x.set(memory.hidden)
    x[memory.hidden.length] = memory.z
    x[memory.hidden.length + 1] = memory.change
    x.set(clock, memory.hidden.length + 2)
    const error = z - readout.predict(x)
    const limit = errors.count > 20 ? clip * errors.rootMeanSquare + 1e-6 : Number.POSITIVE_INFINITY
    const clipped = Math.max(-limit, Math.min(limit, error))
    readout.learn(x, clipped)
    errors.push(clipped)
    return error
  }

  /** A value clearly outside of all before it. */
  #outside(value: number): number {
    const range = this.#highest - this.#lowest
    if (!(range > 0)) return -1
    const margin = NAB_SETTINGS.beyond * range
    return value < this.#lowest - margin || value > this.#highest + margin ? NAB_SETTINGS.outside : -1
  }
}

/** Rows after an alarm in which there is no other. @param probation rows of the series that are not judged */
export function refractoryRows(probation: number): number {
  return NAB_SETTINGS.refractory * probation
}

/** Alarms of one series: a rarity of at least `alarm`, and none for a while after each. */
export class NabAlarms {
  readonly #wait: number
  #last = Number.NEGATIVE_INFINITY

  /** @param probation rows of the series that are not judged */
  constructor(probation: number) {
    this.#wait = refractoryRows(probation)
  }

  /**
   * The row's anomaly score in 0..1, an alarm at 0.5 or more: a / (a + alarm). 0 where the refractory time holds an
   * alarm back, so that one threshold over the whole corpus finds the alarms and nothing else.
   */
  push(row: number, rarity: number): number {
    const { alarm } = NAB_SETTINGS
    if (rarity < alarm) return Math.max(0, rarity) / (Math.max(0, rarity) + alarm)
    if (row - this.#last <= this.#wait) return 0
    this.#last = row
    return rarity / (rarity + alarm)
  }
}

/** Anomaly score that raises an alarm. */
export const NAB_THRESHOLD = 0.5
