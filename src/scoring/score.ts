import type { ChannelTable } from '../vitals/channels.ts'
import type { FrameColumns } from '../vitals/frame.ts'
import type { ModelManifest } from '../vitals/manifest.ts'
import { minusLogChiSquareTail } from './chi-square.ts'
import { normalQuantile } from './normal.ts'
import { OWN_FIELDS, ownErrorSd, ownSpread } from './own-spread.ts'
import type { Page } from './page.ts'
import {
  keepPending,
  meanMade,
  meanOf,
  meansAt,
  pendingAt,
  pendingSize,
  resetPending,
  scaleMade,
  scaleOf,
} from './pending.ts'
import { studentQuantile } from './student-t.ts'
import { cell, type TailCurve, tailCurve } from './tail-curve.ts'
import { LOG_SMALLEST, logTail, probabilityOf, type TailLookup, tailLookup } from './tail-table.ts'
import { squaredDistance, type Whitening, whitening } from './whitening.ts'

/** a surprise is clipped here, nats: one impossible value must not drown all others */
const SURPRISE_CLIP = 60
/** a residual is clipped here; Phi(-8) = 6e-16 */
const RESIDUAL_CLIP = 8

/** What of a manifest scoring depends on. */
type ScoreManifest = Pick<
  ModelManifest,
  'channels' | 'normaliser' | 'horizons' | 'degreesOfFreedom' | 'calibration' | 'policy'
>

/**
 * How one model's forecasts are held against frames. C = the model's channels, K = its horizons.
 * A patient's row: the pending forecasts (`pending.ts`), then the patient's own spread (`own-spread.ts`).
 *
 * Tests, in this order: a channel's residual at a horizon [K * C], a channel's leap at the first horizon [C], the joint
 * distance of a horizon [K]. Each has its own tail, and shares the probability of a false alarm with the others.
 */
export interface ScorePlan {
  /** doubles of one patient's row */
  readonly stateSize: number
  /** where in it the patient's own spread begins */
  readonly ownAt: number
  /** [C] index of the model's channels in the channel table */
  readonly channels: Int32Array
  /** channels of the table: D */
  readonly width: number
  /** [K] in ticks */
  readonly horizons: readonly number[]
  /** [C] half the resolution cell, channel unit */
  readonly half: Float64Array
  /** [C] hard range of the channel */
  readonly low: Float64Array
  readonly high: Float64Array
  readonly centre: Float64Array
  readonly scale: Float64Array
  /** [K * C] */
  readonly curves: readonly TailCurve[]
  /** [K * C] mean surprise when all is well, nats */
  readonly expected: Float64Array
  /** [K] covariance of residuals in the patient's own spread */
  readonly whitenings: readonly Whitening[]
  /** [K] the tests of each horizon */
  readonly tests: readonly Int32Array[]
  /** by test */
  readonly tails: readonly TailLookup[]
  /** by test: one over its part of the chance of a false alarm, all parts together 1 */
  readonly shared: Float64Array
  /** by test: its logarithm */
  readonly logShared: Float64Array
}

/** A scored frame, reused from frame to frame. Nothing in it is NaN but what was not due. */
export interface Scored {
  /** channels of the model observed in this tick: m */
  observed: number
  /**
   * [K] chance that a minute of a patient who is as before shows as much in any test of any horizon, in (0, 1]; NaN
   * where no forecast was due, or nothing was observed
   */
  readonly p: Float64Array
  /** [K] the test that gave p, -1 where p is NaN */
  readonly test: Int32Array
  /** [K] sum over observed channels of surprise - expected, nats; 0 where p is NaN */
  readonly excess: Float64Array
  /** [K * C] -ln of the mass of the observed value's cell, nats, clipped; 0 where not scored */
  readonly surprise: Float64Array
  /** [K * C] standard normal residual (mid-PIT), clipped to +-8; 0 where not scored */
  readonly residual: Float64Array
  /** [K * C] share of the joint distance that goes away without the channel, 0..1, sums to 1 or is all 0 */
  readonly contribution: Float64Array
  /** [K * C] residual that the other channels make one expect; 0 where not scored */
  readonly given: Float64Array
  /** [4 * K * C] the memory of the four before */
  readonly channels: Float64Array
  /** [tests] the statistics, NaN where not due */
  readonly statistic: Float64Array
}

