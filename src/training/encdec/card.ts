import type { ReconstructorManifest } from '../../vitals/reconstructor-manifest.ts'
import { halfLifeQuantiles } from '../card.ts'
import type { LearningPoint } from '../learning-curve.ts'
import { learningCurve } from '../learning-curve.ts'
import type { TranslationRecipe } from './recipe.ts'

/** metrics.json: what was measured while the model was made. Errors are half a squared error per observed value. */
export interface EncdecMetrics {
  /** on test windows, beside a perceptron that reconstructs the window from its newest frame */
  readonly heldOutError: { readonly network: number; readonly newestFrame: number }
  readonly testWindows: number
  /** share of the test windows at or above the shipped threshold */
  readonly testAboveThreshold: number
  readonly calibrationWindows: number
  /** [H] of the encoder's units, ticks */
  readonly halfLives: readonly number[]
  readonly learning: readonly LearningPoint[]
  readonly seconds: number
}

/** The model card, Markdown (after Mitchell et al., arXiv 1810.03993). */
export function encdecCard(recipe: TranslationRecipe, manifest: ReconstructorManifest, metrics: EncdecMetrics): string {
  const { training, graph, window, stride, score, channels } = manifest
  const { network, newestFrame } = metrics.heldOutError
  const parts = (['train', 'validation', 'calibration', 'test'] as const).map((part) => `${part}: ${training.split[part].join(', ')}`) // biome-ignore format: one line
  const sections = [
    `# ${manifest.name} ${manifest.version}`,
    `**Purpose.** ${recipe.purpose}`,
    `**Not for.** ${recipe.notFor}`,
    '## Data',
    `${training.data}, ${channels.join(', ')}, one frame every ${manifest.grid.cadenceSeconds} s through the grid that serves. Split by patient, as the bedside model's; hash of the files \`${training.dataSha256.slice(0, 16)}\`.`,
    parts.map((part) => `* ${part}`).join('\n'),
    '## What it does',
    `An LSTM of ${graph.hidden} units reads ${window} frames; a second one, begun at its last state, says them again, the newest first, reading nothing but its own answers (EncDec-AD, Malhotra et al., arXiv 1607.00148). Every ${stride} frames the window is looked at anew. The score is the squared Mahalanobis distance of a frame's absolute errors per observed channel, averaged over the newest ${score.scored} frames; mean and covariance come from validation and calibration patients.`,
    `The shipped threshold, ${score.threshold.toFixed(2)}, is reached by ${(100 * score.share).toFixed(1)} % of the ${metrics.calibrationWindows} calibration windows, and by ${(100 * metrics.testAboveThreshold).toFixed(1)} % of the ${metrics.testWindows} test windows.`,
    '## Held-out error',
    `Half the squared error per value, normalised, on the test windows: ${network.toFixed(4)}; a perceptron that says the whole window from its newest frame: ${newestFrame.toFixed(4)}. Validation chose when to stop. As a detector: \`vigil evaluate faults\`, [figures](../../../docs/training.md#translation-an-encoder-decoder).`,
    '## Network',
    `${graph.parameters} parameters, ${training.updates} updates in plain doubles, seed ${training.seed}. Graph \`${graph.sha256.slice(0, 16)}\` as ${graph.form}: one call has encoder, decoder and errors in it; its state is the window. Held against the equations in double precision.`,
    `Memory half-lives of the encoder's units (ln 2 / -ln of the mean forget gate), ticks: ${halfLifeQuantiles(metrics.halfLives)}.`,
    'Learning curve, half a squared error per value: train on varied stays (dashed), validation (solid).',
    learningCurve(metrics.learning),
    `Made by \`vigil train ${recipe.name} --data DIR --seed ${training.seed}\`.`,
    '## Known failure modes',
    recipe.failureModes.map((mode) => `* ${mode}`).join('\n'),
  ]
  return `${sections.join('\n\n')}\n`
}
