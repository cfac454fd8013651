import type { LogRecord } from '../port.ts'
import type { Fetched } from './fetch.ts'
import { codecOf } from './library.ts'
import { batchesOf, bodyOf, committedOnly, recordsOf } from './record-batches.ts'

/**
 * Records of one fetch that a read-committed reader sees, and where the next fetch begins.
 * @param from offset of the fetch: a batch may begin before it
 * @param end first offset that is not wanted any more
 */
export async function visibleOf(
  fetched: Pick<Fetched, 'aborted' | 'records'>,
  from: number,
  end = Number.POSITIVE_INFINITY,
): Promise<{ readonly records: LogRecord[]; readonly next: number }> {
  const visible = committedOnly(fetched.aborted)
  const records: LogRecord[] = []
  let next = from
  for (const batch of batchesOf(fetched.records)) {
    next = Math.max(next, batch.next)
    if (!visible(batch) || batch.count === 0) continue
    for (const each of recordsOf(batch, await bodyOf(batch, codecOf)))
      if (each.offset >= from && each.offset < end) records.push(each)
  }
  return { records, next }
}
