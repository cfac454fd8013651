import { createHash } from 'node:crypto'
import { HOURLY_INPUTS } from '../../inference/hourly/kinds.ts'
import { VERSION } from '../../version.ts'
import { CHANNELS } from '../../vitals/channels.ts'
import { CLASSIFIER_MANIFEST_VERSION, type ClassifierManifest } from '../../vitals/classifier-manifest.ts'
import { sha256 } from '../bundle.ts'
import type { HourlyStay } from '../cohorts/stay.ts'
import { OPSET } from '../onnx/graph.ts'
import type { ClassifierRecipe } from './recipe.ts'
import { classifierParameters, steppedCell } from './shape.ts'

/** What a recipe does not know before it was trained. */
export interface Made {
  readonly kind: ClassifierManifest['inputs']['kind']
  readonly scale: { readonly centre: readonly number[]; readonly scale: readonly number[]; readonly clip: number }
  readonly asked: ClassifierManifest['outcome']['asked']
  /** a logit each, by softmax; absent: one logit */
  readonly classes?: readonly string[]
  readonly threshold: number
  readonly slope: number
  readonly intercept: number
  readonly clock: ClassifierManifest['outcome']['clock']
  readonly onnx: Uint8Array
  readonly seed: number
  readonly dataSha256: string
  readonly patients: number
  readonly updates: number
  readonly engine: string
}

export function classifierManifest(recipe: ClassifierRecipe<unknown>, made: Made): ClassifierManifest {
  const { shape, members } = recipe
  const { channels } = HOURLY_INPUTS[made.kind]
  const builtIn = new Set(CHANNELS.map(({ name }) => name))
  return {
    manifestVersion: CLASSIFIER_MANIFEST_VERSION,
    task: 'classify',
    name: recipe.name,
    version: recipe.version,
    detector: recipe.detector,
    createdBy: `vigil ${VERSION}`,
    graph: {
      file: 'model.onnx',
      sha256: sha256(made.onnx),
      form: 'plain-products',
      opset: OPSET,
      features: shape.inputs,
      cell: steppedCell(shape.cell),
      hidden: shape.hidden,
      members,
      parameters: members * classifierParameters(shape),
    },
    grid: { cadenceSeconds: 3600, latenessSeconds: 0 },
    declares: channels.filter(({ name }) => !builtIn.has(name)),
    channels: channels.map(({ name }) => name),
    inputs: {
      kind: made.kind,
      centre: [...made.scale.centre],
      scale: [...made.scale.scale],
      clip: made.scale.clip,
    },
    outcome: {
      event: recipe.event,
      asked: made.asked,
      ...(made.classes === undefined ? {} : { classes: [...made.classes] }),
      threshold: made.threshold,
      slope: made.slope,
      intercept: made.intercept,
      clock: made.clock,
    },
    ...(recipe.policy && { policy: recipe.policy }),
    training: {
      recipe: recipe.name,
      seed: made.seed,
      data: recipe.data,
      dataSha256: made.dataSha256,
      patients: made.patients,
      updates: made.updates,
      engine: made.engine,
    },
  }
}

/** metadata_props of the graph: enough to tell what a file is that lost its manifest. */
export function classifierMetadata(
  recipe: ClassifierRecipe<unknown>,
  made: Pick<Made, 'kind'>,
): Record<string, string> {
  return {
    name: recipe.name,
    version: recipe.version,
    channels: HOURLY_INPUTS[made.kind].channels.map(({ name }) => name).join(','),
    inputs: made.kind,
    cadence_seconds: '3600',
    data: recipe.data,
    intended_use: 'research-advisory',
  }
}

/** Of every stay's name, rows, readings and labels, in the order of names: the same for an archive and for loose files. */
export function cohortSha256(stays: readonly HourlyStay[]): string {
  const hash = createHash('sha256')
  for (const { name, from, channels, values, labels } of stays) {
    hash.update(`${name}\n`)
    for (const part of [from, channels, values, labels]) {
      if (part !== undefined) hash.update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength))
    }
  }
  return hash.digest('hex')
}
