import type { KafkaMessage } from 'kafkajs'
import type { LogRecord } from '../port.ts'
import { type AbortedTransaction, abortedLeftOut } from './aborted.ts'
import { batchesOf, recordsOf } from './record-batches.ts'

/** A record as a consumer's batch has it: with what stood in the header of its own batch where that says who may see it. */
export interface FetchedRecord extends LogRecord {
  readonly isControlRecord?: boolean
  readonly batchContext?: { readonly producerId: string; readonly inTransaction: boolean }
}

/** The part of kafkajs' Decoder that the patch touches. */
interface Decoder {
  readonly buffer: Buffer
  readonly offset: number
  forward(bytes: number): void
}

/** kafkajs' name for a batch that is cut at the end of a fetch: the next fetch has it whole. */
class PartialBatch extends Error {
  override readonly name = 'KafkaJSPartialMessageError'
}

type Decompress = { decompress(data: Buffer): Promise<Buffer> } | null

/**
 * One batch of a fetch, of layout 2. kafkajs 2.2.4 makes a long integer, a decoder and texts of every record, 1.4 kB that
 * are thrown away at once; here offsets are numbers, as everywhere in Vigil.
 * @param codecOf the codec of a batch's attributes; null for none
 */
export function batchDecoder(codecOf: (attributes: number) => Decompress) {
  return async (decoder: Decoder): Promise<{ readonly records: readonly FetchedRecord[] }> => {
    const rest = decoder.buffer.subarray(decoder.offset)
    const [batch] = batchesOf(rest)
    if (batch === undefined) throw new PartialBatch('a batch is cut at the end of the fetch')
    decoder.forward(batch.bytes)
    const codec = batch.count > 0 ? codecOf(batch.codec) : null
    const records = recordsOf(batch, codec === null ? batch.body : await codec.decompress(batch.body))
    if (!batch.transactional && !batch.control) return { records }
    const batchContext = { producerId: String(batch.producerId), inTransaction: batch.transactional }
    return { records: records.map((it) => ({ ...it, batchContext, isControlRecord: batch.control })) }
  }
}

/** The part of kafkajs' Batch, what one fetch brought of one partition, that the patch touches. */
interface Fetch {
  rawMessages: readonly FetchedRecord[]
  messagesWithinOffset: readonly FetchedRecord[]
  messages: readonly FetchedRecord[]
  /** @returns text in kafkajs; what stands in the records, where there are any */
  firstOffset(): string | number | null
  lastOffset(): string | number
}
interface PartitionData {
  /** of layouts 0 and 1 kafkajs' own decoder */
  readonly messages: readonly (FetchedRecord | KafkaMessage)[]
  readonly abortedTransactions?: readonly AbortedTransaction[] | null
}
export type FetchClass = new (topic: string, fetchedOffset: string, data: PartitionData) => Fetch

/** kafkajs' own record as ours; of a header that was sent twice, the last. */
function numbered(message: FetchedRecord | KafkaMessage): FetchedRecord {
  if (typeof message.offset === 'number') return message as FetchedRecord
  const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.at(-1) : value,
  ])
  return {
    offset: Number(message.offset),
    timestamp: Number(message.timestamp),
    key: message.key,
    value: message.value,
    headers: Object.fromEntries(headers) as LogRecord['headers'],
  }
}

/** A class of fetches whose records are ours; its own filters compare every offset as a long integer. */
export function numberedFetch(Batch: FetchClass): FetchClass {
  return class extends Batch {
    constructor(topic: string, fetchedOffset: string, data: PartitionData) {
      super(topic, fetchedOffset, { ...data, messages: [] })
      const records = data.messages.map(numbered)
      const from = Number(fetchedOffset)
      const { abortedTransactions } = data
      this.rawMessages = records
      this.messagesWithinOffset = records.filter(({ offset }) => offset >= from)
      const seen = abortedLeftOut({
        messages: this.messagesWithinOffset,
        ...(abortedTransactions && { abortedTransactions }),
      })
      this.messages = seen.filter(({ isControlRecord }) => isControlRecord !== true)
    }

    override firstOffset(): string | null {
      const first = super.firstOffset()
      return first === null ? null : String(first)
    }

    override lastOffset(): string {
      return String(super.lastOffset())
    }
  }
}
