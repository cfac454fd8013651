import { VigilError } from '../errors.ts'
import type { FrameColumns } from '../vitals/frame.ts'
import type { JournalEntry } from '../vitals/journal.ts'
import type { Lane } from './lane.ts'
import type { Telemetry } from './ports.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'
import type { Stepped } from './stepped.ts'
import type { Versions } from './versions.ts'

/** What settles a round. */
export interface Settling {
  readonly telemetry: Telemetry
  readonly fallsBack: boolean
  /** length of a tick of the round, ms */
  readonly cadenceMs: number
  readonly sessions: Sessions
  readonly versions: Versions
}

/** What a round says of patients whom no model failed. */
const NO_ENTRIES: readonly JournalEntry[] = []

/**
 * What every model made of a round that was stepped.
 * @returns entries for the patients whom a model failed
 * @throws VigilError of an engine that failed, unless the ward falls back
 */
export function settle(
  settling: Settling,
  round: FrameColumns,
  { forecasts, slower }: Stepped,
): readonly JournalEntry[] {
  const { telemetry, fallsBack, sessions, versions } = settling
  let late = NO_ENTRIES
  for (const { lane, hours, seconds } of slower) {
    const { detector } = lane.manifest
    const { failure } = hours
    if (failure !== undefined) {
      if (!fallsBack) throw failure.error
      telemetry.modelFailed(detector, 'engine', failure.rows.length)
      late = [...late, ...failures(settling, lane, round, failure.rows)]
    }
    if (hours.rows === 0) continue
    telemetry.stepped(lane.engine.provider, hours.rows, seconds, detector)
    if (hours.probabilities.length > 0) telemetry.risks(detector, hours.probabilities)
  }
  let early = NO_ENTRIES
  for (const { detector, made, seconds } of forecasts) {
    const name = detector.manifest.detector
    if (made.given instanceof VigilError) {
      if (!fallsBack) throw made.given
      telemetry.modelFailed(name, 'engine', round.count)
      detector.disregard(round)
      const rows = Array.from({ length: round.count }, (_, row) => row)
      const own = rows.filter((row) => versions.of(sessions.at(round.slots[row]!)).all.includes(detector))
      early = [...early, ...failures(settling, detector, round, own)]
      continue
    }
    const failed = detector.remember(round, made.given, made.sound)
    if (failed > 0) telemetry.modelFailed(name, 'output', failed)
    telemetry.stepped(detector.engine.provider, round.count, seconds, name)
  }
  return late.length === 0 ? early : [...early, ...late]
}

/** Those of the rows that a lane did not already count for nothing, as entries. */
function failures(settling: Settling, lane: Lane, round: FrameColumns, rows: readonly number[]): JournalEntry[] {
  return rows.filter((row) => !lane.off(round.slots[row]!)).map((row) => failureOf(settling, lane, round, row))
}

/**
 * A patient whom a model's engine could not step, as the entry that records it. A replay, whose engine works, thereby
 * leaves the model out where it was left out.
 */
const failureOf = ({ sessions, cadenceMs }: Settling, lane: Lane, round: FrameColumns, row: number): JournalEntry => ({
  kind: 'journal',
  patientKey: sessions.at(round.slots[row]!).patientKey,
  at: round.ticks[row]! * cadenceMs,
  afterOffset: round.offsets[row]!,
  entry: 'model-failed',
  model: lane.id,
})

/**
 * Patients whom a model failed and whose engine works again, as the entries that record it.
 * @param newest a session's newest event time, ms; NaN before the first
 */
export function recoveries(
  versions: Versions,
  slower: readonly Lane[],
  sessions: Iterable<Session>,
  newest: (session: Session) => number,
): JournalEntry[] {
  const working = new Set([...versions.all, ...slower].filter(({ fails }) => !fails))
  const entries: JournalEntry[] = []
  for (const session of sessions) {
    if (session.departedAt !== undefined) continue
    for (const lane of [...versions.of(session).all, ...slower]) {
      if (!working.has(lane) || !lane.off(session.slot)) continue
      entries.push({
        kind: 'journal',
        patientKey: session.patientKey,
        at: newest(session),
        afterOffset: session.lastOffset,
        entry: 'model-back',
        model: lane.id,
      })
    }
  }
  return entries
}
