import { detectionDelay } from '../evaluation/faults/alarms.ts'
import { FAULT_GRID, type FaultCell, type FaultKind } from '../evaluation/faults/grid.ts'
import { type FaultyRecording, inject } from '../evaluation/faults/inject.ts'
import { type Recording, readingAt, recordingOf } from '../evaluation/faults/recording.ts'
import type { Stay } from '../training/dataset.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import { onsets } from './alarms.ts'
import { type Contestant, foresee } from './contestant.ts'

/** seconds of a stay that faults are put into: as long as the recordings the grid was made for */
const EXCERPT = 480
/** faults in each excerpt's turn through the grid: more patients, not more faults, say more */
const EACH = 16
/** places and signs: none of those that the benchmark uses */
const SEED = 47
/** what the network has to notice; what is missing or stands still is the sensor logic's */
const KINDS: ReadonlySet<FaultKind> = new Set(['spike', 'drift', 'decoupled'])

/** Excerpts of some stays, and the same with one fault each: what two contestants are asked to tell apart. */
export interface FaultTask {
  readonly untouched: readonly Stay[]
  readonly faulty: readonly { readonly patient: number; readonly fault: FaultyRecording; readonly stay: Stay }[]
}

/** @param channels of the models; faults of others are left out, and all of them where the cadence is not one second */
export function faultTask(stays: readonly Stay[], channels: readonly string[], table: ChannelTable): FaultTask {
  const cells = FAULT_GRID.filter((cell) => KINDS.has(cell.kind) && cell.channels.every((it) => channels.includes(it)))
  const excerpts = stays.map((stay) => excerptOf(recordingOf(stay, table)))
  const faulty = excerpts.flatMap((excerpt, patient) =>
    turn(cells, patient).flatMap((cell) => {
      const fault = inject(excerpt, cell, SEED)
      return fault === undefined ? [] : [{ patient, fault, stay: stayOf(fault, table) }]
    }),
  )
  return { untouched: excerpts.map((it) => stayOf(it, table)), faulty }
}

/** Each patient gets the next cells of the grid. */
function turn(cells: readonly FaultCell[], patient: number): FaultCell[] {
  const count = Math.min(EACH, cells.length)
  return Array.from({ length: count }, (_, i) => cells[(patient * EACH + i) % cells.length]!)
}

/** The middle of a recording. */
function excerptOf(recording: Recording): Recording {
  const seconds = Math.min(EXCERPT, recording.seconds)
  const from = (recording.seconds - seconds) >> 1
  const width = recording.seconds === 0 ? 0 : recording.values.length / recording.seconds
  return {
    ...recording,
    start: recording.start + from * 1000,
    seconds,
    values: recording.values.slice(from * width, (from + seconds) * width),
  }
}

function stayOf(recording: Recording, table: ChannelTable): Stay {
  const readings = Array.from({ length: recording.seconds }, (_, second) =>
    readingAt(recording, second, recording.name, table),
  ).filter((reading) => reading !== undefined)
  return { name: recording.name, readings }
}

/** Which of the faults a contestant finds at a threshold. */
export async function faultsFound(contestant: Contestant, task: FaultTask, q: number): Promise<boolean[]> {
  const starts = async (stays: readonly Stay[]) => {
    const foreseen = await foresee(contestant, stays)
    return onsets(contestant, foreseen, q).map((frames, i) => {
      const { ticks } = foreseen[i]!.stay.frames
      return frames.map((frame) => ticks[frame]! - ticks[0]!)
    })
  }
  const own = await starts(task.untouched)
  const found = await starts(task.faulty.map(({ stay }) => stay))
  return task.faulty.map(({ patient, fault }, i) => detectionDelay(found[i]!, fault, own[patient]!) !== undefined)
}
