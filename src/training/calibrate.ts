import { evidencePlan, resetEvidence, weighEvidence } from '../scoring/evidence.ts'
import { expectedBand, rememberForecast, scored, scoreFrame, scorePlan } from '../scoring/score.ts'
import { tailTable } from '../scoring/tail-table.ts'
import type { StepEngine } from '../stream/ports.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import type { ModelManifest } from '../vitals/manifest.ts'
import type { FramedStay } from './dataset.ts'
import { forecastStay, serveStay } from './serve-stays.ts'

/** A manifest whose calibration may be missing still. */
export type Uncalibrated = Omit<ModelManifest, 'calibration'>

/** Surprises of scored frames after warm-up: by horizon, one [C] row a frame, NaN where a channel was not observed. */
type Surprises = Float64Array[][]

/**
 * Expected surprises and tail tables from stays that training never saw, scored by the functions that serve.
 * A tail table of m observed channels pools all subsets of m channels of every frame, so that frames with missing
 * channels are judged by what was there.
 */
export async function calibrate(
  engine: StepEngine,
  manifest: Uncalibrated,
  table: ChannelTable,
  stays: readonly FramedStay[],
): Promise<ModelManifest['calibration']> {
  const surprises = await surprisesOf(engine, manifest, table, stays)
  const channels = manifest.channels.length
  const expected = surprises.map((rows) => Array.from({ length: channels }, (_, c) => meanOf(rows, c)))
  const tails = surprises.map((rows, k) =>
    Array.from({ length: channels }, (_, m) => tailTable(subsetSums(rows, expected[k]!, m + 1))),
  )
  const frames = surprises[0]!.length
  return { calibrated: false, patients: stays.length, frames, expected, tails }
}

async function surprisesOf(
  engine: StepEngine,
  manifest: Uncalibrated,
  table: ChannelTable,
  stays: readonly FramedStay[],
): Promise<Surprises> {
  const C = manifest.channels.length
  const flat = blank(manifest)
  // one plan a horizon: serving holds one forecast of a long horizon at a time, and at which tick it begins is chance;
  // all phases together have the same distribution and many times the frames
  const plans = manifest.horizons.map((horizon, k) =>
    scorePlan(
      {
        ...manifest,
        horizons: [horizon],
        degreesOfFreedom: [manifest.degreesOfFreedom[k]!],
        calibration: { ...flat, expected: [flat.expected[k]!], tails: [flat.tails[k]!] },
      },
      table,
    ),
  )
  const surprises: Surprises = manifest.horizons.map(() => [])
  for (const stay of stays) {
    const forecasts = await forecastStay(engine, stay)
    const { frames } = stay
    plans.forEach((plan, k) => {
      const state = new Float64Array(plan.stateSize)
      const out = scored(plan)
      let from = manifest.warmupSteps
      for (let i = from; i < frames.count; i++) {
        const made = frames.ticks[i]! - manifest.horizons[k]!
        while (frames.ticks[from]! < made) from++
        if (frames.ticks[from] !== made) continue
        rememberForecast(plan, state, 0, made, forecasts, from * engine.forecastSize + k * 2 * C)
        scoreFrame(plan, state, 0, frames, i, out)
        if (Number.isNaN(out.p[0]!)) continue
        const observed = (c: number) => frames.masks[i * plan.width + plan.channels[c]!] === 1
        surprises[k]!.push(Float64Array.from({ length: C }, (_, c) => (observed(c) ? out.surprise[c]! : Number.NaN)))
      }
    })
  }
  return surprises
}

/** A calibration under which every frame has a p-value, though not a meaningful one. */
function blank({ horizons, channels }: Uncalibrated): ModelManifest['calibration'] {
  const flat = { n: 2, probabilities: [1], surprises: [0], tailScale: 1 }
  return {
    calibrated: false,
    patients: 0,
    frames: 0,
    expected: horizons.map(() => channels.map(() => 0)),
    tails: horizons.map(() => channels.map(() => flat)),
  }
}

