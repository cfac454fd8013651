import type { InputScale } from '../inference/hourly/inputs.ts'
import { HOURLY_INPUTS } from '../inference/hourly/kinds.ts'
import { random } from '../random.ts'
import { type ClassifierStay, fitScale, rawInputs, scaled } from '../training/classifier/cohort.ts'
import { fitLinear, type LinearOptions, linearLogit } from '../training/classifier/linear.ts'
import type { HourlyStay } from '../training/cohorts/stay.ts'
import { autoregression } from './faults/baselines/autoregression.ts'
import { type Baseline, type Columns, carried } from './faults/baselines/baseline.ts'
import { ewma } from './faults/baselines/ewma.ts'
import { lastValue } from './faults/baselines/last-value.ts'
import { pca } from './faults/baselines/pca.ts'
import { robustZ } from './faults/baselines/robust-z.ts'
import { type HourlyKind, type HourlyVital, hourlyVitals, vitalColumns } from './hourly-vitals.ts'

/** Parts that the patients are dealt to: what learns from patients learns from those of the other parts. */
export const PARTS = 5
/** the dealing belongs to the benchmark, not to a seed */
const DEALING = 1
/** with fewer patients than this nothing can be learnt from the others */
const FEWEST = 50

/** One setting each, a day's memory: none is tuned on the patients it is judged on. */
const ON_VITALS: readonly (readonly [name: string, baseline: Baseline, setting: Readonly<Record<string, number>>])[] = [
  ['last value (change since the hour before)', lastValue, { ahead: 1 }],
  ['EWMA chart', ewma, { lambda: 0.2, slow: 24 }],
  ['robust z, anomaly likelihood', robustZ, { window: 24, short: 3 }],
  ['PCA', pca, { components: 2, statistic: 2, slow: 24 }],
  ['AR(3)', autoregression, { order: 3, ahead: 1, own: 0 }],
]
const NEWEST = 'logistic regression on the newest values'
const SAME = 'logistic regression on the same inputs'

export interface HourlyBaselines {
  /** [stays] part of each: 0 to PARTS - 1 */
  readonly partOf: Int32Array
  /** by baseline: [stays] of [rows], larger says the event rather; a baseline that could not be fitted is not there */
  readonly scores: ReadonlyMap<string, readonly Float64Array[]>
}

/** What a benchmark asks of its logistic regressions. */
export interface LinearTask {
  /** at the last row only, instead of at every row */
  readonly lastOnly: boolean
  /** as of `fitLinear` */
  targets(stay: ClassifierStay): ArrayLike<number>
  readonly options: LinearOptions
}

/**
 * What is simpler than our networks, on the same stays: charts of vital signs, limits, NEWS2, and logistic regression on our
 * own inputs. Patients are dealt to five parts, and what has to learn learns from the other four: as in cross-validation, and
 * from patients of the very hospital that is tested, which our model may never have seen.
 * @param stays by name; with labels
 */
export function hourlyBaselines(kind: HourlyKind, stays: readonly HourlyStay[], task: LinearTask): HourlyBaselines {
  const vitals = hourlyVitals(kind)
  const columns = stays.map((stay) => vitalColumns(vitals, stay))
  const partOf = new Int32Array(stays.length)
  for (const [k, i] of random(DEALING).permutation(stays.length).entries()) partOf[i] = k % PARTS
  const scores = new Map<string, readonly Float64Array[]>()
  scores.set('fixed limits', columns.map((of) => beyondLimits(vitals, of)))
  if (stays.length < FEWEST) return { partOf, scores }
  for (const [name, baseline, setting] of ON_VITALS) {
    const byPart = Array.from({ length: PARTS }, (_, part) => baseline.fit(columns.filter((__, i) => partOf[i] !== part), setting))
    scores.set(name, columns.map((of, i) => byPart[partOf[i]!]!(of)))
  }
  learnt(kind, stays, task, partOf, scores)
  return { partOf, scores }
} // biome-ignore format: one baseline, one line

/** How far the worst vital sign is beyond its limit, as a share of the limit; below 0 inside. */
function beyondLimits(vitals: readonly HourlyVital[], columns: Columns): Float64Array {
  const values = carried(columns)
  return Float64Array.from({ length: columns.seconds }, (_, row) => {
    let worst = -1
    vitals.forEach(({ low, high, resolution }, v) => {
      const value = values[row * vitals.length + v]! * resolution
      if (high !== undefined && value / high - 1 > worst) worst = value / high - 1
      if (low !== undefined && 1 - value / low > worst) worst = 1 - value / low
    })
    return worst
  })
}

/** NEWS2 as our inputs have it, and both regressions. */
function learnt(
  kind: HourlyKind,
  stays: readonly HourlyStay[],
  { lastOnly, targets, options }: LinearTask,
  partOf: Int32Array,
  scores: Map<string, readonly Float64Array[]>,
): void {
  const { inputs, channels } = HOURLY_INPUTS[kind]
  const features = inputs.names.length
  const news = inputs.names.indexOf(lastOnly ? 'news:worst' : 'news')
  const asked = stays.map((stay): ClassifierStay => {
    const raw = rawInputs(inputs, stay)
    const from = lastOnly ? raw.length - features : 0
    return { name: stay.name, rows: (raw.length - from) / features, x: Float32Array.from(raw.subarray(from)), labels: stay.labels! }
  })
  const rowsOf = ({ rows }: ClassifierStay, of: (at: number) => number) =>
    Float64Array.from({ length: rows }, (_, row) => of(row * features))
  scores.set('NEWS2', asked.map((stay) => rowsOf(stay, (at) => stay.x[at + news]!)))
  const known = new Set(channels.map(({ name }) => (lastOnly ? `${name}:last` : name)))
  const newest = inputs.names.map((name) => known.has(name) || name === 'age')
  for (const [name, kept] of [[NEWEST, newest], [SAME, undefined]] as const) {
    const said: Float64Array[] = []
    for (let part = 0; part < PARTS; part++) {
      const others = asked.filter((_, i) => partOf[i] !== part)
      const scale = without(fitScale(inputs, others), kept)
      const weights = fitLinear(others, scale, targets, options, random(1))
      asked.forEach((stay, i) => {
        if (partOf[i] !== part) return
        const x = scaled(stay, scale)
        said[i] = rowsOf(stay, (at) => linearLogit(weights, x, at))
      })
    }
    scores.set(name, said)
  }
} // biome-ignore format: one baseline, one line

/** A scale that makes every input nothing but those kept. */
function without(scale: InputScale, kept: readonly boolean[] | undefined): InputScale {
  if (kept === undefined) return scale
  return { ...scale, scale: Array.from(scale.scale, (unit, i) => (kept[i] === true ? unit : Number.POSITIVE_INFINITY)) }
}
