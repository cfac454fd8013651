import { SHIPPED_MODELS } from '../app.ts'
import type { AtEnd } from '../closing.ts'
import type { SecondOpinion } from '../evaluation/faults/second-opinion.ts'
import type { WatchedModel } from '../evaluation/watched.ts'
import { openModel, openReconstructor } from '../inference/model-store.ts'
import { openEngine } from '../inference/open-engine.ts'
import { channelTable } from '../vitals/channels.ts'

const MAX_BATCH = 1024

/** The model to judge, on the CPU provider in a thread of its own; `atEnd` closes it. */
export async function evaluatedModel(
  { dir = SHIPPED_MODELS, model }: { readonly dir?: string; readonly model: string },
  atEnd: AtEnd,
): Promise<WatchedModel> {
  const bundle = await openModel(dir, model)
  const options = { providers: ['cpu'], threads: 1, maxBatch: MAX_BATCH, inWorker: true }
  const engine = await openEngine(bundle, options)
  atEnd(() => engine.close())
  const { manifest } = bundle
  return { manifest, engine, table: channelTable(manifest.declares), maxBatch: MAX_BATCH }
}

/** A reconstructor to judge beside it; `atEnd` closes it. */
export async function secondOpinion(
  { dir = SHIPPED_MODELS, second }: { readonly dir?: string; readonly second: string },
  atEnd: AtEnd,
): Promise<SecondOpinion> {
  const bundle = await openReconstructor(dir, second)
  const engine = await openEngine(bundle, { providers: ['cpu'], threads: 1, maxBatch: 64, inWorker: true })
  atEnd(() => engine.close())
  return { manifest: bundle.manifest, engine, table: channelTable(bundle.manifest.declares) }
}
