import { VigilError } from '../errors.ts'
import type { FrameColumns } from '../vitals/frame.ts'
import type { JournalEntry } from '../vitals/journal.ts'
import type { Detector } from './detector.ts'
import type { Telemetry } from './ports.ts'
import type { Session } from './sessions.ts'
import type { Stepped } from './stepped.ts'
import type { Versions } from './versions.ts'

/** Whom a slot holds, and the versions that see the patient. */
interface Seen {
  readonly patientKey: string
  readonly lanes: readonly Detector[]
}

/**
 * What every model made of a round that was stepped.
 * @param seen the patient of a slot
 * @returns entries for the patients whom a model failed
 * @throws VigilError of an engine that failed, unless the ward falls back
 */
export function settle(
  { telemetry, fallsBack = false }: { readonly telemetry: Telemetry; readonly fallsBack?: boolean },
  round: FrameColumns,
  { forecasts, slower }: Stepped,
  seen: (slot: number) => Seen,
): JournalEntry[] {
  for (const { lane, hours, seconds } of slower) {
    const { detector } = lane.manifest
    telemetry.stepped(lane.engine.provider, hours.rows, seconds, detector)
    if (hours.probabilities.length > 0) telemetry.risks(detector, hours.probabilities)
  }
  return forecasts.flatMap(({ detector, forecast, seconds }) => {
    const name = detector.manifest.detector
    if (forecast instanceof VigilError) {
      if (!fallsBack) throw forecast
      telemetry.modelFailed(name, 'engine', round.count)
      return failures(detector, round, seen)
    }
    const failed = detector.remember(round, forecast)
    if (failed > 0) telemetry.modelFailed(name, 'output', failed)
    telemetry.stepped(detector.engine.provider, round.count, seconds, name)
    return []
  })
}

/**
 * A round that a model's engine could not step, as the entries that record it: one a patient whom it does not fail
 * already. A replay, whose engine works, thereby leaves the model out where it was left out.
 */
function failures(detector: Detector, round: FrameColumns, seen: (slot: number) => Seen): JournalEntry[] {
  const entries: JournalEntry[] = []
  const { grid } = detector.manifest
  for (let row = 0; row < round.count; row++) {
    const slot = round.slots[row]!
    const { patientKey, lanes } = seen(slot)
    if (detector.off(slot) || !lanes.includes(detector)) continue
    entries.push({
      kind: 'journal',
      patientKey,
      at: round.ticks[row]! * grid.cadenceSeconds * 1000,
      afterOffset: round.offsets[row]!,
      entry: 'model-failed',
      model: detector.id,
    })
  }
  return entries
}

/**
 * Patients whom a model failed and whose engine works again, as the entries that record it.
 * @param newest a session's newest event time, ms; NaN before the first
 */
export function recoveries(
  versions: Versions,
  sessions: Iterable<Session>,
  newest: (session: Session) => number,
): JournalEntry[] {
  const working = new Set([...versions.all].filter(({ fails }) => !fails))
  const entries: JournalEntry[] = []
  for (const session of sessions) {
    if (session.departedAt !== undefined) continue
    for (const detector of versions.of(session).all) {
      if (!working.has(detector) || !detector.off(session.slot)) continue
      entries.push({
        kind: 'journal',
        patientKey: session.patientKey,
        at: newest(session),
        afterOffset: session.lastOffset,
        entry: 'model-back',
        model: detector.id,
      })
    }
  }
  return entries
}
