import { Page } from '../../src/scoring/page.ts'
import { rememberForecast, resetScore, scored, scoreFrame, scorePlan } from '../../src/scoring/score.ts'
import { logTail } from '../../src/scoring/student-t.ts'
import { tailTable } from '../../src/scoring/tail-table.ts'
import { type ChannelTable, channelTable } from '../../src/vitals/channels.ts'
import { type FrameColumns, frameColumns } from '../../src/vitals/frame.ts'
import type { ModelManifest } from '../../src/vitals/manifest.ts'

/** P(T <= t) of Student's t with `nu` degrees of freedom. */
export function studentCdf(t: number, nu: number): number {
  const tail = Math.exp(logTail(Math.abs(t), nu))
  return t > 0 ? 1 - tail : tail
}

export const TABLE: ChannelTable = channelTable()
export const CHANNELS = ['hr', 'pulse', 'spo2', 'resp']
const C = CHANNELS.length
export const NU = 5
/** centre and scale of every channel; forecasts of the synthetic model are always mean 0, scale 1 */
export const CENTRE = 60
export const SCALE = 3

export type SpeakingManifest = Pick<
  ModelManifest,
  | 'detector'
  | 'channels'
  | 'normaliser'
  | 'horizons'
  | 'degreesOfFreedom'
  | 'calibration'
  | 'policy'
  | 'warmupSteps'
  | 'grid'
>

/** mulberry32: a repeatable stream of uniform numbers in [0, 1) */
export function random(seed: number): () => number {
  let a = seed >>> 0
  return () => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = Math.imul(a ^ (a >>> 15), a | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** a draw of Student's t: normal over the root of a mean of squares (Box-Muller) */
export function drawT(uniform: () => number, nu: number): number {
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
  let squares = 0
  for (let i = 0; i < nu; i++) squares += normal() ** 2
  return normal() / Math.sqrt(squares / nu)
}

/** the tail of a test that never says anything: p = 1 whatever comes */
const NEVER = { n: 1, probabilities: [1], values: [1e6], tailShape: 0, tailScale: 1 }

/** a manifest without a calibration: every test has p = 1 */
export function uncalibrated(horizons: readonly number[] = [1, 10, 60]): SpeakingManifest {
  const each = <T>(value: T): T[][] => horizons.map(() => Array<T>(C).fill(value))
  return {
    detector: 'bedside',
    channels: CHANNELS,
    normaliser: { centre: Array(C).fill(CENTRE), scale: Array(C).fill(SCALE), clip: 8 },
    horizons: [...horizons],
    degreesOfFreedom: each(NU),
    calibration: {
      calibrated: false,
      patients: 1,
      frames: 1,
      minutes: 1,
      expected: each(0),
      centre: each(0),
      covariance: horizons.map(() => CHANNELS.map((_, i) => CHANNELS.map((_, j) => (i === j ? 1 : 0)))),
      minute: { mean: Array(C).fill(0), sd: Array(C).fill(1) },
      tails: { residual: each(NEVER), leap: Array(C).fill(NEVER), joint: horizons.map(() => NEVER) },
    },
    policy: { q: 1e-3, n: 3, of: 5, clearSeconds: 30, drift: 1 },
    warmupSteps: 0,
    grid: { cadenceSeconds: 1, latenessSeconds: 1 },
  }
}

/** one frame of the synthetic bed; a value of NaN is not observed */
export function frame(frames: FrameColumns, tick: number, values: readonly number[]): void {
  frames.count = 1
  frames.ticks[0] = tick
  CHANNELS.forEach((name, c) => {
    const i = TABLE.index.get(name)!
    const known = !Number.isNaN(values[c]!)
    frames.masks[i] = known ? 1 : 0
    if (known) frames.values[i] = values[c]!
    frames.ages[i] = known ? 0 : frames.ages[i]! + 1
  })
}

/** columns for one frame in which nothing was ever seen */
export function emptyFrames(): FrameColumns {
  const frames = frameColumns(1, TABLE.channels.length)
  frames.values.fill(Number.NaN)
  frames.ages.fill(Number.NaN)
  return frames
}

/** forecast row: mean 0, scale 1, everywhere */
export function standardForecast(horizons: number): Float32Array {
  return Float32Array.from({ length: horizons * 2 * C }, (_, i) => (Math.floor(i / C) % 2 === 0 ? 0 : 1))
}

/** what the synthetic bed sends when all is well: the model's own distribution, in whole units or unrounded */
export function healthy(uniform: () => number, mask: number, rounded: boolean): number[] {
  const value = () => CENTRE + SCALE * drawT(uniform, NU)
  return CHANNELS.map((_, c) => (((mask >> c) & 1) === 0 ? Number.NaN : rounded ? Math.round(value()) : value()))
}

/**
 * The synthetic model with tails measured on `n` frames, each frame a minute of its own: p is then the chance that a frame
 * shows as much. With one test alone speaking, p is that test's times the number of tests.
 */
export function calibrated(n: number, seed: number, rounded: boolean, horizons: readonly number[]): SpeakingManifest {
  const raw = uncalibrated([1])
  const plan = scorePlan(raw, TABLE)
  const state = new Page(plan.stateSize)
  const out = scored(plan)
  const frames = emptyFrames()
  const uniform = random(seed)
  const forecast = standardForecast(1)
  resetScore(plan, state, 0)
  const statistics: number[][] = plan.tails.map(() => [])
  let surprise = 0
  for (let i = 0; i < n; i++) {
    rememberForecast(plan, state, 0, i, forecast, 0)
    frame(frames, i + 1, healthy(uniform, 15, rounded))
    scoreFrame(plan, state, 0, frames, 0, out)
    for (const it of out.surprise) surprise += it / (n * C)
    statistics.forEach((of, test) => {
      of.push(out.statistic[test]!)
    })
  }
  const tails = statistics.map(tailTable)
  const manifest = uncalibrated(horizons)
  return {
    ...manifest,
    calibration: {
      ...manifest.calibration,
      frames: n,
      expected: horizons.map(() => Array(C).fill(surprise)),
      tails: {
        residual: horizons.map(() => tails.slice(0, C)),
        leap: tails.slice(C, 2 * C),
        joint: horizons.map(() => tails[2 * C]!),
      },
    },
  }
}
