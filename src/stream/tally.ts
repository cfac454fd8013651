import { AGREEMENTS, SCORE_BUCKETS, type Tallied } from '../vitals/tallied.ts'

const empty = (): Tallied => ({
  frames: 0,
  due: 0,
  forecasts: 0,
  broken: 0,
  onsets: 0,
  raised: 0,
  scores: Array(SCORE_BUCKETS.length + 1).fill(0),
  scoreSum: 0,
  steps: 0,
  stepSeconds: 0,
  beside: { neither: 0, champion: 0, shadow: 0, both: 0 },
})

/** Counts what one model version does, for whoever compares it with another. */
export class Tally {
  #of = empty()

  /** @param p [K] chances of a frame, NaN where no forecast was due */
  scored(p: Float64Array, raised: boolean, before: boolean): void {
    const of = this.#of
    of.frames++
    if (raised) of.raised++
    if (raised && !before) of.onsets++
    let least = Number.POSITIVE_INFINITY
    for (let k = 0; k < p.length; k++) if (p[k]! < least) least = p[k]!
    if (least === Number.POSITIVE_INFINITY) return
    const score = -Math.log10(least)
    let bucket = 0
    while (bucket < SCORE_BUCKETS.length && score > SCORE_BUCKETS[bucket]!) bucket++
    of.due++
    of.scores[bucket]!++
    of.scoreSum += score
  }

  /** @param finite whether all values of the forecast are numbers */
  forecast(finite: boolean): void {
    this.#of.forecasts++
    if (!finite) this.#of.broken++
  }

  stepped(seconds: number): void {
    this.#of.steps++
    this.#of.stepSeconds += seconds
  }

  /** Of a version in shadow: a frame that both scored. */
  beside(champion: boolean, shadow: boolean): void {
    this.#of.beside[AGREEMENTS[(champion ? 1 : 0) + (shadow ? 2 : 0)]!]++
  }

  /** What was counted since the last call. */
  take(): Tallied {
    const of = this.#of
    this.#of = empty()
    return of
  }
}

/** What was counted in two spans together. */
export function together(a: Tallied, b: Tallied): Tallied {
  const sum = <K extends string>(x: Readonly<Record<K, number>>, y: Readonly<Record<K, number>>, names: readonly K[]) =>
    Object.fromEntries(names.map((name) => [name, x[name] + y[name]])) as Record<K, number>
  return {
    ...sum(a, b, COUNTS),
    scores: a.scores.map((count, i) => count + b.scores[i]!),
    beside: sum(a.beside, b.beside, AGREEMENTS),
  }
}

const COUNTS = [
  'frames',
  'due',
  'forecasts',
  'broken',
  'onsets',
  'raised',
  'scoreSum',
  'steps',
  'stepSeconds',
] as const satisfies readonly (keyof Tallied)[]
