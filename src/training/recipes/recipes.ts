import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { trainMortality } from '../classifier/train-mortality.ts'
import { trainSepsis } from '../classifier/train-sepsis.ts'
import { type TrainOptions, trainForecaster, trainRecipe } from '../train.ts'
import { asOnlyTrainer, trainingFolder } from '../trainer-lock.ts'
import { wardData } from '../ward/ward-data.ts'
import { bedside } from './bedside.ts'
import { mortality } from './mortality.ts'
import { sepsis } from './sepsis.ts'
import { ward } from './ward.ts'

/** A recipe trained: the folder of the version, and what was measured on the way. */
export type Train = (options: TrainOptions) => Promise<{ readonly dir: string; readonly metrics: object }>

/** Every recipe of `vigil train`, by name. */
export const RECIPES: Readonly<Record<string, Train | undefined>> = {
  bedside: alone(bedside.name, (options) => trainRecipe(bedside, options)),
  mortality: alone(mortality.name, (options) => trainMortality(mortality, options)),
  sepsis: alone(sepsis.name, (options) => trainSepsis(sepsis, options)),
  ward: alone(ward.name, (options) => trainForecaster(ward, options, () => wardData(ward, options))),
}

/** One trainer a model at a time; what it keeps on its way is there for `resume`, and only for that. */
function alone(name: string, train: Train): Train {
  return (options) => {
    const folder = trainingFolder(options.out, name)
    const networks = join(folder, 'networks')
    return asOnlyTrainer(folder, () => {
      if (options.resume !== true) {
        for (const old of [networks, join(folder, 'checkpoint')]) rmSync(old, { recursive: true, force: true })
      }
      return train({ keep: networks, ...options })
    })
  }
}
