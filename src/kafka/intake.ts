import type { Input } from '../stream/ports.ts'
import type { Control } from '../vitals/control.ts'
import type { Rejection } from '../vitals/rejection.ts'
import { partitionOf } from './murmur2.ts'
import type { Owned } from './owned.ts'
import type { LogRecord, NewRecord } from './port.ts'
import { type DecodedRecord, rekeyed } from './record-decoder.ts'

/** What one fetch of a partition's topic brings to the ward. */
export interface Intake {
  readonly inputs: readonly Input[]
  /** offset of inputs[i] */
  readonly offsets: readonly number[]
  /** keyless records under their patients' keys, each to be written with the position that passes it: [offset, record] */
  readonly rekeyed: readonly (readonly [offset: number, record: NewRecord])[]
  /** records whose key is another partition's */
  readonly misplaced: number
}

/** Decodes a record of a topic. Inputs that belong to one record share its offset. */
export type Decode = (record: LogRecord) => DecodedRecord | Control | Rejection

/**
 * Records as inputs. What the restored states know already is left out: a patient's readings up to its newest, and
 * rejections below what was committed, since they stand in the dead letters.
 * @param partitions of the topic
 */
export function takeRecords(
  owned: Owned,
  topic: string,
  partitions: number,
  records: readonly LogRecord[],
  decode: Decode,
): Intake {
  const inputs: Input[] = []
  const offsets: number[] = []
  const again: [number, NewRecord][] = []
  let misplaced = 0
  let newest = -1
  const committed = owned.committed.get(topic) ?? 0
  for (const record of records) {
    const { offset } = record
    const decoded = decode(record)
    if ('kind' in decoded) {
      // a control message, or why it is none: nobody's readings, and never read twice once they are committed
      if (offset >= committed) push(decoded, record)
      continue
    }
    const { reading, rejections, keyless } = decoded
    newest = offset
    if (keyless && reading !== undefined) {
      const partition = partitionOf(reading.patientKey, partitions)
      if (offset >= committed) again.push([offset, rekeyed(record, reading.patientKey, topic, owned.number, partition)])
      continue
    }
    if (offset >= committed) for (const rejection of rejections) push(rejection, record)
    if (reading === undefined) continue
    if (owned.restored !== undefined && (owned.restored.get(reading.patientKey) ?? -1) >= offset) continue
    if (record.key !== null && partitionOf(record.key, partitions) !== owned.number) misplaced++
    inputs.push(reading)
    offsets.push(offset)
  }
  // offsets of another topic say nothing of how far the readings are
  if (owned.restored !== undefined && newest >= owned.restoredTo) owned.restored = undefined
  return { inputs, offsets, rekeyed: again, misplaced }

  function push(input: Rejection | Control, record: LogRecord): void {
    owned.originals.set(input, record)
    inputs.push(input)
    offsets.push(record.offset)
  }
}

/** Inputs that are worked together, and what leaves with the position that passes them. */
export interface Portion {
  readonly inputs: readonly Input[]
  readonly offsets: readonly number[]
  readonly rekeyed: readonly NewRecord[]
  /** next offset that is not worked once these are */
  readonly worked: number
}

/**
 * An intake in portions. The inputs of one record stay together, and a keyless record leaves with the portion that passes
 * it: a commit may come between any two.
 * @param size inputs of a portion, about
 * @param next offset after the last record of the fetch
 */
export function portionsOf({ inputs, offsets, rekeyed }: Intake, size: number, next: number): Portion[] {
  const portions: Portion[] = []
  let passed = 0
  let from = 0
  do {
    let to = Math.min(from + size, inputs.length)
    while (to < inputs.length && offsets[to] === offsets[to - 1]) to++
    const worked = to === inputs.length ? next : offsets[to]!
    const again: NewRecord[] = []
    for (; passed < rekeyed.length && rekeyed[passed]![0] < worked; passed++) again.push(rekeyed[passed]![1])
    portions.push({ inputs: inputs.slice(from, to), offsets: offsets.slice(from, to), rekeyed: again, worked })
    from = to
  } while (from < inputs.length)
  return portions
}
