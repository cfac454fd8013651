import { type Interval, patientBootstrap } from '../metrics/bootstrap.ts'

/** A measure of one trained network on test patients, each as often as it was drawn. */
export type Drawn = (times: ArrayLike<number>) => number

/** What one variant reaches, averaged over its seeds. */
export interface VariantFigure {
  readonly mean: number
  /** 95 %, patients drawn with replacement */
  readonly interval: Interval
  readonly seeds: readonly number[]
  /** less the reference's on the same draws of patients */
  readonly aboveReference: { readonly mean: number; readonly interval: Interval }
}

export interface Comparison {
  readonly task: string
  readonly trainPatients: number
  readonly testPatients: number
  readonly reference: string
  /** measure -> variant -> figure */
  readonly measures: Readonly<Record<string, Readonly<Record<string, VariantFigure>>>>
  /** variant -> mean seconds of one training */
  readonly seconds: Readonly<Record<string, number>>
}

const REPEATS = 400

/**
 * Variants side by side. Every interval draws the same patients, so that differences are paired.
 * @param measured variant -> one for each seed
 */
export function figuresOf(
  measured: ReadonlyMap<string, readonly Drawn[]>,
  patients: number,
  reference: string,
): Record<string, VariantFigure> {
  const once = new Uint8Array(patients).fill(1)
  const mean = (of: readonly Drawn[], times: ArrayLike<number>) =>
    of.reduce((sum, drawn) => sum + drawn(times), 0) / of.length
  const anchor = measured.get(reference)!
  return Object.fromEntries(
    [...measured].map(([name, of]) => {
      const above: Drawn = (times) => mean(of, times) - mean(anchor, times)
      const figure: VariantFigure = {
        mean: mean(of, once),
        interval: patientBootstrap(patients, (times) => mean(of, times), REPEATS),
        seeds: of.map((drawn) => drawn(once)),
        aboveReference: { mean: above(once), interval: patientBootstrap(patients, above, REPEATS) },
      }
      return [name, figure]
    }),
  )
}

/** For people: a line a variant, a column a measure. */
export function comparisonTable(comparison: Comparison): string {
  const { task, measures, reference, trainPatients, testPatients, seconds } = comparison
  const columns = Object.keys(measures)
  const names = Object.keys(measures[columns[0]!]!)
  const line = (head: string, cells: readonly string[]) =>
    [head.padEnd(14), ...cells.map((cell) => cell.padStart(32))].join('').trimEnd()
  const short = (value: number) => value.toFixed(3)
  const cell = (name: string, measure: string) => {
    const { mean, interval, aboveReference } = measures[measure]![name]!
    const against = name === reference ? '' : ` (${aboveReference.mean > 0 ? '+' : ''}${short(aboveReference.mean)})`
    return `${short(mean)} [${interval.map(short).join(', ')}]${against}`
  }
  return [
    `${task}: ${trainPatients} patients learnt from, ${testPatients} tested; in brackets the difference from ${reference}`,
    line('', [...columns, 'seconds a training']),
    ...names.map((name) => line(name, [...columns.map((measure) => cell(name, measure)), seconds[name]!.toFixed(0)])),
    '',
  ].join('\n')
}
