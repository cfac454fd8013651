import type { Output } from '../stream/ports.ts'
import type { Succession } from '../vitals/succession.ts'
import type { LogRecord, NewRecord, PartitionWriter } from './port.ts'

/** An owned partition's life: the writer is fenced in, the changelog read, then it is worked; `lost` is for good. */
export type Phase = 'fencing' | 'restoring' | 'live' | 'lost'

/** One partition from its adoption to its loss. A partition that comes back is a new one. */
export class Owned {
  readonly number: number
  phase: Phase = 'fencing'
  /** the client was told where to go on: what it brings is taken */
  open = false
  /** restores and commits that failed since the last commit that did not */
  failures: number
  /** aborted when it is lost */
  readonly lost = new AbortController()
  writer: PartitionWriter | undefined
  /** topic -> next offset to come from the client */
  readonly fetched = new Map<string, number>()
  /** topic -> next offset that the ward has not worked */
  readonly worked = new Map<string, number>()
  /** topic -> as `worked`, when it was last committed */
  committed: ReadonlyMap<string, number> = new Map()
  /** patient key -> newest reading that its restored state knows, while such readings may come again */
  restored: Map<string, number> | undefined
  /** the largest of them */
  restoredTo = -1
  /** what came out and is not committed */
  outputs: Output[] = []
  /** keyless records under their patients' keys, to be written with the position that passes them */
  rekeyed: NewRecord[] = []
  /** ids of the layouts that the changelog knows */
  layoutsKept: ReadonlySet<string> = new Set()
  /** orders for models that were read, one after the other: what an earlier one waits for, a later one does too */
  ordering: Promise<void> = Promise.resolve()
  /** detector -> where the partition stands in the succession of its model */
  readonly successions = new Map<string, Succession>()
  /** the changelog knows them as they are */
  successionsKept = false
  /** id of the policy that the partition began with, and whether the changelog knows it */
  policyOrigin: string | undefined
  policyKept = false
  /** wall clock, ms, since when an output waits that should leave soon */
  waitsSince: number | undefined
  committing: Promise<void> | undefined
  /** wall clock, ms, of the last commit's begin */
  committedAt = 0
  /** wall clock, ms, of the last self-test alert that was committed; of the beginning before the first */
  selfTestedAt = 0
  /** alerts on their way outside the transaction (at-least-once) */
  sending: Promise<unknown> = Promise.resolve()
  /** the records that decoded rejections came from */
  readonly originals = new WeakMap<object, LogRecord>()

  constructor(number: number, failures = 0) {
    this.number = number
    this.failures = failures
  }

  get live(): boolean {
    return this.phase === 'live'
  }

  /**
   * Topic -> next offset to commit. While a restored partition is worked again up to where it was, that is no step back:
   * what was committed was said.
   */
  get positions(): Map<string, number> {
    return new Map([...this.worked].map(([topic, next]) => [topic, Math.max(next, this.committed.get(topic) ?? 0)]))
  }

  /** Whether anything was worked or came out since the last commit. */
  get moved(): boolean {
    if (this.outputs.length > 0 || this.rekeyed.length > 0) return true
    if (this.successions.size > 0 && !this.successionsKept) return true
    for (const [topic, next] of this.worked) if (next > (this.committed.get(topic) ?? -1)) return true
    return false
  }

  /** It is another process's now, or its memory is not to be trusted: nothing of it leaves any more. */
  lose(): void {
    this.phase = 'lost'
    this.open = false
    this.outputs = []
    this.rekeyed = []
    this.lost.abort()
  }
}
