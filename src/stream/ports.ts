import type { ServerResponse } from 'node:http'
import type { Observable } from 'rxjs'
import type { AlertBody, AlertEnvelope } from '../vitals/alert.ts'
import type { Control } from '../vitals/control.ts'
import type { GateVerdict } from '../vitals/gate-verdict.ts'
import type { JournalEntry } from '../vitals/journal.ts'
import type { ModelOrder } from '../vitals/model-order.ts'
import type { Reading } from '../vitals/reading.ts'
import type { Rejection, RejectionReason } from '../vitals/rejection.ts'
import type { FrameReport } from '../vitals/report.ts'
import type { DriftFigure, Tallied } from '../vitals/tallied.ts'
import type { TrainerPhase } from '../vitals/trainer-phase.ts'
import type { Watching } from '../vitals/watching.ts'

/**
 * One thing of a source, in its order: a reading, what could not be read, a control message, or what changed a patient's
 * future when it was recorded.
 */
export type Input = Reading | Rejection | Control | JournalEntry

/**
 * Consecutive inputs of one partition. A batch carries its acknowledgement: the pipeline calls `done` once every
 * output the batch caused has been accepted by every sink, and not before. It calls `taken` before that, when the ward has
 * all of the batch's inputs, and its source may hand over another.
 */
export interface InputBatch {
  readonly source: string
  readonly partition: number
  readonly inputs: readonly Input[]
  /** offset of inputs[i] in the partition: offsets[i] */
  readonly offsets: ArrayLike<number>
  /** wall clock, ms, since when its inputs wait; from now on where it is left out */
  readonly since?: number
  /** what its source holds and has not yet handed over, about; as before where it is left out */
  readonly behind?: number
  taken?(): void
  done(): void
}

/**
 * Something that waits its turn like a batch and happens while the ward is at rest: nothing waits and nothing is in
 * flight, so that states may be read and written. What it gives is then taken like the inputs of a batch; until it does,
 * the ward rests.
 */
export interface Turn extends InputBatch {
  take(): readonly Input[] | Promise<readonly Input[]>
}

export const isTurn = (batch: InputBatch): batch is Turn => 'take' in batch

/**
 * Where readings come from. Back-pressure is that nothing is taken: a source has at most a few batches that the ward does
 * not have, and completes when it has no more. A flush takes a bounded number of inputs. It errors with a VigilError.
 */
export type Source = Observable<InputBatch>

/** What leaves the pipeline, in order, beside the alerts. */
export type Output =
  | { readonly kind: 'alert'; readonly envelope: AlertEnvelope }
  | {
      readonly kind: 'dead-letter'
      readonly rejection: Rejection
      readonly partition: number
      readonly offset: number
      /** whose state changed with it; undefined where nobody was recognised. For the committer, never for a sink */
      readonly patientKey?: string
      /** what somebody did and the ward refused, for the page on which they did it; called, so that nobody writes it down */
      readonly refused?: () => Control
    }
  | { readonly kind: 'journal'; readonly entry: JournalEntry; readonly partition: number }

/** Whose an output is; undefined where nobody was recognised. */
export function patientOf(output: Output): string | undefined {
  if (output.kind === 'alert') return output.envelope.body.subject.patientKey
  return output.kind === 'journal' ? output.entry.patientKey : output.patientKey
}

/**
 * Where outputs go. `deliver` resolves when the outputs are safe; until then the pipeline holds its sources back.
 * It rejects with a VigilError: retriable ones are retried, others end the pipeline.
 */
export interface Sink {
  readonly name: string
  deliver(outputs: readonly Output[]): Promise<void>
  close(): Promise<void>
}

/** Makes outputs safe together with the state that made them, where a sink alone cannot. */
export interface Committer {
  /**
   * Asked while frames are stepped and more waits: whether the flush is to end, so that the ward rests. Where it is absent,
   * a flush takes in what waits, up to a bound.
   * @param says outputs of the flush so far
   */
  due?(says: number): boolean
  /**
   * A flush ended, its batches are done and the ward is at rest: states may be read until what it gives resolves, and no
   * later. What it resolves late holds the sources back; it rejects when the world is broken for good.
   */
  flushed(outputs: readonly Output[]): Promise<void> | void
}

/**
 * One LSTM step for many patients: the state rows stay inside, by slot. At most one `step` is in flight, two where
 * `ahead` says so, and no slot stands twice in one. Implemented by `inference/`.
 */
