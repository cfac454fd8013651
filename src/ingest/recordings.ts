import { defer, type SchedulerLike } from 'rxjs'
import { VigilError } from '../errors.ts'
import type { InputBatch, Source } from '../stream/ports.ts'
import { merged, type TimedInputs } from './merge.ts'
import { paced } from './pace.ts'
import { Playhead, played } from './playhead.ts'
import { pull } from './pull.ts'
import { openRecording, type RecordingOptions } from './recording.ts'

/** Inputs of all files together that are read ahead, and of one file, at least. */
const AHEAD = 2048
const LEAST_AHEAD = 16

export interface ReplayOptions extends Omit<RecordingOptions, 'patientKey'> {
  /** whose recording a file is, where it does not say; by default by its name */
  readonly patientKey?: string | ((path: string) => string)
  /** seconds of the recording a second of the clock, or a moment that somebody moves; 'max' by default */
  readonly speed?: number | 'max' | Playhead
  readonly scheduler?: SchedulerLike
  /** only inputs of event times in [from, to), ms since 1970 */
  readonly from?: number
  readonly to?: number
  /** inputs, of those wanted, that were worked before: the first offset */
  readonly skip?: number
  /** 'fail' (default): a bad file ends the replay, after what could be read of it; 'skip': the others go on */
  readonly onBadFile?: 'fail' | 'skip'
  /** told of every file that is skipped */
  readonly onSkipped?: (error: VigilError) => void
}

/** Give a stream of batches the form of a source: offsets `first`, first + 1, ... in partition 0. */
function carrier(source: string, first: number): (batch: TimedInputs, done: () => void) => InputBatch {
  let next = first
  return ({ inputs }, done) => {
    const offsets = new Float64Array(inputs.length)
    for (let i = 0; i < offsets.length; i++) offsets[i] = next++
    return { source, partition: 0, inputs, offsets, taken: done, done }
  }
}

/** What of a batch lies in [from, to). */
function within(batch: TimedInputs, from: number, to: number): TimedInputs {
  const wanted = (time: number) => time >= from && time < to
  if (batch.times.every(wanted)) return batch
  return { times: batch.times.filter(wanted), inputs: batch.inputs.filter((_, i) => wanted(batch.times[i]!)) }
}

/** What of a batch is left when its first inputs are gone. */
function without(batch: TimedInputs, first: number): TimedInputs {
  return first === 0 ? batch : { times: batch.times.slice(first), inputs: batch.inputs.slice(first) }
}

interface Timing {
  readonly speed?: number | 'max' | Playhead
  readonly scheduler?: SchedulerLike
  /** batches that may be out and not taken */
  readonly untaken?: number
  readonly firstOffset?: number
}

/** A source out of timed inputs, paced and held back by at most `untaken` batches that are not taken. */
export function timedSource(
  source: string,
  open: () => AsyncIterable<TimedInputs>,
  { speed = 'max', scheduler, untaken = 2, firstOffset = 0 }: Timing = {},
): Source {
  const timed = (signal: AbortSignal) =>
    speed instanceof Playhead ? played(open(), speed, signal) : paced(open(), speed, signal, scheduler)
  return defer(() => pull(timed, carrier(source, firstOffset), untaken))
}

/**
 * Recordings as a source: merged in event-time order, in bounded memory (one batch a file), at most two batches that are not taken.
 * All files are open at once.
 * @param paths files as `openRecording` takes them
 */
export function replaySource(paths: readonly string[], options: ReplayOptions): Source {
  const { patientKey, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY, batch = 512, skip = 0 } = options

  function onError(error: unknown): void {
    if (options.onBadFile !== 'skip' || !(error instanceof VigilError)) throw error
    options.onSkipped?.(error)
  }

  async function* open(): AsyncGenerator<TimedInputs> {
    const recordings = paths.map((path) => {
      const key = typeof patientKey === 'function' ? patientKey(path) : patientKey
      const { table, zeros, mapping, anchor, hl7 } = options
      return openRecording(path, {
        table,
        // young readings are cheap, readings that wait are not: fewer of each file the more files there are
        batch: Math.max(LEAST_AHEAD, Math.min(batch, Math.ceil(AHEAD / paths.length))),
        ...(zeros === undefined ? {} : { zeros }),
        ...(mapping === undefined ? {} : { mapping }),
        ...(anchor === undefined ? {} : { anchor }),
        ...(hl7 === undefined ? {} : { hl7 }),
        ...(key === undefined ? {} : { patientKey: key }),
      })
    })
    let worked = skip
    for await (const inputs of merged(recordings, batch, onError)) {
      const all = within(inputs, from, to)
      const wanted = without(all, Math.min(worked, all.inputs.length))
      worked -= all.inputs.length - wanted.inputs.length
      if (wanted.inputs.length > 0) yield wanted
    }
  }
  return timedSource('replay', open, {
    speed: options.speed ?? 'max',
    firstOffset: skip,
    ...(options.scheduler === undefined ? {} : { scheduler: options.scheduler }),
  })
}
