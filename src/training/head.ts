import type { NetworkShape } from './network.ts'

/** ln(1 + e^x), without overflow */
export function softplus(x: number): number {
  return x > 30 ? x : Math.log1p(Math.exp(x))
}

/** derivative of softplus */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x))
}

/**
 * Raw head outputs -> forecasts, as the exported graph computes them: mean = last value + output, scale = floor + softplus.
 * @param outputs [R, 2 K C]: K C means above the last value, K C scales before softplus
 * @param x [R, F]: the first C features are the newest values
 * @param scaleFloor [C] normalised
 * @returns [R, K 2 C]: for each horizon C means then C scales, normalised
 */
export function forecasts(
  { channels, horizons, features }: NetworkShape,
  outputs: Float32Array,
  x: Float32Array,
  scaleFloor: Float32Array,
): Float32Array {
  const each = horizons * channels
  const rows = outputs.length / (2 * each)
  const result = new Float32Array(outputs.length)
  for (let row = 0; row < rows; row++) {
    const from = row * 2 * each
    for (let k = 0; k < horizons; k++) {
      for (let c = 0; c < channels; c++) {
        const to = from + k * 2 * channels + c
        result[to] = x[row * features + c]! + outputs[from + k * channels + c]!
        result[to + channels] = scaleFloor[c]! + softplus(outputs[from + each + k * channels + c]!)
      }
    }
  }
  return result
}
