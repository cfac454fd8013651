import { type AlertBody, LATE_MS } from '../vitals/alert.ts'
import type { Control } from '../vitals/control.ts'
import type { JournalEntry } from '../vitals/journal.ts'
import { type Rejection, reject } from '../vitals/rejection.ts'
import type { Output, Telemetry } from './ports.ts'
import type { Session } from './session.ts'

export interface OutboxOptions {
  readonly telemetry: Telemetry
  /** this process, in envelopes */
  readonly instance: string
  /** wall clock for envelopes, ms since 1970 */
  readonly now: () => number
}

/** What leaves a ward, in order, until it is taken. */
export class Outbox {
  readonly #options: OutboxOptions
  #outputs: Output[] = []

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  /** outputs since the last `take` */
  get size(): number {
    return this.#outputs.length
  }

  /** What came out since the last call. */
  take(): readonly Output[] {
    const outputs = this.#outputs
    this.#outputs = []
    return outputs
  }

  /** @param offset of the input that is behind the bodies */
  alerts(session: Session, bodies: readonly AlertBody[], offset: number): void {
    const { instance, now, telemetry } = this.#options
    for (const body of bodies) {
      telemetry.alert(body)
      session.started ??= new Map()
      if (body.phase === 'start') session.started.set(body.alertId, offset)
      const fromOffset = session.started.get(body.alertId) ?? offset
      if (body.state === 'inactive') session.started.delete(body.alertId)
      const trace = { source: session.source, partition: session.partition, fromOffset, toOffset: offset }
      const { mode } = session
      const emitted = now()
      const late = emitted - body.times.event
      const overdue = mode === 'live' && late > LATE_MS && { late }
      this.#outputs.push({ kind: 'alert', envelope: { body, mode, emitted, ...overdue, instance, trace } })
    }
    if (session.started?.size === 0) session.started = undefined
  }

  entry(entry: JournalEntry, partition: number): void {
    this.#options.telemetry.entered(entry.entry)
    this.#outputs.push({ kind: 'journal', entry, partition })
  }

  /** @param patientKey whose state changed with it @param refused the control message that it is about */
  letter(rejection: Rejection, partition: number, offset: number, patientKey?: string, refused?: Control): void {
    this.#options.telemetry.rejected(rejection.reason, 1)
    const who = patientKey !== undefined && { patientKey }
    const what = refused !== undefined && { refused: () => refused }
    this.#outputs.push({ kind: 'dead-letter', rejection, partition, offset, ...who, ...what })
  }

  /** A reading of this patient that is not scored becomes a dead letter. */
  bury(session: Session, rejection: Rejection, offset: number): void {
    const source = rejection.source ?? session.source
    this.letter({ ...rejection, source }, session.partition, offset, session.patientKey)
  }

  /** Its tick was closed. @param behind seconds from its time to the patient's newest tick */
  late(session: Session, offset: number, behind: number): void {
    const detail = `its tick was closed; the patient's newest tick is ${behind.toFixed(1)} s later`
    this.bury(session, reject('late', detail, 'time'), offset)
  }

  /** What was set aside, and stood alone. @param others stamps that would have had to agree */
  alone(session: Session, aside: Session['aside'], others: number): void {
    const detail = `no other ${others} stamps agreed with its time`
    for (const { offset } of aside) this.bury(session, reject('ahead-of-clock', detail, 'time'), offset)
  }
}