export interface StepEngine {
  /** the execution provider that serves; another one once that is lost */
  readonly provider: string
  /** floats of one state row: L * 2 * H, layer by layer h then c */
  readonly stateSize: number
  /** floats of one forecast row: K * 2 * C */
  readonly forecastSize: number
  /**
   * Advance `count` patients by one frame.
   * @param slots [>= count] state rows, all different
   * @param x [>= count * F] features
   * @returns [>= count * forecastSize], valid until the next step is asked for; the next but one, where two are in flight
   */
  step(slots: Int32Array, x: Float32Array, count: number): Promise<Float32Array>
  /** whether a second step may be asked for now, while one is in flight: it is made after it */
  readonly ahead?: boolean
  /** zero the state of a slot (a new patient at the bed) */
  reset(slot: number): void
  /**
   * Where states live on a device: bring those that were stepped since, so that `readState` may be called until their next
   * step. Absent where it may be called at any time. No step may be in flight.
   */
  fetchStates?(): Promise<void>
  /** copy the state row of a slot out of, or into, the engine: [stateSize] */
  readState(slot: number, into: Float32Array): void
  writeState(slot: number, from: Float32Array): void
  close(): Promise<void>
}

/** Sees every scored frame of the beds it asked for; must not keep or change the reports' arrays. */
export interface FrameTap {
  /** asked once a frame before a report is built: the cheap way out. @param time of the frame, ms since 1970 */
  wants(patientKey: string, time: number): boolean
  frames(reports: readonly FrameReport[]): void
  /** a bed's watching state changed; a bed that falls silent has no frame to say so */
  watchingChanged(patientKey: string, watching: Watching): void
  /** another process watches the patient now */
  left(patientKey: string): void
}

/** What the pipeline tells the metrics. Counts only, never a patient. */
export interface Telemetry {
  readings(count: number): void
  rejected(reason: RejectionReason, count: number): void
  frames(count: number): void
  stepped(provider: string, rows: number, seconds: number, detector: string): void
  /** a model gave no forecast: its engine failed, or what it gave is no number */
  modelFailed(detector: string, cause: 'engine' | 'output', rows: number): void
  /** a model's device was lost, and the processor steps its patients from here on */
  providerLost(provider: string, detector: string): void
  /** an hourly model gave these probabilities, one a patient-hour */
  risks(detector: string, probabilities: readonly number[]): void
  alert(body: AlertBody): void
  /** an entry was applied: an admission, an acknowledgement, a mute, a verdict of the wall clock ... */
  entered(entry: JournalEntry['entry']): void
  watching(beds: Readonly<Record<Watching, number>>): void
  /** inputs that arrived and are not yet scored and delivered, and the age of the oldest in seconds */
  queued(inputs: number, oldestSeconds: number): void
  sinkFailed(sink: string, retriable: boolean): void
}

/** What the Kafka side tells the metrics. Counts only, never a patient. */
export interface KafkaTelemetry {
  /** partitions of this process, by where they are in their life */
  partitions(counts: Readonly<Record<'restoring' | 'live', number>>): void
  rebalanced(): void
  restored(seconds: number, bytes: number): void
  committed(seconds: number, states: number, records: number): void
  /** a commit failed and its partition is read back; `code` is a VigilError's */
  aborted(code: string): void
  /** patients whose state is newer than their record */
  dirty(patients: number): void
  /** committed records of the readings that are not worked yet, over all own partitions */
  lag(records: number): void
  /** dead letters written, by the reason of the first rejection */
  deadLetter(reason: RejectionReason, count: number): void
  /** records without a key, written again under their patient's */
  rekeyed(count: number): void
  /** records whose key belongs into another partition by the partitioner that all producers should use */
  misplaced(count: number): void
  /** saved states that could not be read: their patients begin cold */
  unreadable(count: number): void
  /** whether this process can watch its partitions at all */
  watching(watching: boolean): void
  /** seconds from the writing of a self-test reading to the commit of its alert; undefined when it is overdue */
  selfTest(seconds: number | undefined): void
}

/** What the versions of a ward's models tell the metrics. Counts only, never a patient. */
export interface VersionTelemetry {
  /** what a version did since the last call */
  counted(version: Version, role: 'champion' | 'shadow', counts: Tallied): void
  /** how a version's inputs and scores lie, and whether that is beyond what it was made for */
  drifted(version: Version, figures: readonly DriftFigure[], reasons: number): void
  /** an order was read, and followed or not */
  ordered(action: ModelOrder['action'], outcome: 'done' | 'refused'): void
  /** a partition's champion changed: to a challenger, or back to the former one */
  promoted(detector: string, way: 'forth' | 'back'): void
  /** a version was warmed for the patients of a partition */
  warmed(seconds: number, readings: number): void
}

