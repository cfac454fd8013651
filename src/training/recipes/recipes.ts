import { trainMortality } from '../classifier/train-mortality.ts'
import { trainSepsis } from '../classifier/train-sepsis.ts'
import { recalibrate } from '../recalibrate.ts'
import { type TrainOptions, trainRecipe } from '../train.ts'
import { bedside } from './bedside.ts'
import { mortality } from './mortality.ts'
import { sepsis } from './sepsis.ts'

/** A recipe trained: the folder of the version, and what was measured on the way. */
export type Train = (options: TrainOptions) => Promise<{ readonly dir: string; readonly metrics: object }>

/** Recipes whose graph may be kept: only what rests on how it is scored is made anew. */
export const RECALIBRATED: Readonly<
  Record<string, ((id: string, options: TrainOptions) => ReturnType<Train>) | undefined>
> = {
  bedside: (id, options) => recalibrate(bedside, id, options),
}

/** Every recipe of `vigil train`, by name. */
export const RECIPES: Readonly<Record<string, Train | undefined>> = {
  bedside: (options) => trainRecipe(bedside, options),
  mortality: (options) => trainMortality(mortality, options),
  sepsis: (options) => trainSepsis(sepsis, options),
}
