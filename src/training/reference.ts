import { scorePlan } from '../scoring/score.ts'
import { decileBins } from '../scoring/stability.ts'
import type { StepEngine } from '../stream/ports.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import type { ModelManifest } from '../vitals/manifest.ts'
import type { FramedStay } from './dataset.ts'
import { forecastStays, serveStay } from './serve-stays.ts'

/** figures of a boundary that a reader can still take in; far finer than any decile is known */
const DIGITS = 6

/**
 * Where the inputs and scores of some stays lie, scored by the functions that serve: what the drift of later ones is
 * measured against.
 * @throws RangeError when a channel has no value, or nothing was scored
 */
export async function referenceOf(
  engine: StepEngine,
  manifest: ModelManifest,
  table: ChannelTable,
  stays: readonly FramedStay[],
): Promise<NonNullable<ModelManifest['reference']>> {
  const plan = scorePlan(manifest, table)
  const [C, K] = [manifest.channels.length, manifest.horizons.length]
  const values = Array.from({ length: C }, (): number[] => [])
  const scores: number[] = []
  const due = new Float64Array(K)
  const exceeded = new Float64Array(K)
  let frames = 0
  const forecasts = await forecastStays(engine, stays)
  for (const [i, stay] of stays.entries()) {
    serveStay(plan, stay, manifest.warmupSteps, forecasts[i]!, (frame, scored) => {
      for (let c = 0; c < C; c++) {
        const at = frame * plan.width + plan.channels[c]!
        if (stay.frames.masks[at] === 1) values[c]!.push(stay.frames.values[at]!)
      }
      frames++
      if (frame < manifest.warmupSteps) return false
      if (!Number.isNaN(scored.p[0]!)) scores.push(Number(scored.excess[0]!.toPrecision(DIGITS)))
      for (let k = 0; k < K; k++) {
        if (Number.isNaN(scored.p[k]!)) continue
        due[k]!++
        if (scored.p[k]! < manifest.policy.q) exceeded[k]!++
      }
      return false
    })
  }
  const bins = (of: readonly number[]) => {
    const { n, edges, shares } = decileBins(of)
    return { n, edges: [...edges], shares: [...shares] }
  }
  return {
    channels: values.map((of) => ({ ...bins(of), missing: 1 - of.length / frames })),
    score: bins(scores),
    exceedance: Array.from(exceeded, (count, k) => count / due[k]!),
  }
}
