import { type HourlyInputs, type InputScale, scaleInputs } from '../../inference/hourly/inputs.ts'
import type { HourlyStay } from '../cohorts/stay.ts'

/** A stay before it is normalised: rows of inputs, kept once for every fold. */
export interface ClassifierStay {
  readonly name: string
  readonly rows: number
  /** [rows, F], NaN where unknown */
  readonly x: Float32Array
  /** [rows] or [1] */
  readonly labels: Uint8Array
}

/** Inputs of a stay before normalisation: [rows, F], NaN where unknown. */
export function rawInputs(inputs: HourlyInputs, stay: HourlyStay): Float64Array {
  const rows = stay.from.length - 1
  const features = inputs.names.length
  const state = new Float64Array(inputs.stateSize)
  const raw = new Float64Array(rows * features)
  inputs.reset(state, 0)
  for (let row = 0; row < rows; row++) {
    for (let i = stay.from[row]!; i < stay.from[row + 1]!; i++) {
      inputs.take(state, 0, stay.channels[i]!, stay.values[i]!)
    }
    inputs.close(state, 0, raw, row * features)
  }
  return raw
}

/** @throws RangeError where the stay has no labels */
export function classifierStay(inputs: HourlyInputs, stay: HourlyStay): ClassifierStay {
  if (stay.labels === undefined) throw new RangeError('a stay without labels cannot be trained on')
  const x = Float32Array.from(rawInputs(inputs, stay))
  return { name: stay.name, rows: stay.from.length - 1, x, labels: stay.labels }
}

/** Rows of a stay as the network meets them: [rows, F], normalised. */
export function scaled({ x, rows }: ClassifierStay, scale: InputScale): Float32Array {
  const features = x.length / rows
  const out = new Float32Array(x.length)
  for (let at = 0; at < x.length; at += features) scaleInputs(scale, x, at, out, at)
  return out
}

/** Rows looked at for a scale: every so many of all. */
const SAMPLED = 100_000
const CLIP = 4
/** interquartile range of a standard normal */
const NORMAL_RANGE = 1.349

/**
 * Median and robust spread (interquartile range, else standard deviation) of every input that has a unit, over known values
 * of training stays; the others pass as they are.
 */
export function fitScale(inputs: Pick<HourlyInputs, 'names' | 'fitted'>, stays: readonly ClassifierStay[]): { centre: number[]; scale: number[]; clip: number } {
  const features = inputs.names.length
  const every = Math.max(1, Math.floor(stays.reduce((sum, stay) => sum + stay.rows, 0) / SAMPLED))
  const values: number[][] = Array.from({ length: features }, () => [])
  let row = 0
  for (const stay of stays) {
    const raw = stay.x
    for (let at = 0; at < raw.length; at += features) {
      if (row++ % every !== 0) continue
      for (let i = 0; i < features; i++) {
        if (inputs.fitted[i]! && !Number.isNaN(raw[at + i]!)) values[i]!.push(raw[at + i]!)
      }
    }
  }
  const fits = values.map((of, i) => (inputs.fitted[i]! && of.length > 0 ? centreAndSpread(of) : [0, 1]))
  return { centre: fits.map(([centre]) => centre!), scale: fits.map(([, scale]) => scale!), clip: CLIP }
} // biome-ignore format: the signature

/** to four digits, so that a manifest reads well */
function centreAndSpread(values: readonly number[]): [number, number] {
  const sorted = Float64Array.from(values).sort()
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]!
  const mean = sorted.reduce((a, b) => a + b, 0) / sorted.length
  const deviation = Math.sqrt(sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / sorted.length)
  const range = (at(0.75) - at(0.25)) / NORMAL_RANGE
  const spread = range > 0.2 * deviation ? range : deviation
  const short = (value: number) => Number(value.toPrecision(4))
  return [short(at(0.5)), spread > 1e-9 ? short(spread) : 1]
}
