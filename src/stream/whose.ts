import type { Reading } from '../vitals/reading.ts'
import { type Rejection, reject } from '../vitals/rejection.ts'
import type { Session } from './session.ts'

// Whose reading is this: of the patient at the key, of another one, or of nobody who is watched?

/** Whether a reading is of another encounter than the patient's. */
export function another({ encounter }: Session, reading: Reading): boolean {
  return reading.encounter !== undefined && encounter !== undefined && reading.encounter !== encounter
}

/** Whether a reading says something new of where its patient lies, or of how it is read. */
export function elsewhere(session: Session, { encounter, unit, bed, mode }: Reading): boolean {
  return (
    mode !== session.mode ||
    (encounter !== undefined && encounter !== session.encounter) ||
    (unit !== undefined && unit !== session.unit) ||
    (bed !== undefined && bed !== session.bed)
  )
}

/**
 * Why a reading is none of the patient at its key; undefined when it is.
 * @param partition that it came by, where patients are partitioned
 * @param departedSeconds a reading is of a patient who left up to so many seconds after
 * @param otherMode whether the patient was heard before, in another mode
 */
export function strange(
  session: Session,
  reading: Reading,
  partition: number | undefined,
  departedSeconds: number,
  otherMode: boolean,
): Rejection | undefined {
  if (partition !== undefined && session.partition !== partition)
    return reject('other-partition', 'its key was sent to another partition before', 'key')
  if (session.departedAt !== undefined) return straggler(session.departedAt, reading, departedSeconds)
  return otherMode ? stranger(session, reading) : undefined
}

/** Why a reading of a patient who left is none of a patient who is back. */
function straggler(departedAt: number, { time }: Reading, seconds: number): Rejection | undefined {
  const after = (time - departedAt) / 1000
  if (after > seconds) return undefined
  return reject('departed', `its time is ${after.toFixed(1)} s after the patient left`, 'time')
}

/** Why a reading is not of a patient who was heard before: what is not live never mixes with what is. */
function stranger(session: Session, { mode }: Reading): Rejection | undefined {
  if (session.mode !== 'live' || mode === 'live') return undefined
  return reject('other-mode', `the patient is watched live, the mode is ${mode}`, 'mode')
}
