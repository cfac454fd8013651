import type { InputScale } from '../../inference/hourly/inputs.ts'
import { random } from '../../random.ts'
import type { TrainOptions } from '../train.ts'
import type { ClassifierStay } from './cohort.ts'
import { fitClassifier } from './fit.ts'
import { type FittedMember, keptOr } from './kept.ts'
import type { ClassifierRecipe } from './recipe.ts'

/** What networks are taught from some patients, their inputs scaled. */
export type LessonsOf = (of: readonly ClassifierStay[], scale: InputScale) => Parameters<typeof fitClassifier>[2]

/**
 * Fits the networks of a recipe, each from randomness of its own, or takes those that were finished before.
 * @returns fits `count` networks on some patients; `label` names them in the log and among the finished ones, `salt` keeps
 *   their randomness apart from that of others
 */
export function memberFits(
  recipe: ClassifierRecipe<unknown>,
  { seed, log, keep, epochs = recipe.fit.epochs }: TrainOptions,
  { dataSha256, timed, lessonsOf }: { dataSha256: string; timed: () => number; lessonsOf: LessonsOf },
) {
  return async (
    of: readonly ClassifierStay[],
    scale: InputScale,
    label: string,
    salt: number,
    count: number,
  ): Promise<FittedMember[]> => {
    const lessons = lessonsOf(of, scale)
    const fitted: FittedMember[] = []
    for (let member = 0; member < count; member++) {
      const key = [recipe.name, recipe.shape, recipe.fit, recipe.lessons, epochs, dataSha256, label, seed, member]
      const fit = () =>
        fitClassifier(recipe.shape, { ...recipe.fit, epochs }, lessons, random(seed * 1000 + salt * 10 + member))
      fitted.push(await keptOr(keep, key, recipe.shape, fit))
      log(`${label}, network ${member + 1} of ${count}: ${fitted[member]!.updates} updates, ${timed()} s`)
    }
    return fitted
  }
}
