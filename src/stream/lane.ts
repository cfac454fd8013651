import type { AlertBody } from '../vitals/alert.ts'
import type { StepEngine } from './ports.ts'
import type { SavedRows } from './rows.ts'

/** A champion raises alerts; a shadow is stepped, scored and saved beside it, and says nothing. Of a forecaster it is each patient's own (`Versions`). */
export type Role = 'champion' | 'shadow'

/**
 * One model version at work in a ward: for each patient a state row in its engine and a row of numbers, at its own
 * cadence, with its own policy. All lanes of a ward take the same frames; a forecaster steps with every one, an hourly
 * model when an hour of the patient is over. What kind it is, is the classes' affair: `Detector`, `RiskDetector`.
 */
export interface Lane {
  readonly manifest: {
    readonly detector: string
    readonly name: string
    readonly version: string
    readonly graph: { readonly sha256: string }
    readonly grid: { readonly cadenceSeconds: number; readonly latenessSeconds: number }
  }
  readonly engine: StepEngine
  /** NAME@VERSION */
  readonly id: string
  /** the model version in a saved record: its hidden states and rows belong to no other */
  readonly model: string
  /** the rows that belong into a patient's saved state */
  readonly saved: SavedRows
  /** a new patient on the slot */
  reset(slot: number): void
  /** whether the last step failed */
  readonly fails: boolean
  /** the engine fails the patient: the lane begins cold, and what it makes of them counts for nothing until `back` */
  fail(slot: number, time: number): void
  /** the engine works again: the lane begins cold with the patient */
  back(slot: number): void
  /** whether what it makes of the patient counts for nothing */
  off(slot: number): boolean
  /** event time since which it fails the patient, ms; NaN when it does not */
  failedAt(slot: number): number
  /** copy a patient's hidden state out, or in: [engine.stateSize] */
  readState(slot: number, into: Float32Array): void
  writeState(slot: number, from: Float32Array): void
}

/** A lane that is no forecaster: it has one role for every patient. */
export interface Slower extends Lane {
  readonly role: Role
}

/** NAME@VERSION of a model. */
export const modelId = ({ name, version }: Pick<Lane['manifest'], 'name' | 'version'>): string => `${name}@${version}`

/** The name of a model version in saved records. */
export function modelKey({ name, version, graph }: Lane['manifest']): string {
  return `${modelId({ name, version })}/${graph.sha256.slice(0, 16)}`
}

/** Where the alerts of a lane come from. */
export function laneSource({ manifest: { detector, name, version, graph } }: Lane): AlertBody['source'] {
  return {
    detector,
    version,
    model: { name, version, sha256: graph.sha256 },
    thresholds: { set: 'manifest', version },
  }
}
