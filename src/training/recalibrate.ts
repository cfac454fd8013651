import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { featurePlan } from '../inference/features.ts'
import { graphShape } from '../inference/graph-shape.ts'
import { openModel } from '../inference/model-store.ts'
import { relabel } from '../onnx/proto.ts'
import { channelTable } from '../vitals/channels.ts'
import { sha256, writeBundle } from './bundle.ts'
import { cardOf } from './card.ts'
import { frameStay, type Stay } from './dataset.ts'
import { judge } from './judge.ts'
import type { TrainingMetrics } from './metrics.ts'
import { longestMemory } from './plain-step.ts'
import { type Ramp, withRamp } from './ramps.ts'
import type { Recipe } from './recipe.ts'
import { openExported } from './serve-stays.ts'
import { readStays } from './stays.ts'
import type { Trained, TrainOptions } from './train.ts'

/**
 * The newest scoring and the recipe's policy for a graph that is there: calibration, conduct and card are made anew; the
 * network, its golden steps and what was measured of it stay as they are, and the graph's metadata says the new version.
 * @param id the version whose graph it is, NAME or NAME@VERSION, in the registry that is written to
 * @throws VigilError model-not-found, data-missing, recording-unreadable
 */
export async function recalibrate(recipe: Recipe, id: string, options: TrainOptions): Promise<Trained> {
  const bundle = await openModel(options.out, id)
  const { calibration: _, reference: __, ...rest } = bundle.manifest
  const known: TrainingMetrics = JSON.parse(await readFile(join(bundle.dir, 'metrics.json'), 'utf8'))
  const memory = rest.memory ?? longestMemory(known.halfLives, rest.grid.cadenceSeconds)
  // the same nodes and constants, under the version that they are now
  const { version } = recipe
  const onnx = relabel(bundle.onnx, { version })
  const graph = { ...rest.graph, sha256: sha256(onnx) }
  const before = { ...rest, graph, memory, policy: recipe.policy, version }
  const table = channelTable(before.declares)
  const { split } = before.training
  const names = Object.values(split).flat()
  const { stays } = await readStays(options.dataDirs, new Map(names.map((name) => [name, recipe.fileOf(name)])), table)
  const byName = new Map(stays.map((stay) => [stay.name, stay]))
  const of = (part: readonly string[]) => part.map((name) => byName.get(name)!)
  const raw = {
    train: of(split.train),
    validation: of(split.validation),
    calibration: of(split.calibration),
    test: of(split.test),
  }
  const plan = featurePlan(before, table)
  const frame = (stay: Stay) => frameStay(stay, table, before.grid.cadenceSeconds, plan, before.horizons)
  const framed = {
    train: raw.train.map(frame),
    validation: raw.validation.map(frame),
    calibration: raw.calibration.map(frame),
    test: raw.test.map(frame),
  }
  const ramped = (ramp: Ramp) => raw.validation.map((stay) => frame(withRamp(stay, ramp, table)))
  const serving = await openExported(onnx, graphShape(before), 64)
  try {
    const { manifest, ...judged } = await judge(serving, before, table, framed, ramped)
    const metrics = { ...known, ...judged }
    const { golden } = bundle
    const dir = join(options.out, recipe.name, recipe.version)
    await writeBundle(dir, { manifest, onnx, golden, metrics, card: cardOf(recipe, manifest, metrics, []) })
    options.log(`written to ${dir}`)
    return { dir, manifest, metrics }
  } finally {
    await serving.close()
  }
}
