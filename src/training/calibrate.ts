import { evidencePlan, learningFrozen, weighEvidence } from '../scoring/evidence.ts'
import { resetEvidence } from '../scoring/evidence-row.ts'
import { ownSpread } from '../scoring/own-spread.ts'
import { Page } from '../scoring/page.ts'
import { expectedBand, type Scored, type ScorePlan, scorePlan } from '../scoring/score.ts'
import { tailTable } from '../scoring/tail-table.ts'
import type { StepEngine } from '../stream/ports.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import type { ModelManifest } from '../vitals/manifest.ts'
import { ledoitWolf } from './covariance.ts'
import type { FramedStay } from './dataset.ts'
import { forecastStays, serveStay } from './serve-stays.ts'

/** A manifest whose calibration may be missing still. */
export type Uncalibrated = Omit<ModelManifest, 'calibration'>

type Calibration = ModelManifest['calibration']

/** A stay with the forecasts that the exported graph makes of it. */
interface Forecast {
  readonly stay: FramedStay
  /** [N, K 2 C] */
  readonly forecasts: Float32Array
}

/**
 * Everything a threshold rests on, from stays scored by the functions that serve, in two passes: how residuals vary
 * together when all is well; then, with that, how far every test goes within a minute.
 * @throws RangeError when a channel or a horizon was never scored
 */
export async function calibrate(
  engine: StepEngine,
  manifest: Uncalibrated,
  table: ChannelTable,
  stays: readonly FramedStay[],
): Promise<Calibration> {
  const forecasts = await forecastStays(engine, stays)
  const made = stays.map((stay, i): Forecast => ({ stay, forecasts: forecasts[i]! }))
  const flat = blank(manifest)
  const together = varying(scorePlan({ ...manifest, calibration: flat }, table), manifest, made)
  const first: Calibration = { ...flat, ...together, patients: stays.length }
  const tables = maxima(scorePlan({ ...manifest, calibration: first }, table), manifest, made).map(tailTable)
  const [K, C] = [manifest.horizons.length, manifest.channels.length]
  return {
    ...first,
    minutes: tables[0]!.n,
    tails: {
      residual: manifest.horizons.map((_, k) => tables.slice(k * C, (k + 1) * C)),
      leap: tables.slice(K * C, K * C + C),
      joint: tables.slice(K * C + C),
    },
  }
}

/** A calibration under which every frame has a p-value, though not a meaningful one. */
function blank({ horizons, channels }: Uncalibrated): Calibration {
  const flat = { n: 2, probabilities: [1], values: [0], tailShape: 0, tailScale: 1 }
  const each = <T>(value: T): T[] => channels.map(() => value)
  return {
    calibrated: false,
    patients: 0,
    frames: 0,
    minutes: 0,
    expected: horizons.map(() => each(0)),
    centre: horizons.map(() => each(0)),
    covariance: horizons.map(() => channels.map((_, i) => channels.map((_, j) => (i === j ? 1 : 0)))),
    minute: { mean: each(0), sd: each(1) },
    tails: { residual: horizons.map(() => each(flat)), leap: each(flat), joint: horizons.map(() => flat) },
  }
}

type Together = Pick<Calibration, 'frames' | 'expected' | 'centre' | 'covariance' | 'minute'>

