import { type Output, patientOf } from '../stream/ports.ts'
import type { Saved, WardState } from '../stream/ward-state.ts'
import type { AlertEnvelope } from '../vitals/alert.ts'
import type { Rejection, RejectionReason } from '../vitals/rejection.ts'
import { alertRecord } from './alert-record.ts'
import { checkpointRecord, layoutRecord, policyRecord, stateRecord, successionsRecord } from './changelog.ts'
import { deadLetter } from './dead-letter.ts'
import { evidenceRecord } from './evidence-record.ts'
import { journalRecord } from './journal-record.ts'
import type { Owned } from './owned.ts'
import type { NewRecord, Position } from './port.ts'
import { topicName } from './topics.ts'

/** What one commit of a partition makes visible together. */
export interface Transaction {
  readonly records: readonly NewRecord[]
  readonly positions: readonly Position[]
  /** the alerts in it, or beside it where they leave at least once */
  readonly alerts: readonly AlertEnvelope[]
  /** the first reason of each dead letter in it */
  readonly letters: readonly RejectionReason[]
  readonly states: number
}

export interface TransactionOptions {
  readonly prefix: string
  readonly state: WardState
  /** alerts leave in the transaction; false: they left before it */
  readonly withAlerts: boolean
  /** states saved although nothing came out of their patients, at most */
  readonly quota: number
}

/**
 * Take what an owned partition has to say since its last commit: what came out, the state of every patient it came from,
 * the oldest unsaved states beside them, positions and checkpoint. To be called while the ward is at rest.
 */
export function takeTransaction(owned: Owned, options: TransactionOptions): Transaction {
  const { prefix, state, withAlerts, quota } = options
  const { number: partition } = owned
  const stateTopic = topicName(prefix, 'state')
  const readings = topicName(prefix, 'readings')
  const outputs = owned.outputs
  const records: NewRecord[] = owned.rekeyed
  owned.outputs = []
  owned.rekeyed = []
  owned.waitsSince = undefined

  const alerts = outputs.flatMap((it) => (it.kind === 'alert' ? [it.envelope] : []))
  const before = new Map<string, Saved | undefined>()
  const save = (patientKey: string) => {
    // what was refused here because another partition has the patient changes nothing of it
    if ((state.partitionOf(patientKey) ?? partition) !== partition) return
    const saved = state.save(patientKey)
    before.set(patientKey, saved)
    records.push(stateRecord(stateTopic, partition, patientKey, saved?.record ?? null))
  }
  for (const output of outputs) {
    const patientKey = patientOf(output)
    if (patientKey !== undefined && !before.has(patientKey)) save(patientKey)
    if (output.kind === 'journal')
      records.push(journalRecord(prefix, { entry: output.entry, topic: readings, partition }))
  }
  const unsaved = state.unsaved(partition)
  /** those out of whom nothing came */
  let others = 0
  for (let left = quota; left > 0; left--) {
    const session = unsaved.next()
    if (session === undefined) break
    records.push(stateRecord(stateTopic, partition, session.patientKey, state.saveOf(session).record))
    others++
  }
  for (const envelope of alerts) {
    if (withAlerts) records.push(alertRecord(prefix, partition, envelope))
    const { body, trace } = envelope
    const saved = body.phase === 'start' ? before.get(body.subject.patientKey) : undefined
    if (saved === undefined) continue
    // a patient whose first record this is began with nothing
    const row = saved.before ?? state.blank(partition, Math.max(0, saved.from))
    const { alertId, eventId, subject } = body
    const head = {
      patientKey: subject.patientKey,
      alertId,
      eventId,
      topic: readings,
      partition,
      fromOffset: trace.fromOffset,
    }
    records.push(evidenceRecord(prefix, { head, state: row }))
  }
  // of one whose state knows nothing of it the position alone tells that it was told
  const told = ({ patientKey, rejection, offset }: Letter) =>
    patientKey === undefined && offset < (owned.committed.get(rejection.source ?? readings) ?? 0)
  const letters = together(outputs).filter(([letter]) => !told(letter!))
  for (const each of letters) records.push(deadLetterOf(owned, topicName(prefix, 'readings.dlq'), each, readings))

  const { layouts } = state
  for (const layout of layouts)
    if (!owned.layoutsKept.has(layout.id)) records.push(layoutRecord(stateTopic, partition, layout))
  if (layouts.some(({ id }) => !owned.layoutsKept.has(id))) owned.layoutsKept = new Set(layouts.map(({ id }) => id))
  if (owned.successions.size > 0 && !owned.successionsKept)
    records.push(successionsRecord(stateTopic, partition, owned.successions))
  owned.successionsKept = true
  if (owned.policyOrigin !== undefined && !owned.policyKept)
    records.push(policyRecord(stateTopic, partition, owned.policyOrigin))
  owned.policyKept = true
  const snapshotOffset = Math.min(unsaved.oldest() ?? Number.POSITIVE_INFINITY, owned.worked.get(readings) ?? 0)
  owned.committed = owned.positions
  const next = Object.fromEntries(owned.committed)
  records.push(checkpointRecord(stateTopic, partition, { snapshotOffset, next }))
  const positions = [...owned.committed].map(([topic, offset]) => ({ topic, partition, offset }))
  return {
    records,
    positions,
    alerts,
    letters: letters.map((each) => each[0]!.rejection.reason),
    states: before.size + others,
  }
}

type Letter = Extract<Output, { kind: 'dead-letter' }>

/** The rejections of one record stand in one dead letter. */
function together(outputs: readonly Output[]): Letter[][] {
  const byRecord = new Map<string, Letter[]>()
  for (const output of outputs) {
    if (output.kind !== 'dead-letter') continue
    const id = `${output.rejection.source}/${output.offset}`
    const known = byRecord.get(id)
    if (known === undefined) byRecord.set(id, [output])
    else known.push(output)
  }
  return [...byRecord.values()]
}

function deadLetterOf(owned: Owned, topic: string, letters: readonly Letter[], readings: string): NewRecord {
  const { rejection, offset } = letters[0]!
  const rejections: readonly Rejection[] = letters.map((it) => it.rejection)
  const original = rejections.map((it) => owned.originals.get(it)).find((it) => it !== undefined)
  return deadLetter(
    topic,
    { topic: rejection.source ?? readings, partition: owned.number, offset },
    rejections,
    original,
  )
}
