import type { GoldenSteps } from '../vitals/manifest.ts'
import { outputsOf, zeroState } from './bptt.ts'
import { forecasts } from './head.ts'
import type { NetworkShape, Weights } from './network.ts'

/** Largest difference an engine may show from the trainer, absolute. */
const TOLERANCE = 1e-5

/**
 * The first `steps` frames of a stay and what the trainer's network makes of them, statefully, from a zero state.
 * @param x [N, F], N >= steps
 * @param scaleFloor [C]
 */
export async function goldenSteps(
  shape: NetworkShape,
  weights: Weights,
  scaleFloor: Float32Array,
  x: Float32Array,
  steps: number,
): Promise<GoldenSteps> {
  const first = x.subarray(0, steps * shape.features)
  const { outputs, state } = await outputsOf(shape, weights, first, 1, zeroState(shape, 1))
  return {
    x: rowsOf(first, shape.features),
    forecast: rowsOf(forecasts(shape, outputs, first, scaleFloor), shape.horizons * 2 * shape.channels),
    h: state.h.map((h) => Array.from(h)),
    c: state.c.map((c) => Array.from(c)),
    tolerance: TOLERANCE,
  }
}

function rowsOf(values: Float32Array, width: number): number[][] {
  return Array.from({ length: values.length / width }, (_, i) =>
    Array.from(values.subarray(i * width, (i + 1) * width)),
  )
}
