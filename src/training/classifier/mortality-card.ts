import type { Interval } from '../../evaluation/metrics/bootstrap.ts'
import type { CalibrationTenth } from '../../evaluation/metrics/calibration.ts'
import type { ClassifierManifest } from '../../vitals/classifier-manifest.ts'
import { calibrationTable, classifierSections, figure, markdownTable } from './card.ts'
import type { MortalityRecipe } from './recipe.ts'

export interface MortalityFigures {
  readonly event1: number
  readonly interval: Interval
  readonly auroc: number
  readonly auprc: number
}

/** metrics.json: what was measured while the model was made, on stays of set b that the network in question had not seen. */
export interface MortalityMetrics {
  readonly patients: number
  readonly deaths: number
  readonly figures: Readonly<Record<'network' | 'single' | 'linear' | 'news', MortalityFigures>>
  readonly calibration: readonly CalibrationTenth[]
  /** [M][H] memory half-lives of the shipped networks' units, hours */
  readonly halfLives: readonly (readonly number[])[]
  /** of this run; networks kept from an earlier one took none of it */
  readonly seconds: number
}

const ROWS = {
  network: 'mean logit of the networks',
  single: 'one network',
  linear: 'logistic regression on the same inputs',
  news: 'highest NEWS2 of five vital signs in 48 hours',
} as const

/** The model card, Markdown. */
export function mortalityCard(
  recipe: MortalityRecipe,
  manifest: ClassifierManifest,
  metrics: MortalityMetrics,
): string {
  const rows = Object.entries(metrics.figures).map(([name, it]) => [
    ROWS[name as keyof typeof ROWS],
    figure(it.event1, it.interval),
    it.auroc.toFixed(3),
    it.auprc.toFixed(3),
  ])
  return classifierSections(
    recipe,
    manifest,
    [
      '## Figures',
      `On the ${metrics.patients} stays of set b (${metrics.deaths} deaths). The shipped networks were trained on sets a and b; the figures are those of others, trained on set a alone: set b was unseen by them and by their normaliser. The recipe was chosen on it, so take the figure as a little too good (about a hundredth). Event 1 of the PhysioNet/CinC Challenge 2012 is the lesser of sensitivity and positive predictivity; the threshold of each quarter comes from the other three. 95 % intervals over patients. Set c was not looked at.`,
      markdownTable(['what', 'Event 1', 'AUROC', 'AUPRC'], rows),
      'The shipped threshold lets as many be predicted to die as died in set b, by the logits of networks that had not seen them. The probability is a logistic function of the logit, fitted on the same; by tenths of it:',
      calibrationTable(metrics.calibration),
    ],
    metrics.halfLives,
  )
}
