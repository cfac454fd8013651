import type { ModelBundle } from '../../inference/model-store.ts'
import { reconstructionPlan, reconstructionScore } from '../../scoring/reconstruction.ts'
import type { StepEngine } from '../../stream/ports.ts'
import { framer } from '../../training/encdec/stays.ts'
import type { ChannelTable } from '../../vitals/channels.ts'
import type { Reading } from '../../vitals/reading.ts'
import type { ReconstructorManifest } from '../../vitals/reconstructor-manifest.ts'
import { type Scorer, withGapAlarm } from './baselines/baseline.ts'
import { GAP_SECONDS, type Recording, readingAt } from './recording.ts'

/** A reconstructor and the engine that steps it. */
export interface SecondOpinion {
  readonly manifest: ModelBundle<ReconstructorManifest>['manifest']
  readonly engine: StepEngine
  readonly table: ChannelTable
}

const SIDE_BY_SIDE = 64

/**
 * The reconstructor on some recordings, as it would serve: its graph called every S frames, its state the window. With the
 * alarm for gaps that every detector has.
 * @returns scorer of these recordings, and of no others
 */
export async function opinionOn(opinion: SecondOpinion, recordings: readonly Recording[]): Promise<Scorer> {
  const scores = new Map<object, Float64Array>()
  for (let from = 0; from < recordings.length; from += SIDE_BY_SIDE) {
    const some = recordings.slice(from, from + SIDE_BY_SIDE)
    for (const [i, found] of (await scoresOf(opinion, some)).entries()) scores.set(some[i]!, found)
  }
  return withGapAlarm((recording) => scores.get(recording)!.slice(), GAP_SECONDS)
}

/** [N] each: the score at the second at which its window ends, NaN between. */
async function scoresOf({ manifest, engine, table }: SecondOpinion, recordings: readonly Recording[]): Promise<Float64Array[]> {
  const { channels, window, stride, score } = manifest
  const C = channels.length
  const frame = framer(manifest, table)
  const stays = recordings.map((recording) => frame({ name: recording.name, readings: readingsOf(recording, table) }))
  const plan = reconstructionPlan(score.centre, score.covariance, score.scored)
  const contributions = new Float64Array(C)
  const out = recordings.map(({ seconds }) => new Float64Array(seconds).fill(Number.NaN))
  const slots = Int32Array.from(recordings, (_, slot) => slot)
  for (const slot of slots) engine.reset(slot)
  const calls = Math.max(...stays.map(({ frames }) => Math.floor(frames.count / stride)))
  for (let call = 0; call < calls; call++) {
    const end = (call + 1) * stride
    const due = slots.filter((slot) => end <= stays[slot]!.frames.count)
    const x = new Float32Array(due.length * stride * 2 * C)
    due.forEach((slot, row) => {
      const stay = stays[slot]!
      const features = stay.x.length / stay.frames.count
      for (let t = 0; t < stride; t++) {
        const at = (end - stride + t) * features
        x.set(stay.x.subarray(at, at + 2 * C), (row * stride + t) * 2 * C)
      }
    })
    const errors = await engine.step(due, x, due.length)
    if (end < window) continue
    due.forEach((slot, row) => {
      const second = stays[slot]!.frames.ticks[end - 1]! - recordings[slot]!.start / 1000
      out[slot]![second] = reconstructionScore(plan, errors, row * window * C, window, contributions)
    })
  }
  return out
} // biome-ignore format: the signature

function readingsOf(recording: Recording, table: ChannelTable): Reading[] {
  return Array.from({ length: recording.seconds }, (_, second) =>
    readingAt(recording, second, 'recording', table),
  ).filter((reading) => reading !== undefined)
}
