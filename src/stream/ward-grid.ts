import { VigilError } from '../errors.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import type { Detector } from './detector.ts'
import { type GridPlan, gridPlan } from './grid.ts'
import type { Lane } from './lane.ts'

/** Grid of a ward that has no forecaster: for the limits, and for hourly models that gather its ticks. */
const LIMITS_GRID = { cadenceSeconds: 1, latenessSeconds: 2 }

/**
 * The one time grid of a ward, of its detectors' cadence and of the longest lateness among them.
 * @throws VigilError `config-invalid` when their cadences differ
 */
export function wardGrid(table: ChannelTable, detectors: readonly Detector[]): GridPlan {
  const grids = detectors.length > 0 ? detectors.map(({ manifest }) => manifest.grid) : [LIMITS_GRID]
  const cadences = new Set(grids.map((grid) => grid.cadenceSeconds))
  if (cadences.size > 1) {
    throw new VigilError(
      'config-invalid',
      `models.serve: models of ${[...cadences].join(' s and ')} s cadence cannot share a ward`,
    )
  }
  const { cadenceSeconds } = grids[0]!
  return gridPlan(table.channels, cadenceSeconds, Math.max(...grids.map((grid) => grid.latenessSeconds)))
}

/** The shortest cadence that any model of a ward works at, seconds: a source may well speak no more often than that. */
export function finestCadence(detectors: readonly Detector[], risks: readonly Lane[]): number {
  const cadences = (detectors.length > 0 ? detectors : risks).map(({ manifest }) => manifest.grid.cadenceSeconds)
  return cadences.length > 0 ? Math.min(...cadences) : LIMITS_GRID.cadenceSeconds
}

/** Ticks that hourly models of a ward with these forecasters are given, seconds. */
export const wardTickSeconds = (detectors: readonly Detector[]): number =>
  detectors[0]?.manifest.grid.cadenceSeconds ?? LIMITS_GRID.cadenceSeconds
