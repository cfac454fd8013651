import type { KafkaMessage } from 'kafkajs'
import { ListedRecords } from '../log-records.ts'
import type { LogRecord, LogRecords } from '../port.ts'
import { vigilError } from './errors.ts'
import {
  type AbortedTransaction,
  type Batch,
  batchesOf,
  bodyOf,
  type CodecOf,
  committedOnly,
  RecordReader,
} from './record-batches.ts'

/** A whole batch of a fetch, its records no longer compressed. */
interface Opened {
  readonly batch: Batch
  readonly body: Buffer
}

/** What kafkajs reads an answer of a broker with. */
interface Decoder {
  readonly buffer: Buffer
  readonly offset: number
  readInt32(): number
  readBytes(bytes: number): Buffer
  canReadBytes(bytes: number): boolean
}
type DecodeSet = (decoder: Decoder) => Promise<readonly KafkaMessage[]>

/** Where in a record set, its length before it, the first batch says its layout. */
const LAYOUT_AT = 4 + 16
const LAYOUT = 2

/**
 * The record set of one partition in an answer, as batches whose records are not taken apart yet. kafkajs 2.2.4 makes every record
 * of a fetch at once, 36,000 of them from four partitions, and a long integer, a decoder and texts for each: what is still
 * there at the next collection of garbage is copied, twice.
 * @param was kafkajs' own, for layouts 0 and 1
 */
export function setDecoder(was: DecodeSet, codecOf: CodecOf) {
  return async (decoder: Decoder): Promise<readonly (Opened | KafkaMessage)[]> => {
    const layout = decoder.buffer[decoder.offset + LAYOUT_AT]
    if (layout !== undefined && layout < LAYOUT) return was(decoder)
    const bytes = decoder.readInt32()
    if (bytes <= 0 || !decoder.canReadBytes(bytes)) return []
    const opened: Opened[] = []
    for (const batch of batchesOf(decoder.readBytes(bytes))) opened.push({ batch, body: await bodyOf(batch, codecOf) })
    return opened
  }
}

/** Records of batches from an offset on. */
class BatchRecords implements LogRecords {
  readonly next: number
  left: number
  readonly #from: number
  /** newest first */
  readonly #waiting: Opened[]
  #reader: RecordReader | undefined

  constructor(batches: readonly Opened[], from: number, next: number) {
    this.next = next
    this.left = batches.reduce((sum, { batch }) => sum + batch.count, 0)
    this.#from = from
    this.#waiting = batches.toReversed()
  }

  take(most: number): readonly LogRecord[] {
    const records: LogRecord[] = []
    try {
      while (records.length < most && this.left > 0) {
        const record = this.#reader?.read()
        if (record === undefined) this.#open()
        else {
          this.left--
          if (record.offset >= this.#from) records.push(record)
        }
      }
    } catch (error) {
      throw vigilError(error, 'taking a fetch apart')
    }
    return records
  }

  #open(): void {
    const { batch, body } = this.#waiting.pop()!
    this.#reader = new RecordReader(batch, body)
  }
}

