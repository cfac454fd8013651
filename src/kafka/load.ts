import { VigilError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Input, KafkaTelemetry } from '../stream/ports.ts'
import type { Ward } from '../stream/ward.ts'
import type { Owned } from './owned.ts'
import type { Restored } from './restore.ts'

/** Where restored patients go. */
interface LoadOptions {
  readonly ward: Ward
  /** the readings' topic */
  readonly source: string
  readonly telemetry: KafkaTelemetry
  readonly log: Log
  readonly now: () => number
}

/**
 * Take what a changelog says into the ward, and the partition to where it goes on. To be called while the ward is at rest.
 * @returns what is to be said of patients that another build watched
 */
export function load(owned: Owned, { changelog, from, worked }: Restored, options: LoadOptions): readonly Input[] {
  const { ward, source, log, telemetry, now } = options
  const { number: partition } = owned
  const known = new Map<string, number>()
  const entries: Input[] = []
  let unreadable = 0
  for (const [patientKey, record] of changelog.states) {
    try {
      const place = { source, partition, layouts: changelog.layouts, now: now() }
      const { lastOffset, entry } = ward.state.load(patientKey, record, place)
      if (entry !== undefined) entries.push(entry)
      known.set(patientKey, lastOffset)
      owned.restoredTo = Math.max(owned.restoredTo, lastOffset)
    } catch (error) {
      if (!(error instanceof VigilError) || error.code !== 'state-unreadable') throw error
      unreadable++
      if (unreadable === 1) log.error({ partition, code: error.code }, error.message)
    }
  }
  if (unreadable > 0) telemetry.unreadable(unreadable)
  if (known.size > 0) owned.restored = known
  owned.layoutsKept = new Set(changelog.layouts.keys())
  owned.committed = worked
  owned.selfTestedAt = now()
  for (const [topic, next] of from) {
    owned.fetched.set(topic, next)
    owned.worked.set(topic, next)
  }
  return entries
}
