import type { ClassifierManifest } from '../../vitals/classifier-manifest.ts'
import type { EveryHourOptions } from './every-hour.ts'
import type { ClassifierFitOptions } from './fit.ts'
import type { LastHourOptions } from './last-hour.ts'
import type { ClassifierShape } from './shape.ts'
import type { TrajectoryOptions } from './trajectory.ts'

/** Everything that decides what a classifier is, but for the data, the seed and the engine. */
export interface ClassifierRecipe<Lessons> {
  readonly name: string
  readonly version: string
  readonly detector: string
  /** for the card: one paragraph each */
  readonly purpose: string
  readonly notFor: string
  readonly failureModes: readonly string[]
  /** publisher of the data */
  readonly data: string
  readonly event: string
  /** when its risk is raised and when it is over; absent: it is shown, and raises nothing */
  readonly policy?: ClassifierManifest['policy']
  readonly shape: ClassifierShape
  /** networks of other seeds, whose logits are averaged */
  readonly members: number
  readonly fit: ClassifierFitOptions
  readonly lessons: Lessons
  /** parts that patients are dealt to, for the figure on patients a network never saw */
  readonly folds: number
  /** networks of each part; fewer than are shipped make a figure that is cheaper and a little too low */
  readonly foldMembers: number
}

export type SepsisRecipe = ClassifierRecipe<EveryHourOptions>
export type TrajectoryRecipe = ClassifierRecipe<TrajectoryOptions>
export type MortalityRecipe = ClassifierRecipe<LastHourOptions>
