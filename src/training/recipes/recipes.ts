import { trainMortality } from '../classifier/train-mortality.ts'
import { trainSepsis } from '../classifier/train-sepsis.ts'
import { trainTrajectory } from '../classifier/train-trajectory.ts'
import { trainEncdec } from '../encdec/train-encdec.ts'
import { type TrainOptions, trainRecipe } from '../train.ts'
import { bedside } from './bedside.ts'
import { encdec } from './encdec.ts'
import { mortality } from './mortality.ts'
import { sepsis } from './sepsis.ts'
import { trajectory } from './trajectory.ts'

/** A recipe trained: the folder of the version, and what was measured on the way. */
export type Train = (options: TrainOptions) => Promise<{ readonly dir: string; readonly metrics: object }>

/** Every recipe of `vigil train`, by name. */
export const RECIPES: Readonly<Record<string, Train | undefined>> = {
  bedside: (options) => trainRecipe(bedside, options),
  encdec: (options) => trainEncdec(encdec, options),
  mortality: (options) => trainMortality(mortality, options),
  sepsis: (options) => trainSepsis(sepsis, options),
  trajectory: (options) => trainTrajectory(trajectory, options),
}