/** What a pending forecast expects of one channel, in the channel's unit. */
export interface Band {
  /** the tick the forecast is for */
  readonly due: number
  readonly mean: number
  /** half the width of the central 68.3 %: what a normal sd would be; finite for every nu */
  readonly sd: number
  /** ends of the central band, inside the channel's hard range */
  readonly low: number
  readonly high: number
}

/** central probability of one sd either side of a normal mean */
const ONE_SD = 0.682689492137086

/**
 * @throws RangeError when the table lacks a channel of the model, or a list of the manifest has the wrong length
 */
export function scorePlan(manifest: ScoreManifest, table: ChannelTable): ScorePlan {
  const { horizons, degreesOfFreedom, calibration, normaliser } = manifest
  const count = manifest.channels.length
  const entries = manifest.channels.map((name) => {
    const index = table.index.get(name)
    if (index === undefined) throw new RangeError(`the channel table has no "${name}"`)
    return { index, channel: table.channels[index]! }
  })
  const shaped: [string, readonly (readonly unknown[])[]][] = [
    ['degreesOfFreedom', degreesOfFreedom],
    ['calibration.expected', calibration.expected],
    ['calibration.centre', calibration.centre],
    ['calibration.tails.residual', calibration.tails.residual],
    ['calibration.tails.leap', [calibration.tails.leap]],
  ]
  for (const [name, rows] of shaped) {
    const wanted = name.endsWith('leap') ? 1 : horizons.length
    if (rows.length !== wanted || rows.some((row) => row.length !== count))
      throw new RangeError(`${name} must be [${wanted}][${count}]`)
  }
  if (normaliser.centre.length !== count || normaliser.scale.length !== count)
    throw new RangeError(`normaliser must be [${count}]`)
  const { residual, leap, joint } = calibration.tails
  if (joint.length !== horizons.length || calibration.covariance.length !== horizons.length)
    throw new RangeError(`calibration.tails.joint and covariance must be [${horizons.length}]`)
  const curves = new Map<number, TailCurve>()
  const curveOf = (nu: number): TailCurve => {
    const known = curves.get(nu) ?? tailCurve(nu)
    curves.set(nu, known)
    return known
  }
  const parts = shared(manifest)
  return {
    stateSize: pendingSize(horizons.length, count) + horizons.length * count + OWN_FIELDS * count,
    ownAt: pendingSize(horizons.length, count),
    channels: Int32Array.from(entries, ({ index }) => index),
    width: table.channels.length,
    horizons,
    half: Float64Array.from(entries, ({ channel }) => channel.resolution / 2),
    low: Float64Array.from(entries, ({ channel }) => channel.range[0]),
    high: Float64Array.from(entries, ({ channel }) => channel.range[1]),
    centre: Float64Array.from(normaliser.centre),
    scale: Float64Array.from(normaliser.scale),
    curves: degreesOfFreedom.flat().map(curveOf),
    expected: Float64Array.from(calibration.expected.flat()),
    whitenings: calibration.covariance.map((of, k) => whitening(calibration.centre[k]!, of)),
    tests: horizons.map((_, k) => {
      const K = horizons.length
      const each = (from: number) => Array.from({ length: count }, (_, c) => from + c)
      return Int32Array.from([...each(k * count), ...(k === 0 ? each(K * count) : []), K * count + count + k])
    }),
    tails: [...residual.flat(), ...leap, ...joint].map(tailLookup),
    shared: parts,
    logShared: parts.map(Math.log),
  }
}

/** [tests] one over a test's part of the chance of a false alarm. */
function shared({ channels, horizons, policy: { weights } }: Pick<ScoreManifest, 'channels' | 'horizons' | 'policy'>) {
  const by = (k: number) => weights?.horizons[k] ?? 1
  const of = (k: number) => channels.map((name) => by(k) * (weights?.channels[name] ?? 1))
  const all = [...horizons.flatMap((_, k) => of(k)), ...of(0), ...horizons.map((_, k) => by(k))]
  const sum = all.reduce((a, b) => a + b, 0)
  return Float64Array.from(all, (weight) => sum / weight)
}

