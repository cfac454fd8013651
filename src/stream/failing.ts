import { VigilError } from '../errors.ts'
import type { FrameColumns } from '../vitals/frame.ts'
import type { JournalEntry } from '../vitals/journal.ts'
import type { Detector } from './detector.ts'
import type { OpinionDetector } from './opinion-detector.ts'
import type { Telemetry } from './ports.ts'
import type { RiskDetector } from './risk-detector.ts'
import type { Session } from './sessions.ts'
import type { Stepped } from './watch.ts'

interface Stepping {
  readonly detectors: readonly Detector[]
  readonly risks?: readonly RiskDetector[]
  readonly opinions?: readonly OpinionDetector[]
  readonly telemetry: Telemetry
  readonly fallsBack?: boolean
}

/**
 * What every model made of a round that was stepped.
 * @param of the patient of a slot
 * @param began when the step was asked for, ms of `performance`
 * @returns entries for the patients whom a model failed
 * @throws VigilError of an engine that failed, unless the ward falls back
 */
export function settle(
  { detectors, risks = [], opinions = [], telemetry, fallsBack = false }: Stepping,
  round: FrameColumns,
  stepped: Stepped,
  of: (slot: number) => Session,
  began: number,
): JournalEntry[] {
  const seconds = (performance.now() - began) / 1000
  const slower = [...risks, ...opinions]
  slower.forEach(({ engine, manifest }, i) => {
    const { rows, probabilities } = stepped.risks[i]!
    if (rows === 0) return
    telemetry.stepped(engine.provider, rows, seconds, manifest.detector)
    if (probabilities.length > 0) telemetry.risks(manifest.detector, probabilities)
  })
  return detectors.flatMap((detector, i) => {
    const forecast = stepped.forecasts[i]!
    const name = detector.manifest.detector
    if (forecast instanceof VigilError) {
      if (!fallsBack) throw forecast
      telemetry.modelFailed(name, 'engine', round.count)
      return failures(detector, round, of)
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
function failures(detector: Detector, round: FrameColumns, of: (slot: number) => Session): JournalEntry[] {
  const entries: JournalEntry[] = []
  const { grid } = detector.manifest
  for (let row = 0; row < round.count; row++) {
    const slot = round.slots[row]!
    if (detector.off(slot)) continue
    entries.push({
      kind: 'journal',
      patientKey: of(slot).patientKey,
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
  detectors: readonly Detector[],
  sessions: Iterable<Session>,
  newest: (session: Session) => number,
): JournalEntry[] {
  const working = detectors.filter(({ fails }) => !fails)
  const entries: JournalEntry[] = []
  for (const session of sessions) {
    for (const detector of working) {
      if (session.departedAt !== undefined || !detector.off(session.slot)) continue
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
