import { VigilError } from '../errors.ts'
import { channelTable } from '../vitals/channels.ts'
import type { ClassifierManifest } from '../vitals/classifier-manifest.ts'
import type { GoldenSteps, ModelManifest } from '../vitals/manifest.ts'
import type { ReconstructorManifest } from '../vitals/reconstructor-manifest.ts'
import { FEATURES_PER_CHANNEL } from './features.ts'
import { reconstructorShape } from './graph-shape.ts'
import { HOURLY_INPUTS } from './hourly/kinds.ts'

/**
 * What the schemas cannot say: that the lists of a manifest and its golden steps are as long as each other, and that its
 * channels are known.
 * @throws VigilError manifest-invalid, with the path, the rule and the value
 */
export function checkSizes(manifest: ModelManifest, golden: GoldenSteps, place: string): void {
  const C = manifest.channels.length
  const K = manifest.horizons.length
  const { features, hidden, layers } = manifest.graph
  checkChannels(manifest, place)
  check(place, golden, [
    ['graph.features', features, FEATURES_PER_CHANNEL * C],
    ['normaliser.centre', manifest.normaliser.centre.length, C],
    ['normaliser.scale', manifest.normaliser.scale.length, C],
    ...matrix('degreesOfFreedom', manifest.degreesOfFreedom, K, C),
    ...matrix('calibration.expected', manifest.calibration.expected, K, C),
    ...matrix('calibration.centre', manifest.calibration.centre, K, C),
    ['calibration.covariance', manifest.calibration.covariance.length, K],
    ...manifest.calibration.covariance.flatMap((of, k) => matrix(`calibration.covariance.${k}`, of, C, C)),
    ['calibration.minute.mean', manifest.calibration.minute.mean.length, C],
    ['calibration.minute.sd', manifest.calibration.minute.sd.length, C],
    ...matrix('calibration.tails.residual', manifest.calibration.tails.residual, K, C),
    ['calibration.tails.leap', manifest.calibration.tails.leap.length, C],
    ['calibration.tails.joint', manifest.calibration.tails.joint.length, K],
    ...referenceSizes(manifest.reference, C, K),
    ...matrix('golden.x', golden.x, golden.x.length, features),
    ...matrix('golden.forecast', golden.forecast, golden.x.length, K * 2 * C),
    ...matrix('golden.h', golden.h, layers, hidden),
    ...matrix('golden.c', golden.c, layers, hidden),
  ])
}

function checkChannels({ channels, declares }: ModelManifest, place: string): void {
  let index: ReadonlyMap<string, number>
  try {
    index = channelTable(declares).index
  } catch (cause) {
    throw new VigilError('manifest-invalid', `declares: ${(cause as Error).message}`, { place, cause })
  }
  for (const [c, name] of channels.entries()) {
    if (index.has(name)) continue
    const known = 'neither built in nor declared'
    throw new VigilError('manifest-invalid', `channels.${c}: "${name}" is ${known}`, { place })
  }
}

function referenceSizes(reference: ModelManifest['reference'], C: number, K: number): Size[] {
  if (reference === undefined) return []
  const bins = [...reference.channels, reference.score]
  return [
    ['reference.channels', reference.channels.length, C],
    ['reference.exceedance', reference.exceedance.length, K],
    ...bins.map(({ edges, shares }, i): Size => [`reference bins ${i}`, edges.length + 1, shares.length]),
  ]
}

/** The same for a classifier; a member that is a GRU carries no c. @throws VigilError manifest-invalid */
export function checkClassifierSizes(manifest: ClassifierManifest, golden: GoldenSteps, place: string): void {
  const { features, hidden, members, cell } = manifest.graph
  const kind = HOURLY_INPUTS[manifest.inputs.kind]
  check(place, golden, [
    ['graph.features', features, kind.inputs.names.length],
    ['channels', manifest.channels.length, kind.channels.length],
    ['inputs.centre', manifest.inputs.centre.length, features],
    ['inputs.scale', manifest.inputs.scale.length, features],
    ...matrix('golden.x', golden.x, golden.x.length, features),
    ...matrix('golden.forecast', golden.forecast, golden.x.length, manifest.outcome.classes?.length ?? 1),
    ...matrix('golden.h', golden.h, members, hidden),
    ...matrix('golden.c', golden.c, cell === 'lstm' ? members : 0, hidden),
  ])
}

/** The same for a reconstructor; its state is the frames it keeps. @throws VigilError manifest-invalid */
export function checkReconstructorSizes(manifest: ReconstructorManifest, golden: GoldenSteps, place: string): void {
  const { window, stride, normaliser, score } = manifest
  const C = manifest.channels.length
  const { features, outputs, hidden } = reconstructorShape({ channels: C, window, stride })
  if (window % stride !== 0 || window === stride || score.scored > window) {
    const message = `window: ${window} frames must be several times ${stride} (stride), and no fewer than are scored (${score.scored})`
    throw new VigilError('manifest-invalid', message, { place })
  }
  check(place, golden, [
    ['normaliser.centre', normaliser.centre.length, C],
    ['normaliser.scale', normaliser.scale.length, C],
    ['score.centre', score.centre.length, C],
    ...matrix('score.covariance', score.covariance, C, C),
    ...matrix('golden.x', golden.x, golden.x.length, features),
    ...matrix('golden.forecast', golden.forecast, golden.x.length, outputs),
    ...matrix('golden.h', golden.h, 1, hidden),
    ...matrix('golden.c', golden.c, 0, hidden),
  ])
}

type Size = readonly [path: string, found: number, wanted: number]

function check(place: string, golden: GoldenSteps, sizes: readonly Size[]): void {
  for (const [path, found, wanted] of sizes) {
    if (found === wanted) continue
    throw new VigilError('manifest-invalid', `${path}: ${wanted} entries are needed, not ${found}`, { place })
  }
  if (golden.x.length === 0) throw new VigilError('manifest-invalid', 'golden.x: has no steps', { place })
}

function matrix(path: string, rows: readonly (readonly unknown[])[], count: number, width: number): Size[] {
  return [[path, rows.length, count], ...rows.map((row, i): Size => [`${path}.${i}`, row.length, width])]
}
