import type { HourlyInputs, InputScale } from '../../inference/hourly/inputs.ts'
import { random } from '../../random.ts'
import { type ClassifierStay, fitScale } from '../../training/classifier/cohort.ts'
import { type ClassifierFitOptions, fitClassifier } from '../../training/classifier/fit.ts'
import type { ClassifierShape, ClassifierWeights } from '../../training/classifier/shape.ts'
import { type Comparison, type Drawn, figuresOf } from './comparison.ts'
import type { Variant } from './variants.ts'

/** A labelled task on hourly rows whose first inputs are V values, V masks and V ages. */
export interface HourlyTask {
  readonly name: string
  readonly inputs: Pick<HourlyInputs, 'names' | 'fitted'>
  /** V */
  readonly series: number
  readonly train: readonly ClassifierStay[]
  readonly test: readonly ClassifierStay[]
  readonly fit: ClassifierFitOptions
  lessons(shape: ClassifierShape, scale: InputScale, stays: readonly ClassifierStay[]): Parameters<typeof fitClassifier>[2]
  /** what a network reaches on the test stays: measure -> value of drawn patients */
  judge(shape: ClassifierShape, scale: InputScale, weights: ClassifierWeights, test: readonly ClassifierStay[]): Record<string, Drawn>
} // biome-ignore format: one function a line

export interface CompareOptions {
  readonly seeds: number
  readonly hidden: number
  readonly epochs?: number
  readonly log: (line: string) => void
}

/**
 * The same task, split, inputs, updates and loop for every variant; only the cell and what it may see differ.
 * @param reference variant that the others are held against
 */
export function compareHourly(
  task: HourlyTask,
  variants: readonly Variant[],
  reference: string,
  { seeds, hidden, epochs = task.fit.epochs, log }: CompareOptions,
): Comparison {
  const inputs = task.inputs.names.length
  const measured = new Map<string, Map<string, Drawn[]>>()
  const seconds: Record<string, number> = {}
  for (const variant of variants) {
    const blank = (stay: ClassifierStay) => blanked(stay, variant.without ?? [], task.series)
    const [train, test] = [task.train.map(blank), task.test.map(blank)]
    const scale = fitScale(task.inputs, train)
    const shape: ClassifierShape = {
      inputs,
      sequence: inputs,
      front: 0,
      cell: variant.cell,
      hidden: variant.cell === 'none' ? inputs : hidden,
      back: 0,
      ...(variant.decay === true ? { decay: task.series } : {}),
    }
    const began = performance.now()
    for (let seed = 1; seed <= seeds; seed++) {
      const lessons = task.lessons(shape, scale, train)
      const { weights } = fitClassifier(shape, { ...task.fit, epochs }, lessons, random(seed))
      const found = Object.entries(task.judge(shape, scale, weights, test))
      for (const [measure, drawn] of found) {
        const of = measured.get(measure) ?? new Map<string, Drawn[]>()
        measured.set(measure, of.set(variant.name, [...(of.get(variant.name) ?? []), drawn]))
      }
      const once = new Uint8Array(test.length).fill(1)
      const words = found.map(([measure, drawn]) => `${measure} ${drawn(once).toFixed(4)}`).join(', ')
      log(`${task.name}, ${variant.name}, seed ${seed}: ${words}`)
    }
    seconds[variant.name] = (performance.now() - began) / 1000 / seeds
  }
  const measures = [...measured].map(([measure, of]) => [measure, figuresOf(of, task.test.length, reference)] as const)
  return {
    task: task.name,
    trainPatients: task.train.length,
    testPatients: task.test.length,
    reference,
    measures: Object.fromEntries(measures),
    seconds,
  }
}

const BLOCKS = { masks: 1, ages: 2 } as const

/** The stay with some blocks of its inputs always 0. */
function blanked(stay: ClassifierStay, without: readonly (keyof typeof BLOCKS)[], series: number): ClassifierStay {
  if (without.length === 0) return stay
  const x = stay.x.slice()
  const width = x.length / stay.rows
  for (const block of without) {
    for (let at = BLOCKS[block] * series; at < x.length; at += width) x.fill(0, at, at + series)
  }
  return { ...stay, x }
}
