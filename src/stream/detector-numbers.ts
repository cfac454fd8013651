import { type DriftPlan, driftNumbers, readDrift, writeDrift } from '../scoring/drift.ts'
import type { EvidencePlan } from '../scoring/evidence.ts'
import { evidenceNumbers, readEvidence, writeEvidence } from '../scoring/evidence-row.ts'
import { pendingNumbers, readPending, writePending } from '../scoring/pending.ts'
import type { ScorePlan } from '../scoring/score.ts'
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

/** Where the parts of a detector's row stand: what is before the scores, the own spread, and the failure, are plain doubles. */
interface DetectorRow {
  readonly rows: Rows
  readonly scores: ScorePlan
  readonly scoresAt: number
  readonly evidence: EvidencePlan
  readonly evidenceAt: number
  readonly drift: DriftPlan
  readonly driftAt: number
  readonly failingAt: number
}

/** A detector's rows as plain numbers. @param model which is in their names */
export function detectorNumbers(model: string, row: DetectorRow): SavedRows {
  const { rows, scores, scoresAt, evidence, evidenceAt, drift, driftAt, failingAt } = row
  const spreadAt = scoresAt + scores.ownAt
  const spread = evidenceAt - spreadAt
  const spreadFrom = scoresAt + pendingNumbers(scores)
  const evidenceFrom = spreadFrom + spread
  const driftFrom = evidenceFrom + evidenceNumbers(evidence)
  const failingFrom = driftFrom + driftNumbers(drift)
  return {
    fields: numbered(`${model}/${LAYOUT}`, failingFrom + FAILURE_FIELDS),
    read(slot, into, to) {
      const page = rows.page(slot)
      const at = rows.at(slot)
      for (let i = 0; i < scoresAt; i++) into[to + i] = page[at + i]!
      readPending(scores, page, at + scoresAt, into, to + scoresAt)
      for (let i = 0; i < spread; i++) into[to + spreadFrom + i] = page[at + spreadAt + i]!
      readEvidence(evidence, page, at + evidenceAt, into, to + evidenceFrom)
      readDrift(drift, page, at + driftAt, into, to + driftFrom)
      for (let i = 0; i < FAILURE_FIELDS; i++) into[to + failingFrom + i] = page[at + failingAt + i]!
    },
    write(slot, from, next) {
      const page = rows.page(slot)
      const at = rows.at(slot)
      for (let i = 0; i < scoresAt; i++) page[at + i] = from[next + i]!
      writePending(scores, page, at + scoresAt, from, next + scoresAt)
      for (let i = 0; i < spread; i++) page[at + spreadAt + i] = from[next + spreadFrom + i]!
      writeEvidence(evidence, page, at + evidenceAt, from, next + evidenceFrom)
      writeDrift(drift, page, at + driftAt, from, next + driftFrom)
      for (let i = 0; i < FAILURE_FIELDS; i++) page[at + failingAt + i] = from[next + failingFrom + i]!
    },
  }
}
