import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ModelBundle, openModel } from '../inference/model-store.ts'
import { readOnnx } from '../onnx/read.ts'
import type { TrainingEngineName } from '../training/engine.ts'
import type { TrainingMetrics } from '../training/metrics.ts'
import { staysInMemory } from '../training/named-stays.ts'
import type { Weights } from '../training/network.ts'
import { graphWeights } from '../training/onnx/weights.ts'
import type { Recipe } from '../training/recipe.ts'
import { bedside } from '../training/recipes/bedside.ts'
import { type FittedForecaster, fitForecaster } from '../training/train.ts'
import type { GateVerdict } from '../vitals/gate-verdict.ts'
import type { ModelManifest } from '../vitals/manifest.ts'
import type { Window } from './window.ts'

/** How a challenger is trained. */
export interface ChallengerOptions {
  readonly engine: TrainingEngineName
  readonly seed: number
  /** of a training from scratch; going on from the champion takes half as many */
  readonly epochs?: number
  readonly log: (line: string) => void
}

/** A trained model that is not registered yet. */
export interface Challenger {
  readonly bundle: ModelBundle
  readonly metrics: TrainingMetrics
  readonly card: string
}

/** Going on from weights that are good already: a fifth of the rate, half of the epochs. */
const FURTHER = { rate: 0.2, epochs: 0.5 }
/** a window has many patients: each is shown once an epoch, varied */
const COPIES = 1

/**
 * Train on a window twice, from the champion's weights and from scratch, and keep the one that foresees the validation
 * patients better.
 * @throws VigilError provider-unavailable, training-failed
 */
export async function trainChallenger(
  champion: ModelBundle,
  version: string,
  window: Window,
  { engine, seed, log, ...options }: ChallengerOptions,
): Promise<{ readonly challenger: Challenger; readonly candidates: GateVerdict['candidates'] }> {
  const recipe = recipeFrom(champion.manifest, version, window)
  const epochs = options.epochs ?? recipe.fit.epochs
  const less = Math.max(recipe.fit.validateEvery, Math.round(epochs * FURTHER.epochs))
  const { normaliser } = champion.manifest
  const { stays, sha256 } = window
  const tries = [
    { from: 'champion', units: normaliser, recipe: further(recipe, weightsIn(champion)), epochs: less },
    { from: 'scratch', units: undefined, recipe, epochs },
  ] as const
  const out = await mkdtemp(join(tmpdir(), 'vigil-challenger-'))
  try {
    const fits: (FittedForecaster & { readonly from: 'champion' | 'scratch' })[] = []
    for (const it of tries) {
      log(`training from ${it.from === 'champion' ? "the champion's weights" : 'scratch'}`)
      const training = { dataDirs: [], out, engine, seed, epochs: it.epochs, log }
      const data = async () => staysInMemory(it.recipe, stays, sha256, it.units)
      fits.push({ from: it.from, ...(await fitForecaster(it.recipe, training, data)) })
    }
    const best = fits.reduce((a, b) => (a.validation <= b.validation ? a : b))
    const { metrics } = await best.finish()
    const bundle = await openModel(out, `${recipe.name}@${recipe.version}`)
    const card = await readFile(join(bundle.dir, 'card.md'), 'utf8')
    const candidates = fits.map(({ from, validation }) => ({ from, validation, chosen: from === best.from }))
    return { challenger: { bundle, metrics, card }, candidates }
  } finally {
    await rm(out, { recursive: true, force: true })
  }
}

/** What the champion is: sizes, channels, horizons and policy stay, so that only the weights are new. */
function recipeFrom(champion: ModelManifest, version: string, { stays, from, to }: Window): Recipe {
  const { graph, features, normaliser } = champion
  const names = (part: keyof Window['stays']) => stays[part].map(({ name }) => name)
  const { variations } = bedside.augmentation
  return {
    ...bedside,
    name: champion.name,
    version,
    detector: champion.detector,
    data: `recordings of the ward, ${new Date(from).toISOString()} to ${new Date(to).toISOString()}`,
    grid: champion.grid,
    channels: champion.channels,
    horizons: champion.horizons,
    hidden: graph.hidden,
    layers: graph.layers,
    clip: normaliser.clip,
    maxAgeSeconds: features.maxAgeSeconds,
    trendSeconds: features.trendSeconds,
    warmupSteps: champion.warmupSteps,
    policy: champion.policy,
    split: {
      train: names('train'),
      validation: names('validation'),
      calibration: names('calibration'),
      test: names('test'),
    },
    augmentation: {
      ...bedside.augmentation,
      variations: variations
        .map((it) => ({ ...it, channels: it.channels.filter((name) => champion.channels.includes(name)) }))
        .filter(({ channels }) => channels.length > 0),
    },
    copies: COPIES,
  }
}

const further = (recipe: Recipe, from: Weights): Recipe => ({
  ...recipe,
  fit: { ...recipe.fit, from, peakRate: recipe.fit.peakRate * FURTHER.rate },
})

function weightsIn({ manifest, onnx }: ModelBundle): Weights {
  const { graph, channels, horizons } = manifest
  const shape = { ...graph, channels: channels.length, horizons: horizons.length }
  return graphWeights(shape, graph.form, readOnnx(onnx))
}
