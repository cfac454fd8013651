import type { Interval } from '../../evaluation/metrics/bootstrap.ts'
import type { CalibrationTenth } from '../../evaluation/metrics/calibration.ts'
import type { ClassifierManifest } from '../../vitals/classifier-manifest.ts'
import { calibrationTable, classifierSections, figure, markdownTable } from './card.ts'
import type { SepsisRecipe } from './recipe.ts'

export interface SepsisFigures {
  readonly utility: number
  readonly interval: Interval
  readonly auroc: number
  readonly auprc: number
}

/** metrics.json: what was measured while the model was made, on patients that the network in question had not seen. */
export interface SepsisMetrics {
  readonly patients: number
  readonly septic: number
  readonly hours: number
  readonly crossValidated: Readonly<Record<'network' | 'single' | 'linear' | 'news' | 'clock', SepsisFigures>>
  /** utility of the network less that of the other, same patients, 95 % */
  readonly above: Readonly<Record<'linear' | 'clock', Interval>>
  /** the network alone, fold by fold */
  readonly folds: readonly SepsisFigures[]
  readonly calibration: readonly CalibrationTenth[]
  /** [M][H] memory half-lives of the shipped networks' units, hours */
  readonly halfLives: readonly (readonly number[])[]
  /** of this run; networks kept from an earlier one took none of it */
  readonly seconds: number
}

const ROWS = {
  network: 'the networks, mean logit',
  single: 'one network',
  linear: 'logistic regression on the same inputs, no memory',
  news: 'NEWS2 of five vital signs, level chosen on training patients',
  clock: 'the clock alone',
} as const

/** The model card, Markdown. */
export function sepsisCard(recipe: SepsisRecipe, manifest: ClassifierManifest, metrics: SepsisMetrics): string {
  const one = recipe.foldMembers === 1
  const shown = Object.entries(metrics.crossValidated).filter(([name]) => !(one && name === 'network'))
  const rows = shown.map(([name, it]) => [
    ROWS[name as keyof typeof ROWS],
    figure(it.utility, it.interval),
    it.auroc.toFixed(3),
    it.auprc.toFixed(3),
  ])
  const folds = metrics.folds.map((fold) => `${fold.utility.toFixed(3)} / ${fold.auroc.toFixed(3)}`).join(', ')
  return classifierSections(
    recipe,
    manifest,
    [
      '## Figures',
      `${metrics.patients} patients, ${metrics.septic} septic, ${metrics.hours} hours. The shipped networks were trained on all of them; the figures are those of others, ${recipe.foldMembers} for each of ${recipe.folds} parts of the patients, which they, their normaliser and the baselines' thresholds had not seen. Utility of the PhysioNet/CinC Challenge 2019, 0 = silence, 1 = the best possible; 95 % intervals over patients. The recipe was chosen on these patients, so take the figure as a little too good (about a hundredth).`,
      markdownTable(['what', 'utility', 'AUROC', 'AUPRC'], rows),
      `Above the clock by ${metrics.above.clock.map((end) => end.toFixed(3)).join(' to ')}, above logistic regression by ${metrics.above.linear.map((end) => end.toFixed(3)).join(' to ')} (paired, 95 %). Fold by fold, utility / AUROC: ${folds}.`,
      'An alarm is raised at a logit of 0: the loss is weighted by what an alarm earns, so no threshold was tuned. The probability is a logistic function of the logit, fitted on the held-out hours; by tenths of it:',
      calibrationTable(metrics.calibration),
    ],
    metrics.halfLives,
  )
}