function meanOf(rows: readonly Float64Array[], c: number): number {
  let [sum, count] = [0, 0]
  for (const row of rows) {
    if (Number.isNaN(row[c]!)) continue
    sum += row[c]!
    count++
  }
  if (count === 0) throw new RangeError('a channel was never observed in the calibration data')
  return sum / count
}

/** Excess surprises summed over every subset of `size` observed channels of every frame. */
function subsetSums(rows: readonly Float64Array[], expected: readonly number[], size: number): number[] {
  const sums: number[] = []
  const choose = (row: Float64Array, from: number, left: number, sum: number): void => {
    if (left === 0) {
      sums.push(sum)
      return
    }
    for (let c = from; c <= row.length - left; c++) {
      if (!Number.isNaN(row[c]!)) choose(row, c + 1, left - 1, sum + row[c]! - expected[c]!)
    }
  }
  for (const row of rows) choose(row, 0, size, 0)
  return sums
}

/** What a calibrated model does on some stays. */
export interface Conduct {
  /** hours watched after warm-up */
  readonly hours: number
  readonly alarms: number
  /** share of the watched time in which an alarm stood */
  readonly alarmTime: number
  /** stays with at least one alarm */
  readonly staysWithAlarm: number
  /** [K] share of scored frames with p < q */
  readonly exceedance: readonly number[]
  /** [K][C] share of observed values inside the central 90 % and 99 % band */
  readonly inside90: readonly number[][]
  readonly inside99: readonly number[][]
}

/** Alarms, exceedances and band coverage of a calibrated model, by the detector's own persistence rule. */
export async function conductOn(
  engine: StepEngine,
  manifest: ModelManifest,
  table: ChannelTable,
  stays: readonly FramedStay[],
): Promise<Conduct> {
  const plan = scorePlan(manifest, table)
  const evidence = evidencePlan(manifest, plan)
  const [K, C] = [manifest.horizons.length, manifest.channels.length]
  const due = new Float64Array(K)
  const exceeded = new Float64Array(K)
  const observed = new Float64Array(K * C)
  const inside = [new Float64Array(K * C), new Float64Array(K * C)]
  let [ticks, alarms, raisedTicks, staysWithAlarm] = [0, 0, 0, 0]
  for (const stay of stays) {
    const row = new Float64Array(evidence.stateSize)
    resetEvidence(evidence, row, 0)
    const before = alarms
    let standing = false
    await serveStay(engine, plan, stay, (frame, scored, state) => {
      const raised = weighEvidence(evidence, row, 0, state, 0, stay.frames, frame, scored)
      if (frame < manifest.warmupSteps) return
      ticks++
      if (raised) raisedTicks++
      if (raised && !standing) alarms++
      standing = raised
      for (let k = 0; k < K; k++) {
        if (Number.isNaN(scored.p[k]!)) continue
        due[k]!++
        if (scored.p[k]! < manifest.policy.q) exceeded[k]!++
        for (let c = 0; c < C; c++) {
          const at = frame * plan.width + plan.channels[c]!
          if (stay.frames.masks[at] !== 1) continue
          observed[k * C + c]!++
          ;[0.9, 0.99].forEach((level, i) => {
            const band = expectedBand(plan, state, 0, k, c, level)!
            const half = plan.half[c]!
            // a value counts as inside when its cell touches the band: it is only known to its cell
            const value = stay.frames.values[at]!
            if (value + half >= band.low && value - half <= band.high) inside[i]![k * C + c]!++
          })
        }
      }
    })
    if (alarms > before) staysWithAlarm++
  }
  const shares = (counts: Float64Array) =>
    manifest.horizons.map((_, k) => manifest.channels.map((_, c) => counts[k * C + c]! / observed[k * C + c]!))
  return {
    hours: (ticks * manifest.grid.cadenceSeconds) / 3600,
    alarms,
    alarmTime: raisedTicks / ticks,
    staysWithAlarm,
    exceedance: Array.from(exceeded, (count, k) => count / due[k]!),
    inside90: shares(inside[0]!),
    inside99: shares(inside[1]!),
  }
}
