import { FEATURES_PER_CHANNEL, type FeaturePlan, writeFeatures } from '../inference/features.ts'
import { Page } from '../scoring/page.ts'
import { resetSensors } from '../scoring/sensor-row.ts'
import { sensorPlan, siftFrame, trusted } from '../scoring/sensors.ts'
import { gridPlan, resetGrid, takeReading } from '../stream/grid.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import { type FrameColumns, frameColumns } from '../vitals/frame.ts'
import type { Reading } from '../vitals/reading.ts'

/** What one patient's monitor said, in order; every reading is a whole set (`complete`). */
export interface Stay {
  readonly name: string
  readonly readings: readonly Reading[]
}

/** A stay as the network meets it: N frames, C channels, F features, K horizons. */
export interface FramedStay {
  readonly name: string
  readonly frames: FrameColumns
  /** [N, F] */
  readonly x: Float32Array
  /** [N, K C] what each horizon's forecast will be held against, channel units; NaN where nothing was observed */
  readonly targets: Float32Array
}

/** The frames of one patient's readings, through the time grid that serves. */
export function framesOf(readings: readonly Reading[], table: ChannelTable, cadenceSeconds: number): FrameColumns {
  const plan = gridPlan(table.channels, cadenceSeconds, 0)
  const state = new Page(plan.stateSize)
  resetGrid(plan, state, 0)
  const columns = frameColumns(readings.length, plan.width)
  for (const reading of readings) {
    takeReading(plan, state, 0, undefined, 0, reading, (tick) => {
      columns.ticks[columns.count] = tick
      return { columns, row: columns.count++ }
    })
  }
  return columns
}

/** Frames as a model may take them, without what the sensor logic sets aside; the frames themselves are changed. */
export function sifted(frames: FrameColumns, table: ChannelTable, cadenceSeconds: number): FrameColumns {
  const plan = sensorPlan(table, cadenceSeconds)
  const state = new Page(plan.stateSize)
  resetSensors(plan, state, 0)
  for (let row = 0; row < frames.count; row++) {
    if (siftFrame(plan, state, 0, frames, row)) trusted(plan, state, 0, frames, row)
  }
  return frames
}

/**
 * Frames, features and targets of a stay.
 * @param horizons in ticks
 */
export function frameStay(
  stay: Stay,
  table: ChannelTable,
  cadenceSeconds: number,
  plan: FeaturePlan,
  horizons: readonly number[],
): FramedStay {
  const frames = sifted(framesOf(stay.readings, table, cadenceSeconds), table, cadenceSeconds)
  return framed(stay.name, frames, cadenceSeconds, plan, horizons)
}

/** Features and targets of frames that went through grid and sensors. */
export function framed(
  name: string,
  frames: FrameColumns,
  cadenceSeconds: number,
  plan: FeaturePlan,
  horizons: readonly number[],
): FramedStay {
  const channels = plan.channels.length
  const x = new Float32Array(frames.count * channels * FEATURES_PER_CHANNEL)
  const means = new Float64Array(channels).fill(Number.NaN)
  for (let i = 0; i < frames.count; i++) {
    const elapsed = i === 0 ? 0 : (frames.ticks[i]! - frames.ticks[i - 1]!) * cadenceSeconds
    writeFeatures(plan, frames, i, elapsed, means, 0, x, i)
  }
  return { name, frames, x, targets: targetsOf(frames, plan, horizons) }
}

function targetsOf(frames: FrameColumns, plan: FeaturePlan, horizons: readonly number[]): Float32Array {
  const channels = plan.channels.length
  const targets = new Float32Array(frames.count * horizons.length * channels).fill(Number.NaN)
  for (let k = 0; k < horizons.length; k++) {
    let due = 0
    for (let i = 0; i < frames.count; i++) {
      const tick = frames.ticks[i]! + horizons[k]!
      while (due < frames.count && frames.ticks[due]! < tick) due++
      if (due === frames.count || frames.ticks[due] !== tick) continue
      for (let c = 0; c < channels; c++) {
        const at = due * plan.width + plan.channels[c]!
        if (frames.masks[at] === 1) targets[(i * horizons.length + k) * channels + c] = frames.values[at]!
      }
    }
  }
  return targets
}

/** Lanes side by side, step-major, padded to the longest: what `throughChunk` takes. */
export interface Lanes {
  readonly lanes: number
  readonly steps: number
  /** [steps, lanes, F], zeros after a stay's end */
  readonly x: Float32Array
  /** [steps, lanes, K C], NaN where there is no loss */
  readonly targets: Float32Array
}

/**
 * @param burnIn first frames of a stay without loss: the state is still cold
 */
export function laneUp(stays: readonly FramedStay[], features: number, outputs: number, burnIn: number): Lanes {
  const lanes = stays.length
  const steps = Math.max(...stays.map((stay) => stay.frames.count))
  const x = new Float32Array(steps * lanes * features)
  const targets = new Float32Array(steps * lanes * outputs).fill(Number.NaN)
  stays.forEach((stay, lane) => {
    for (let t = 0; t < stay.frames.count; t++) {
      x.set(stay.x.subarray(t * features, (t + 1) * features), (t * lanes + lane) * features)
      if (t < burnIn) continue
      targets.set(stay.targets.subarray(t * outputs, (t + 1) * outputs), (t * lanes + lane) * outputs)
    }
  })
  return { lanes, steps, x, targets }
}