/** Mean surprises, how residuals in the patient's own spread vary together, and how a minute's mean residual varies. */
function varying(plan: ScorePlan, manifest: Uncalibrated, made: readonly Forecast[]): Together {
  const C = manifest.channels.length
  const rows: Float64Array[][] = manifest.horizons.map(() => [])
  const surprises = manifest.horizons.map(() => manifest.channels.map((): number[] => []))
  const minutes = manifest.channels.map((): number[] => [])
  let frames = 0
  for (const { stay, forecasts } of made) {
    const drift = minuteMeans(manifest, C, (c, mean) => minutes[c]!.push(mean))
    serveStay(plan, stay, manifest.warmupSteps, forecasts, (frame, scored, state) => {
      if (frame < manifest.warmupSteps) return false
      frames++
      drift(stay.frames.ticks[frame]!, scored)
      for (let k = 0; k < manifest.horizons.length; k++) {
        if (Number.isNaN(scored.p[k]!)) continue
        const row = new Float64Array(C)
        for (let c = 0; c < C; c++) {
          row[c] = scored.residual[k * C + c]! / ownSpread(plan, state, 0, k, c)
          if (!Number.isNaN(scored.statistic[k * C + c]!)) surprises[k]![c]!.push(scored.surprise[k * C + c]!)
        }
        if (scored.observed === C) rows[k]!.push(row)
      }
      return false
    })
  }
  const shrunk = rows.map((of) => {
    if (of.length < 2 * C) throw new RangeError('a horizon was hardly ever scored in the calibration data')
    return ledoitWolf(of)
  })
  return {
    frames,
    expected: surprises.map((of) => of.map(meanOf)),
    centre: shrunk.map(({ centre }) => centre),
    covariance: shrunk.map(({ covariance }) => covariance),
    minute: { mean: minutes.map(meanOf), sd: minutes.map(sdOf) },
  }
}

/** Hands over each channel's mean residual of the longer horizons whenever a minute is over. */
function minuteMeans(
  manifest: Uncalibrated,
  channels: number,
  done: (channel: number, mean: number) => void,
): (tick: number, scored: Scored) => void {
  const ticks = Math.max(1, Math.round(60 / manifest.grid.cadenceSeconds))
  const sums = new Float64Array(channels)
  const counts = new Float64Array(channels)
  let minute = Number.NaN
  return (tick, scored) => {
    if (Math.floor(tick / ticks) !== minute) {
      for (let c = 0; c < channels; c++) if (counts[c]! > 0) done(c, sums[c]! / counts[c]!)
      sums.fill(0)
      counts.fill(0)
      minute = Math.floor(tick / ticks)
    }
    for (let k = 1; k < manifest.horizons.length; k++) {
      for (let c = 0; c < channels; c++) {
        if (Number.isNaN(scored.statistic[k * channels + c]!)) continue
        sums[c]! += scored.residual[k * channels + c]!
        counts[c]!++
      }
    }
  }
}

/** [tests] the largest value of every test in every minute in which it was due. */
function maxima(plan: ScorePlan, manifest: Uncalibrated, made: readonly Forecast[]): number[][] {
  const ticks = Math.max(1, Math.round(60 / manifest.grid.cadenceSeconds))
  const all: number[][] = plan.tails.map(() => [])
  for (const { stay, forecasts } of made) {
    const most = new Float64Array(plan.tails.length).fill(Number.NaN)
    const close = (): void => {
      for (let test = 0; test < most.length; test++) if (!Number.isNaN(most[test]!)) all[test]!.push(most[test]!)
      most.fill(Number.NaN)
    }
    let minute = Number.NaN
    serveStay(plan, stay, manifest.warmupSteps, forecasts, (frame, { statistic }) => {
      if (frame < manifest.warmupSteps) return false
      const now = Math.floor(stay.frames.ticks[frame]! / ticks)
      if (now !== minute) close()
      minute = now
      for (let test = 0; test < most.length; test++) {
        if (!(statistic[test]! <= most[test]!) && !Number.isNaN(statistic[test]!)) most[test] = statistic[test]!
      }
      return false
    })
    close()
  }
  return all
}

function meanOf(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('a channel was never observed in the calibration data')
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function sdOf(values: readonly number[]): number {
  const mean = meanOf(values)
  return Math.max(1e-3, Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2))))
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
  const forecasts = await forecastStays(engine, stays)
  const row = new Page(evidence.stateSize)
  for (const [i, stay] of stays.entries()) {
    resetEvidence(evidence, row, 0)
    const before = alarms
    let standing = false
    serveStay(plan, stay, manifest.warmupSteps, forecasts[i]!, (frame, scored, state) => {
      const raised = weighEvidence(evidence, row, 0, state, 0, stay.frames, frame, scored)
      const frozen = learningFrozen(evidence, row, 0)
      if (frame < manifest.warmupSteps) return frozen
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
      return frozen
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
