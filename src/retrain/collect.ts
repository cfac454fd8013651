import { createHash } from 'node:crypto'
import type { Input } from '../stream/ports.ts'
import type { JournalEntry } from '../vitals/journal.ts'
import type { Reading } from '../vitals/reading.ts'

/** What clinicians said of alerts. */
export interface Feedback {
  true: number
  false: number
  nuisance: number
}

/** What a window holds, patient by patient. */
export interface Collected {
  /** by patient key, in the order they came */
  readonly readings: ReadonlyMap<string, readonly Reading[]>
  readonly feedback: Readonly<Feedback>
  /** patients and readings that were left out because there were too many */
  readonly left: { readonly patients: number; readonly readings: number }
}

/** readings of one patient, so that nobody teaches more than others: eight hours at one a second */
const OF_ONE = 8 * 3600
/** readings of all: what a gigabyte holds */
const OF_ALL = 1_500_000

/** A number in [0, 1) of a patient key, for good: which side of every split the patient is on. */
export function placeOf(patientKey: string, purpose: string): number {
  return createHash('sha256').update(`${purpose}/${patientKey}`).digest().readUInt32BE(0) / 2 ** 32
}

/** Gathers a window from what arrived in it. */
export interface Collector {
  take(inputs: readonly Input[]): void
  end(): Collected
}

/**
 * Left out: what is not in [from, to), a bed in a procedure (muted), a patient after the discharge; the oldest of a patient
 * with more than eight hours; where all are too many, whole patients, always the same ones.
 */
export function collector(
  { from, to }: { readonly from: number; readonly to: number },
  most: { readonly ofOne: number; readonly ofAll: number } = { ofOne: OF_ONE, ofAll: OF_ALL },
): Collector {
  const readings = new Map<string, Reading[]>()
  const feedback: Feedback = { true: 0, false: 0, nuisance: 0 }
  const away = new Set<string>()
  const dropped = new Set<string>()
  let [total, tooMany] = [0, 0]
  const dropOne = () => {
    const last = [...readings.keys()].reduce((a, b) => (placeOf(a, 'room') >= placeOf(b, 'room') ? a : b))
    total -= readings.get(last)!.length
    tooMany += readings.get(last)!.length
    readings.delete(last)
    dropped.add(last)
  }
  const keep = (reading: Reading) => {
    if (dropped.has(reading.patientKey)) {
      tooMany++
      return
    }
    const own = readings.get(reading.patientKey) ?? []
    readings.set(reading.patientKey, own)
    own.push(reading)
    total++
    // in runs, so that dropping the oldest costs little
    if (own.length >= 1.25 * most.ofOne) {
      tooMany += own.length - most.ofOne
      total -= own.length - most.ofOne
      own.splice(0, own.length - most.ofOne)
    }
    while (total > most.ofAll) dropOne()
  }
  const apply = (entry: JournalEntry) => {
    if (entry.entry === 'mute' || entry.entry === 'discharge') away.add(entry.patientKey)
    if (entry.entry === 'unmute' || entry.entry === 'admit') away.delete(entry.patientKey)
    if (entry.entry === 'feedback' && entry.at >= from && entry.at < to) feedback[entry.verdict]++
  }
  return {
    take(inputs) {
      for (const input of inputs) {
        if (input.kind === 'journal') apply(input)
        else if (input.kind === 'reading' && !away.has(input.patientKey) && input.time >= from && input.time < to)
          keep(input)
      }
    },
    end: () => ({ readings, feedback, left: { patients: dropped.size, readings: tooMany } }),
  }
}
