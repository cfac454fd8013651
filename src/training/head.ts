import type { NetworkShape } from './network.ts'

/**
 * How far a scale lies above its floor: the fourth power of squareplus (Barron, arXiv 2112.11687),
 * ((a + sqrt(a^2 + 4)) / 2)^4 = e^(4 asinh(a / 2)). Around zero a step of a multiplies the scale, as an exponential would;
 * far out it grows as a power. Only products, sums and a root: onnxruntime rounds those the same at every place of a
 * tensor, so that a row's bits do not depend on its company. Softplus it does not.
 */
export function aboveFloor(a: number): number {
  const square = ((a + Math.sqrt(a * a + 4)) / 2) ** 2
  return square * square
}

/** derivative of `aboveFloor` */
export function aboveFloorSlope(a: number): number {
  return (4 * aboveFloor(a)) / Math.sqrt(a * a + 4)
}

/** the logistic function */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x))
}

/**
 * Raw head outputs -> forecasts, as the exported graph computes them: mean = last value + output, scale = floor + aboveFloor(output).
 * @param outputs [R, 2 K C]: K C means above the last value, K C scales before `aboveFloor`
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
        result[to + channels] = scaleFloor[c]! + aboveFloor(outputs[from + each + k * channels + c]!)
      }
    }
  }
  return result
}
