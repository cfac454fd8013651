import { type MonoTypeOperatorFunction, map } from 'rxjs'
import { newBed } from '../../dashboard/bed.ts'
import type { ReplayMark } from '../../dashboard/protocol.ts'
import type { Committer, InputBatch, Output, Sink } from '../../stream/ports.ts'
import { takeSnapshot } from '../../stream/snapshot.ts'
import type { Priority } from '../../vitals/alert.ts'
import type { PagedWard } from '../paged-ward.ts'
import type { SnapshotStore } from './snapshot-store.ts'

const RANK: readonly Priority[] = ['info', 'low', 'medium', 'high']

/** What is known of a recording while, and after, it is read through once. */
export interface Survey {
  /** event times of what was read, ms since 1970; null before the first reading */
  readonly start: number | null
  readonly end: number | null
  readonly complete: boolean
  /** alert id -> its mark, in the order in which they were raised */
  readonly marks: ReadonlyMap<string, ReplayMark>
  /** marks that are new or more urgent since the last call */
  news(): ReplayMark[]
}

export interface Surveyor extends Survey {
  /** sees what is read */
  readonly read: MonoTypeOperatorFunction<InputBatch>
  /** sees what is said */
  readonly sink: Sink
  /** takes a snapshot every so often */
  readonly committer: Committer
  done(): void
}

export interface SurveyorOptions {
  readonly paged: Pick<PagedWard, 'served' | 'memory'>
  /** undefined: no snapshots */
  readonly store: SnapshotStore | undefined
  /** event time from one snapshot to the next, ms, at least */
  readonly everyMs: number
  /** event time from which the time line is, where that is not the first input's, ms */
  readonly from: number | undefined
  /** event time of the snapshot that it goes on from, ms */
  readonly base: number | undefined
}

/** Follows a replay on its straight way: what its time line is, and snapshots to come back to. */
export function surveyor({ paged: { served, memory }, store, everyMs, from, base }: SurveyorOptions): Surveyor {
  const marks = new Map<string, ReplayMark>()
  let fresh = new Map<string, ReplayMark>()
  let start: number | null = null
  let end: number | null = null
  let position = 0
  let saved = base ?? Number.NEGATIVE_INFINITY
  let complete = false
  const saw = (batch: InputBatch) => {
    for (const input of batch.inputs) {
      if (input.kind === 'rejection') continue
      const time = input.kind === 'reading' ? input.time : input.at
      start ??= Math.max(time, from ?? time)
      end = Math.max(time, end ?? time)
    }
    position = batch.offsets[batch.inputs.length - 1]! + 1
  }
  const mark = (output: Output) => {
    if (output.kind !== 'alert') return
    const { alertId, phase, priority, times, subject } = output.envelope.body
    if (from !== undefined && times.event < from) return
    const before = marks.get(alertId)
    if (before === undefined && phase !== 'start') return
    if (before !== undefined && RANK.indexOf(priority) <= RANK.indexOf(before[2])) return
    const at = before?.[1] ?? times.event
    const made: ReplayMark = [alertId, at, priority, before?.[3] ?? newBed(subject.patientKey).id]
    marks.set(alertId, made)
    fresh.set(alertId, made)
  }
  return {
    get start() {
      return start
    },
    get end() {
      return end
    },
    get complete() {
      return complete
    },
    marks,
    news() {
      const news = [...fresh.values()]
      fresh = new Map()
      return news
    },
    read: map((batch: InputBatch) => ({
      ...batch,
      done() {
        saw(batch)
        batch.done()
      },
    })),
    sink: {
      name: 'survey',
      async deliver(outputs) {
        for (const output of outputs) mark(output)
      },
      async close() {},
    },
    committer: {
      async flushed() {
        if (store === undefined || end === null || end - saved < everyMs) return
        saved = end
        await store.put(await takeSnapshot(served.ward, { position, time: end }, memory.save()))
      },
    },
    done() {
      complete = true
    },
  }
}