/** An empty result of the plan's shape. */
export function scored(plan: ScorePlan): Scored {
  const K = plan.horizons.length
  const KC = K * plan.channels.length
  const channels = new Float64Array(4 * KC)
  return {
    observed: 0,
    p: new Float64Array(K).fill(Number.NaN),
    test: new Int32Array(K).fill(-1),
    excess: new Float64Array(K),
    surprise: channels.subarray(0, KC),
    residual: channels.subarray(KC, 2 * KC),
    contribution: channels.subarray(2 * KC, 3 * KC),
    given: channels.subarray(3 * KC),
    channels,
    statistic: new Float64Array(plan.tails.length).fill(Number.NaN),
  }
}

/** Forget every pending forecast and the patient's own spread (a new patient at the bed). */
export function resetScore(plan: ScorePlan, state: Page, at: number): void {
  resetPending(plan, state, at)
  state.fill(0, at + plan.ownAt, at + plan.stateSize)
}

const mass = new Float64Array(2)
/** [C] residuals of a horizon in the patient's own spread; room for every mask a whitening takes */
const spread = new Float64Array(30)

/**
 * Score a frame against the forecasts that were pending before it. A forecast counts only when it is for exactly this
 * tick. Only channels observed in this tick count; reads the row and changes nothing in it.
 * @param at where the patient's row begins in `state`
 * @param row the frame's row in `frames`
 */
export function scoreFrame(
  plan: ScorePlan,
  state: Page,
  at: number,
  frames: FrameColumns,
  row: number,
  out: Scored,
): void {
  const C = plan.channels.length
  const K = plan.horizons.length
  const from = row * plan.width
  const tick = frames.ticks[row]!
  const { floats } = state
  out.channels.fill(0)
  out.statistic.fill(Number.NaN)
  let mask = 0
  let observed = 0
  for (let c = 0; c < C; c++) {
    if (frames.masks[from + plan.channels[c]!] !== 1) continue
    mask |= 1 << c
    observed++
  }
  out.observed = observed
  for (let k = 0; k < K; k++) {
    out.p[k] = Number.NaN
    out.test[k] = -1
    out.excess[k] = 0
    if (observed === 0 || state[pendingAt(plan, at, k)] !== tick) continue
    const means = meansAt(plan, at, k)
    for (let c = 0; c < C; c++) {
      if (((mask >> c) & 1) === 0) continue
      const kc = k * C + c
      const value = frames.values[from + plan.channels[c]!]!
      const mean = meanMade(plan, c, floats[means + c]!)
      const scale = scaleMade(plan, c, floats[means + C + c]!)
      const half = plan.half[c]!
      const z = (value - mean) / scale
      cell(plan.curves[kc]!, z, half / scale, mass)
      const surprise = Math.min(SURPRISE_CLIP, -mass[0]!)
      const r = Math.min(RESIDUAL_CLIP, 0 - normalQuantile(mass[1]!))
      out.surprise[kc] = surprise
      out.residual[kc] = z < 0 ? 0 - r : r
      out.excess[k]! += surprise - plan.expected[kc]!
      spread[c] = out.residual[kc]! / ownSpread(plan, state, at, k, c)
      out.statistic[kc] = Math.abs(spread[c]!)
      // without its resolution cell, an error of a whole unit where a half was to be had is none
      if (k === 0)
        out.statistic[K * C + c] = Math.max(0, Math.abs(value - mean) - half) / ownErrorSd(plan, state, at, c, scale)
    }
    const square = squaredDistance(plan.whitenings[k]!, mask, spread, 0, out.contribution, k * C, out.given, k * C)
    out.statistic[K * C + C + k] = minusLogChiSquareTail(square, observed)
    judge(plan, k, out)
    let whole = 0
    for (let c = 0; c < C; c++) whole += out.contribution[k * C + c]!
    if (whole > 0) for (let c = 0; c < C; c++) out.contribution[k * C + c]! /= whole
  }
}

/** A logarithm of p that is larger by this is of a larger p, or of the same: far above the rounding of exp. */
const SURE = 1e-9

