import type { Interval } from '../../evaluation/metrics/bootstrap.ts'
import type { ClassifierManifest } from '../../vitals/classifier-manifest.ts'
import { classifierSections, figure, markdownTable } from './card.ts'
import type { TrajectoryRecipe } from './recipe.ts'
import { HEADINGS } from './trajectory.ts'

export interface MeasuredFigure {
  readonly value: number
  readonly interval: Interval
}

/** metrics.json: what was measured on the labelled hours of set b by networks of set a. */
export interface TrajectoryMetrics {
  readonly patients: number
  readonly hours: number
  /** of each heading */
  readonly shares: readonly number[]
  /** network, perceptron, base -> nats, auroc (mean of the three), and each heading's own area */
  readonly figures: Readonly<Record<string, Readonly<Record<string, MeasuredFigure>>>>
  /** [M][H] memory half-lives of the shipped networks' units, hours */
  readonly halfLives: readonly (readonly number[])[]
  /** of this run; networks kept from an earlier one took none of it */
  readonly seconds: number
}

const ROWS = {
  network: 'the networks, mean logit',
  perceptron: "a softmax on the hour's own inputs",
  base: 'shares in set a',
} as const

/** The model card, Markdown. */
export function trajectoryCard(recipe: TrajectoryRecipe, manifest: ClassifierManifest, metrics: TrajectoryMetrics): string {
  const { hours, change } = recipe.lessons
  const rows = Object.entries(ROWS).map(([name, words]) => {
    const of = metrics.figures[name]!
    return [words, ...['nats', 'auroc', ...HEADINGS].map((measure) => figure(of[measure]!.value, of[measure]!.interval))]
  })
  const shares = HEADINGS.map((heading, n) => `${heading} ${(100 * metrics.shares[n]!).toFixed(1)} %`).join(', ')
  return classifierSections(recipe, manifest, [
    '## Labels',
    `Every hour with ${hours} hours on either side: the mean of NEWS2 (the vital signs that are known, the newest value of each) over the ${hours} hours that follow, less its mean over the ${hours} hours up to now. At most -${change}: improving; at least ${change}: worsening; else stable. What is not measured again counts as unchanged. In set b: ${shares}.`,
    '## Figures',
    `On ${metrics.hours} hours of the ${metrics.patients} stays of set b. The shipped networks were trained on sets a and b; the figures are those of others, trained on set a alone. Nats an hour (lower is better), and areas under the curve of each heading against the other two; 95 % intervals over patients. A high score falls and a low one rises by itself: much of any area is that, and the softmax on the hour's own inputs has it too.`,
    markdownTable(['what', 'nats', 'mean AUROC', ...HEADINGS], rows),
  ], metrics.halfLives)
} // biome-ignore format: the signature
