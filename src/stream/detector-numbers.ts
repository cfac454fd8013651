import { type DriftPlan, driftNumbers, readDrift, writeDrift } from '../scoring/drift.ts'
import type { EvidencePlan } from '../scoring/evidence.ts'
import { evidenceNumbers, readEvidence, writeEvidence } from '../scoring/evidence-row.ts'
import { FAILURE_FIELDS } from './failure.ts'
import { numbered, type Rows, type SavedRows } from './rows.ts'

/** What one model version knows of one patient, off its slot. */
export interface Known {
  /** its newest frame's; NaN before the first */
  readonly tick: number
  /** as in a saved state */
  readonly row: Float64Array
  /** [stateSize] */
  readonly state: Float32Array
}

/** Of the numbers: another one is not what an older saved state means. */
const LAYOUT = 3

/** Where the parts of a detector's row stand: what is before the evidence, and the failure, are plain doubles. */
interface DetectorRow {
  readonly rows: Rows
  readonly evidence: EvidencePlan
  readonly evidenceAt: number
  readonly drift: DriftPlan
  readonly driftAt: number
  readonly failingAt: number
}

/** A detector's rows as plain numbers. @param model which is in their names */
export function detectorNumbers(model: string, row: DetectorRow): SavedRows {
  const { rows, evidence, evidenceAt, drift, driftAt, failingAt } = row
  const driftFrom = evidenceAt + evidenceNumbers(evidence)
  const failingFrom = driftFrom + driftNumbers(drift)
  return {
    fields: numbered(`${model}/${LAYOUT}`, failingFrom + FAILURE_FIELDS),
    read(slot, into, to) {
      const page = rows.page(slot)
      const at = rows.at(slot)
      for (let i = 0; i < evidenceAt; i++) into[to + i] = page[at + i]!
      readEvidence(evidence, page, at + evidenceAt, into, to + evidenceAt)
      readDrift(drift, page, at + driftAt, into, to + driftFrom)
      for (let i = 0; i < FAILURE_FIELDS; i++) into[to + failingFrom + i] = page[at + failingAt + i]!
    },
    write(slot, from, next) {
      const page = rows.page(slot)
      const at = rows.at(slot)
      for (let i = 0; i < evidenceAt; i++) page[at + i] = from[next + i]!
      writeEvidence(evidence, page, at + evidenceAt, from, next + evidenceAt)
      writeDrift(drift, page, at + driftAt, from, next + driftFrom)
      for (let i = 0; i < FAILURE_FIELDS; i++) page[at + failingAt + i] = from[next + failingFrom + i]!
    },
  }
}