/** The least probable of a horizon's tests; all tests of all horizons share the chance of a false alarm (weighted Bonferroni). */
function judge(plan: ScorePlan, k: number, out: Scored): void {
  let least = Number.POSITIVE_INFINITY
  let logLeast = Number.POSITIVE_INFINITY
  let which = -1
  const tests = plan.tests[k]!
  for (let i = 0; i < tests.length; i++) {
    const test = tests[i]!
    const value = out.statistic[test]!
    if (Number.isNaN(value)) continue
    const tail = logTail(plan.tails[test]!, value)
    const logP = Math.max(tail, LOG_SMALLEST) + plan.logShared[test]!
    if (logP > logLeast + SURE) continue
    const p = probabilityOf(tail) * plan.shared[test]!
    if (p >= least) continue
    least = p
    logLeast = logP
    which = test
  }
  out.p[k] = Math.min(1, least)
  out.test[k] = which
}

/** The channel a test is of, an index into the plan's channels; -1 for a joint test. */
export function channelOfTest(plan: ScorePlan, test: number): number {
  const C = plan.channels.length
  const K = plan.horizons.length
  return test < K * C + C ? test % C : -1
}

/** Value of a channel at a given normal residual under a horizon's newest forecast, channel unit, inside its hard range. */
export function valueAtResidual(
  plan: ScorePlan,
  state: Page,
  at: number,
  k: number,
  channel: number,
  residual: number,
): number {
  const { nu } = plan.curves[k * plan.channels.length + channel]!
  const p = normalTail(Math.abs(residual))
  const t = studentQuantile(p, nu)
  const spread = t * scaleOf(plan, state, at, k, channel)
  const value = meanOf(plan, state, at, k, channel) - Math.sign(residual) * spread
  return Math.max(plan.low[channel]!, Math.min(plan.high[channel]!, value))
}

/** P(N > x), x >= 0 */
const normalTail = (x: number): number => Math.exp(-minusLogChiSquareTail(x * x, 1)) / 2

/**
 * Keep the forecast a step made from the frame at `tick`: the first horizon always, each longer one only when none is
 * pending, so that it comes due at its own stride. A forecast that is not finite is not kept.
 * @param cold the network warms up: what it expects of later ticks is not held against anyone, and not kept
 * @param forecast [.., K * 2 * C] means then scales per horizon, normalised units, beginning at `forecastAt`
 */
export function rememberForecast(
  plan: ScorePlan,
  state: Page,
  at: number,
  tick: number,
  forecast: Float32Array,
  forecastAt: number,
  cold = false,
): void {
  const C = plan.channels.length
  const kept = cold ? 1 : plan.horizons.length
  for (let k = 0; k < kept; k++) {
    if (k > 0 && state[pendingAt(plan, at, k)]! > tick) continue
    keepPending(plan, state, at, k, tick + plan.horizons[k]!, forecast, forecastAt + k * 2 * C)
  }
}

const quantiles = new Map<string, number>()

/** upper end of the central `level` of Student's t; a page asks for the same few again and again */
function bandQuantile(level: number, nu: number): number {
  const key = `${level}/${nu}`
  const known = quantiles.get(key) ?? studentQuantile((1 + level) / 2, nu)
  if (quantiles.size < 1000) quantiles.set(key, known)
  return known
}

/**
 * What the newest forecast of a horizon expects of a channel, in the channel's unit; undefined when there is none.
 * It stays readable after its tick was scored, until the next step: compare `due` with the tick it is wanted for.
 * @param channel index into the plan's channels
 * @param level central probability of [low, high], in (0, 1)
 */
export function expectedBand(
  plan: ScorePlan,
  state: Page,
  at: number,
  horizonIndex: number,
  channel: number,
  level: number,
): Band | undefined {
  const due = state[pendingAt(plan, at, horizonIndex)]!
  if (Number.isNaN(due)) return undefined
  const mean = meanOf(plan, state, at, horizonIndex, channel)
  const scale = scaleOf(plan, state, at, horizonIndex, channel)
  const { nu } = plan.curves[horizonIndex * plan.channels.length + channel]!
  const reach = scale * bandQuantile(level, nu)
  const inside = (value: number) => Math.max(plan.low[channel]!, Math.min(plan.high[channel]!, value))
  return {
    due,
    mean: inside(mean),
    sd: scale * bandQuantile(ONE_SD, nu),
    low: inside(mean - reach),
    high: inside(mean + reach),
  }
}
