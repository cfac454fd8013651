import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { lockFolder } from '../../inference/registry/lock.ts'
import { freeVersion } from '../../inference/registry/versions.ts'
import { trainMortality } from '../classifier/train-mortality.ts'
import { trainSepsis } from '../classifier/train-sepsis.ts'
import { trainTrajectory } from '../classifier/train-trajectory.ts'
import { trainEncdec } from '../encdec/train-encdec.ts'
import { recalibrate } from '../recalibrate.ts'
import { type TrainOptions, trainForecaster, trainRecipe } from '../train.ts'
import { trainingFolder } from '../training-folder.ts'
import { wardData } from '../ward/ward-data.ts'
import { bedside } from './bedside.ts'
import { encdec } from './encdec.ts'
import { mortality } from './mortality.ts'
import { sepsis } from './sepsis.ts'
import { trajectory } from './trajectory.ts'
import { ward } from './ward.ts'

/** A recipe trained: the folder of the version, and what was measured on the way. */
export type Train = (options: TrainOptions) => Promise<{ readonly dir: string; readonly metrics: object }>

/**
 * A training into a registry: under a version of its own, since what is registered is never replaced, and alone with the
 * model's folder until it is done. What it keeps on its way stays when it is ended, for `resume`, and goes when it is done.
 */
function registered<R extends { readonly name: string; readonly version: string }, T>(
  recipe: R,
  train: (recipe: R, options: TrainOptions) => Promise<T>,
): (options: TrainOptions) => Promise<T> {
  return async (options) => {
    const lock = await lockFolder(join(options.out, recipe.name), `the training of ${recipe.name}`)
    try {
      const version = await freeVersion(options.out, recipe.name, recipe.version)
      if (version !== recipe.version) options.log(`${recipe.name} ${recipe.version} is there: this one is ${version}`)
      const kept = trainingFolder(options.out, recipe.name)
      if (options.resume !== true) rmSync(kept, { recursive: true, force: true })
      const log = (line: string) => {
        lock.touch()
        options.log(line)
      }
      const trained = await train({ ...recipe, version }, { keep: join(kept, 'networks'), ...options, log })
      rmSync(kept, { recursive: true, force: true })
      return trained
    } finally {
      await lock.release()
    }
  }
}

/** Recipes whose graph may be kept: only what rests on how it is scored is made anew. */
export const RECALIBRATED: Readonly<
  Record<string, ((id: string, options: TrainOptions) => ReturnType<Train>) | undefined>
> = {
  bedside: (id, options) => registered(bedside, (recipe, of) => recalibrate(recipe, id, of))(options),
}

/** Every recipe of `vigil train`, by name. */
export const RECIPES: Readonly<Record<string, Train | undefined>> = {
  bedside: registered(bedside, trainRecipe),
  encdec: registered(encdec, trainEncdec),
  mortality: registered(mortality, trainMortality),
  sepsis: registered(sepsis, trainSepsis),
  trajectory: registered(trajectory, trainTrajectory),
  ward: registered(ward, (recipe, options) => trainForecaster(recipe, options, () => wardData(recipe, options))),
}
