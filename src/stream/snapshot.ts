import { promisify } from 'node:util'
import { deserialize, serialize } from 'node:v8'
import { gunzip, gzip } from 'node:zlib'
import { VigilError } from '../errors.ts'
import type { Layout } from './state-record.ts'
import type { Ward } from './ward.ts'

/** A ward at rest, between two inputs of a recording: from here on it goes on as if it had seen everything before. */
export interface Snapshot<Page = unknown> {
  /** inputs of the recording that it knows: the offset of the next one */
  readonly position: number
  /** the newest event time of those inputs, ms since 1970 */
  readonly time: number
  /** every patient's state record, in the order in which they came: hidden states, grid, open alerts */
  readonly patients: readonly (readonly [patientKey: string, record: Uint8Array])[]
  /** what the records were written by */
  readonly layouts: readonly Layout[]
  /** what whoever looks at the ward remembers */
  readonly page: Page
}

/** Of a replay every input is in one partition. */
const PARTITION = 0

/** The ward as it stands. To be called while it is at rest. */
export async function takeSnapshot<Page>(
  ward: Ward,
  at: Pick<Snapshot, 'position' | 'time'>,
  page: Page,
): Promise<Snapshot<Page>> {
  await ward.state.fetch()
  const { state } = ward
  const patients = state.patients(PARTITION).map((key) => [key, state.save(key)!.record] as const)
  return { ...at, patients, layouts: state.layouts, page }
}

/**
 * Put the ward where a snapshot was taken, or at the beginning; whoever it watched is forgotten. To be called while it is at rest.
 * @param source as the recording's inputs name it
 * @throws VigilError state-unreadable: other models or limits took it
 */
export function restoreSnapshot(ward: Ward, snapshot: Snapshot | undefined, source: string, now: number): void {
  const { state } = ward
  state.leave(PARTITION)
  const layouts = new Map(snapshot?.layouts.map((layout) => [layout.id, layout]))
  for (const [key, record] of snapshot?.patients ?? []) {
    const { entry } = state.load(key, Buffer.from(record), { source, partition: PARTITION, layouts, now })
    if (entry !== undefined)
      throw new VigilError('state-unreadable', 'a snapshot was taken by other models or under other limits')
  }
}

const packed = promisify<Uint8Array, { level: number }, Buffer>(gzip)
const unpacked = promisify<Uint8Array, Buffer>(gunzip)

/** A snapshot as bytes: the structured clone of V8, packed by gzip, whose CRC-32 finds damage. */
export const packSnapshot = (snapshot: Snapshot): Promise<Buffer> => packed(serialize(snapshot), { level: 1 })

/** @throws VigilError state-unreadable when the bytes are damaged */
export async function unpackSnapshot<Page>(bytes: Uint8Array): Promise<Snapshot<Page>> {
  try {
    return deserialize(await unpacked(bytes)) as Snapshot<Page>
  } catch (cause) {
    throw new VigilError('state-unreadable', `a snapshot cannot be read: ${(cause as Error).message}`, { cause })
  }
}