/** What becomes of settings that are read again. */
export interface PolicyTelemetry {
  /** which policy holds in which partitions, asked whenever somebody wants to know */
  holds(
    asked: () => {
      readonly id: string
      readonly set: string
      readonly version: string
      readonly partitions: readonly number[]
    },
  ): void
  reloaded(outcome: 'changed' | 'same' | 'refused'): void
}

/** One model version, by what its manifest calls it. */
export interface Version {
  readonly detector: string
  readonly name: string
  readonly version: string
}

/** What the HL7 edge tells. Never a patient, and no sender: codes and counts. */
export interface Hl7Telemetry {
  /** the edge listens: what will be counted begins at 0 */
  begun(): void
  connections(open: number): void
  /** a connection was ended by the gateway, or not taken: framing, slow, deaf, error, full */
  ended(because: string): void
  /** a message with its acknowledgement code, and the seconds until it was given */
  message(kind: string, answer: string, seconds: number): void
  /** an observation whose code no channel has */
  unmapped(code: string): void
  /** an observation that could not be taken while the others of its message were */
  rejected(reason: RejectionReason): void
  /** reference ids that are not their code's, and status flags that no table knows */
  disagreed(referenceIds: number, flags: number): void
  /** our clock less the sender's, as the message was read, s */
  skew(seconds: number): void
}

/** What deliveries tell. `receiver` is a name of the configuration. */
export interface DeliveryTelemetry {
  /** a receiver is followed: what will be counted of it begins at 0 */
  followed(receiver: string): void
  /** the receiver took so many messages together, so long after the first try */
  delivered(receiver: string, seconds: number, messages: number): void
  /** a try failed and is repeated */
  failed(receiver: string): void
  /** the receiver refused a message for good, or it could not be read: it is a dead letter */
  refused(receiver: string): void
  /** whether messages go through: false while the circuit is open */
  reachable(receiver: string, reachable: boolean): void
}

/** What the trainer tells. Numbers of people, never a patient. */
export interface TrainerTelemetry {
  /** a process that retrains has begun: what will be counted begins at 0 */
  begun(): void
  doing(phase: TrainerPhase): void
  /** the window of the cycle that runs: readings, and patients by part */
  window(readings: number, patients: Readonly<Record<string, number>>): void
  /** what the gate found */
  judged(verdict: GateVerdict): void
  /** a cycle ended, after so many seconds, at a time in ms */
  ended(outcome: 'passed' | 'refused' | 'failed', seconds: number, at: number): void
}

/** One named check of a health answer: whether all is well, and why or why not, in words without identities. */
export interface Check {
  readonly ok: boolean
  readonly reason: string
}

/**
 * One route of the HTTP listener, as data: an adapter offers it, the listener in `http/` serves it.
 * `answer` gives the JSON body, or undefined where there is nothing (404). `open` is handed a response whose head
 * (`text/event-stream`) is written; it lives until either side ends it. `refuses` gives the body that says why a query cannot be answered (400).
 */
export type HttpRoute =
  | {
      readonly kind: 'json'
      readonly path: string
      /** application/json by default */
      readonly contentType?: string
      refuses?(asked: Asked): object | undefined
      answer(params: Readonly<Record<string, string>>, asked: Asked): unknown
    }
  | {
      readonly kind: 'events'
      readonly path: string
      refuses?(asked: Asked): object | undefined
      open(response: ServerResponse, asked: Asked): void
    }
  /** POST by somebody who may act; `name` is who, as the journal is to have it */
  | { readonly kind: 'action'; readonly path: string; act(body: unknown, name: string): Promise<ActionAnswer> }

/** What a request asks for beside its path. */
export interface Asked {
  /** the address's parameters, each as often as it was given */
  readonly query: Readonly<Record<string, readonly string[]>>
  /** scheme and host as the caller addressed them, e.g. http://127.0.0.1:8080 */
  readonly origin: string
  /** path and parameters */
  readonly url: string
  /** the last event that the caller has, where it says so */
  readonly lastEventId?: string
}

/** How an action went, without an identity. */
export interface ActionAnswer {
  readonly status: 202 | 400 | 404 | 503
  readonly body: Readonly<Record<string, string | number>>
}
