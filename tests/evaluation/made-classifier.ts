import { HOURLY_INPUTS } from '../../src/inference/hourly/kinds.ts'
import type { ModelBundle } from '../../src/inference/model-store.ts'
import { random } from '../../src/random.ts'
import { classifierManifest, classifierMetadata } from '../../src/training/classifier/bundle.ts'
import { firstClassifier } from '../../src/training/classifier/shape.ts'
import { exportClassifier } from '../../src/training/onnx/export-classifier.ts'
import { mortality } from '../../src/training/recipes/mortality.ts'
import { sepsis } from '../../src/training/recipes/sepsis.ts'
import type { ClassifierManifest } from '../../src/vitals/classifier-manifest.ts'

const RECIPES = { 'sepsis-hour': sepsis, 'icu-48h': mortality } as const

/** An untrained model of the shipped shape (two members of it), exported by the trainer's own writer. */
export async function madeClassifier(kind: 'sepsis-hour' | 'icu-48h'): Promise<ModelBundle<ClassifierManifest>> {
  const recipe = { ...RECIPES[kind], members: 2 }
  const { inputs } = HOURLY_INPUTS[kind]
  const members = [1, 2].map((seed) => firstClassifier(recipe.shape, 1, random(seed)))
  const features = inputs.names.length
  const x = Float32Array.from({ length: 8 * features }, random(3).normal)
  const { onnx, golden } = await exportClassifier(recipe.shape, members, x, 8, classifierMetadata(recipe, { kind }))
  const manifest = classifierManifest(recipe, {
    kind,
    // the sizes of raw values: logits that move with the patient
    scale: { centre: inputs.fitted.map((fits) => (fits ? 40 : 0)), scale: inputs.fitted.map((fits) => (fits ? 40 : 1)), clip: 4 },
    asked: kind === 'sepsis-hour' ? 'every-row' : 'last-row',
    threshold: 0,
    slope: 1.5,
    intercept: -1,
    clock: [[5, 12]],
    onnx,
    seed: 1,
    dataSha256: '0'.repeat(64),
    patients: 1,
    updates: 1,
    engine: 'none',
  }) // biome-ignore format: what the recipe does not know
  return { dir: 'made', manifest, golden, onnx }
}
