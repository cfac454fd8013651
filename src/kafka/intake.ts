import type { Input } from '../stream/ports.ts'
import type { Control } from '../vitals/control.ts'
import type { Rejection } from '../vitals/rejection.ts'
import { lying } from './lying-record.ts'
import { partitionOf } from './murmur2.ts'
import type { Owned } from './owned.ts'
import type { LogRecord, NewRecord } from './port.ts'
import { type DecodedRecord, rekeyed } from './record-decoder.ts'

/** What consecutive records of a partition's topic bring to the ward. */
export interface Intake {
  readonly inputs: readonly Input[]
  /** offset of inputs[i] */
  readonly offsets: readonly number[]
  /** keyless records under their patients' keys, to be written with the position that passes them */
  readonly rekeyed: readonly NewRecord[]
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
  const again: NewRecord[] = []
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
      if (offset >= committed) again.push(rekeyed(record, reading.patientKey, topic, owned.number, partition))
      continue
    }
    if (offset >= committed) for (const rejection of rejections) push(rejection, record)
    if (reading === undefined) continue
    if (owned.restored !== undefined && (owned.restored.get(reading.patientKey) ?? -1) >= offset) continue
    const { bytes, keyFrom, keyTo } = lying(record)
    if (keyTo >= keyFrom && partitionOf(bytes, partitions, keyFrom, keyTo) !== owned.number) misplaced++
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
