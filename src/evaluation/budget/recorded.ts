import { merged } from '../../ingest/merge.ts'
import { openRecording, type RecordingOptions } from '../../ingest/recording.ts'
import type { OpenWard } from './calibration.ts'

/** Inputs of a batch, and of one file that are read ahead. */
const BATCH = 2048
const AHEAD = 64

/**
 * Recordings as a ward that can be put through again and again, in event-time order; of a part of the patients by a hash
 * of their keys.
 * @throws VigilError as `openRecording`, when the inputs are read
 */
export function openRecorded(paths: readonly string[], options: RecordingOptions): OpenWard {
  return async function* (every) {
    const recordings = paths.map((path) => openRecording(path, { ...options, batch: AHEAD }))
    const failed = (error: unknown) => {
      throw error
    }
    for await (const { inputs } of merged(recordings, BATCH, failed)) {
      yield every === 1
        ? inputs
        : inputs.filter((input) => input.kind === 'rejection' || partOf(input.patientKey) % every === 0)
    }
  }
}

/** FNV-1a: which part of the patients one belongs to. */
function partOf(patientKey: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < patientKey.length; i++) hash = Math.imul(hash ^ patientKey.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