/** A record of kafkajs' own as ours; of a header that was sent twice, the last. */
function numbered(message: KafkaMessage): LogRecord {
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

/** What stands in kafkajs' lists of a fetch instead of records: it asks whether they are empty, and for the offset of the last. */
interface Place {
  readonly offset: number
  readonly isControlRecord?: boolean
}

/** The part of kafkajs' Batch, what one fetch brought of one partition, that the patch touches. */
interface Fetch {
  readonly topic: string
  readonly partition: number
  readonly fetchedOffset: string
  readonly highWatermark: string
  rawMessages: readonly Place[]
  messagesWithinOffset: readonly Place[]
  messages: readonly Place[]
  firstOffset(): string | null
  /** @returns text in kafkajs; what stands in the lists, where there is anything */
  lastOffset(): string | number
}
interface PartitionData {
  readonly partition: number
  readonly highWatermark: string
  /** next offset after the last one that is in no open transaction */
  readonly lastStableOffset: string
  readonly messages: readonly (Opened | KafkaMessage)[]
  readonly abortedTransactions?: readonly AbortedTransaction[] | null
}
export type FetchClass = new (topic: string, fetchedOffset: string, data: PartitionData) => Fetch

/** A fetch whose records a reader may take apart when it wants to. */
export interface FetchOfRecords extends Pick<Fetch, 'topic' | 'partition'> {
  /** whatever was brought, seen or not */
  readonly rawMessages: readonly Place[]
  /** where the partition ended for a reader of what is committed */
  readonly end: number
  readonly records: LogRecords
}

const NONE: readonly Place[] = []
const NO_RECORDS: LogRecords = new ListedRecords([])

/** A class of fetches that hold batches. Its filters know batches too: a transaction has them for itself. */
export function batchedFetch(Batch: FetchClass): FetchClass {
  class Records extends Batch implements FetchOfRecords {
    readonly end: number
    readonly records: LogRecords
    /** offset of the first record, about; undefined where there is none */
    readonly first: number | undefined

    constructor(topic: string, fetchedOffset: string, data: PartitionData) {
      super(topic, fetchedOffset, { ...data, messages: [] })
      this.end = Number(data.lastStableOffset)
      const from = Number(fetchedOffset)
      const opened = data.messages.filter((it) => 'batch' in it)
      if (opened.length < data.messages.length) {
        const all = data.messages.filter((it) => 'offset' in it).map(numbered)
        const records = all.filter(({ offset }) => offset >= from)
        this.rawMessages = all
        this.messagesWithinOffset = records
        this.messages = records
        this.records = new ListedRecords(records)
        this.first = records[0]?.offset
        return
      }
      const sees = committedOnly(data.abortedTransactions ?? [])
      const last = ({ batch }: Opened) => ({ offset: batch.next - 1, isControlRecord: batch.control })
      const within = ({ batch }: Opened) => batch.next > from
      // of every batch it has to be asked whether it is seen, in order
      const seen = opened.filter(({ batch }) => sees(batch)).filter((it) => within(it) && it.batch.count > 0)
      const [first] = opened.filter(within)
      this.first = first && Math.max(from, first.batch.baseOffset)
      this.rawMessages = opened.map(last)
      this.messagesWithinOffset = opened.filter(within).map(last)
      this.messages = seen.map(last)
      this.records = new BatchRecords(seen, from, (this.messages.at(-1)?.offset ?? -1) + 1)
    }

    override firstOffset(): string | null {
      return this.first === undefined ? null : String(this.first)
    }

    override lastOffset(): string {
      return String(super.lastOffset())
    }
  }

  /** The same of a partition that had nothing to bring, without the lists that kafkajs makes of each: of 80 that idle it is all of them. */
  class Nothing implements FetchOfRecords {
    readonly topic: string
    readonly partition: number
    readonly fetchedOffset: string
    readonly highWatermark: string
    readonly end: number
    readonly first = undefined
    readonly rawMessages = NONE
    readonly messagesWithinOffset = NONE
    readonly messages = NONE
    readonly records = NO_RECORDS

    constructor(topic: string, fetchedOffset: string, { partition, highWatermark, lastStableOffset }: PartitionData) {
      this.topic = topic
      this.partition = partition
      this.fetchedOffset = fetchedOffset
      this.highWatermark = highWatermark
      this.end = Number(lastStableOffset)
    }
  }
  Object.setPrototypeOf(Nothing.prototype, Records.prototype)

  // begun with `new`, as the class that it stands for
  function fetchOf(topic: string, fetchedOffset: string, data: PartitionData) {
    return data.messages.length === 0
      ? new Nothing(topic, fetchedOffset, data)
      : new Records(topic, fetchedOffset, data)
  }
  return fetchOf as unknown as FetchClass
}
