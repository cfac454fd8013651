import type { VigilError } from '../errors.ts'

/**
 * What Vigil needs of a Kafka client library, and no more. `kafkajs/` implements it; another client could take its place.
 * Offsets are numbers: a partition would need 285,000 years at 1,000 records a second to leave the safe integers.
 * Everything rejects with a VigilError of a `kafka-*` code.
 */

/** A record as it was read. It is to be taken as it is: key and value may be made when they are asked for, and a spread loses them. */
export interface LogRecord {
  readonly offset: number
  /** broker's or producer's stamp, ms since 1970 */
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, Buffer | undefined>>
  /** for whoever reads it without a buffer of its own */
  readonly lies?: Lying
}

/** Where the key and the value of a record lie among other bytes; an end before its begin: there is none. */
export interface Lying {
  readonly bytes: Buffer
  readonly keyFrom: number
  readonly keyTo: number
  readonly valueFrom: number
  readonly valueTo: number
}

/**
 * Records of one partition as one fetch brought them, in order. They lie as the broker sent them: a record is taken apart
 * when it is asked for, and once, so that what waits is bytes.
 */
export interface LogRecords {
  /** how many are left, at most: of some only their place is */
  readonly left: number
  /** offset after the last */
  readonly next: number
  /**
   * The next records, `most` of them at most; fewer only where none is left afterwards.
   * @throws VigilError when they are damaged
   */
  take(most: number): readonly LogRecord[]
}

/** A record to be written. */
export interface NewRecord {
  readonly topic: string
  readonly partition: number
  readonly key: string | Buffer | null
  /** null is a tombstone in a compacted topic */
  readonly value: string | Buffer | null
  readonly headers?: Readonly<Record<string, string | Buffer>>
}

/** The next offset to read of a topic's partition. */
export interface Position {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/**
 * The one writer of one input partition: it holds the transactional id `GROUP-PARTITION`, and fencing it made every
 * earlier holder's sends and commits fail.
 */
export interface PartitionWriter {
  /**
   * Records and positions become visible together, or not at all. At most one commit is in flight.
   * @throws VigilError `kafka-fenced` when another process holds the id now. After any error the outcome is unknown and
   *   this writer is of no more use: close it, fence again, read the checkpoint.
   */
  commit(records: readonly NewRecord[], positions: readonly Position[]): Promise<void>
  close(): Promise<void>
}

/** A plain idempotent producer: heartbeats, self-test readings, alerts that leave at least once. */
export interface PlainWriter {
  send(records: readonly NewRecord[]): Promise<void>
  close(): Promise<void>
}

/** What a member of the group is told. Both are called by the client, one after the other for one partition. */
export interface GroupEvents {
  /**
   * A generation of the group began: exactly these partitions (of every co-partitioned topic alike) are this member's.
   * Called synchronously, before anything of the generation is fetched.
   * @param kept those of them that this member had without a gap: the client has gone back to their committed offsets,
   *   so the caller re-seeks each topic inside the call. All others were paused before the call, on every topic.
   * @param member itself, since the first call comes before `join` resolves
   */
  joined(partitions: readonly number[], kept: readonly number[], member: GroupMember): void
  /** The coordinator asks for a new generation: a good moment to commit what is pending. Once a generation. */
  rebalancing(): void
  /**
   * Records of one partition, in order; the next are fetched once this resolves. While it is pending the client keeps
   * the membership alive. Records of before a seek may still come: the callee drops what is below its position.
   */
  records(topic: string, partition: number, records: LogRecords): Promise<void>
  /**
   * The membership is lost: for good (an error that retrying cannot mend), or it is tried again until it is there or
   * turns out to be lost for good. Either way none of the partitions is this member's any more, and those of the next
   * generation are all new.
   */
  crashed(error: VigilError, willRetry: boolean): void
}

/** When a member last did what shows that it lives; ms since 1970, undefined for never. */
export interface MemberPulse {
  /** the last answered fetch; none for long: the brokers are silent, or `records` does not return */
  readonly polled: number | undefined
  /** the coordinator's last confirmation of the membership */
  readonly heard: number | undefined
  /** begin of the oldest call of `records` that has not returned */
  readonly busySince: number | undefined
}

/** Where a partition ends, as its broker said it. */
export interface End {
  /** as in `Bounds` */
  readonly next: number
  /** when it was said, ms since 1970 */
  readonly at: number
}

/** A member of the consumer group. Calls for partitions that are not the member's are ignored. */
export interface GroupMember {
  /** After this returns, no call of `records` begins for the partition until `resume`. */
  pause(topic: string, partition: number): void
  resume(topic: string, partition: number): void
  seek(topic: string, partition: number, offset: number): void
  /**
   * Whether the coordinator confirms this membership from now on: true at the second heartbeat from now (one may be under
   * way), false at a new generation, a crash or the end. Who was fenced asks this before fencing again, else a process
   * that slept through the loss of its partitions takes them from their rightful owner.
   */
  confirmed(): Promise<boolean>
  pulse(): MemberPulse
  /**
   * Where a partition ended at its last answered fetch, whether that brought records or not; undefined before the first. It
   * grows old while the partition is not fetched: it is paused, `records` does not return, or its broker is silent.
   */
  end(topic: string, partition: number): End | undefined
  /** Finish the handlers, leave the group politely, disconnect. */
  leave(): Promise<void>
}

export interface GroupOptions {
  /** all of one partition count, checked before; a partition number is assigned for all of them alike */
  readonly topics: readonly string[]
}

/** First and next offset of a partition, for a `read_committed` reader. */
export interface Bounds {
  readonly first: number
  readonly next: number
}

/** Who reads on in several partitions at once, outside any group. */
export interface Following {
  /** where each partition is to be read on; what is left out rests */
  positions(): ReadonlyMap<number, number>
  /**
   * Records of one partition, in order, without those of aborted transactions.
   * @param read.from as it was asked for
   * @param read.next where it is read on; below `from` where the topic was made anew
   */
  took(
    partition: number,
    read: { readonly from: number; readonly next: number; readonly records: readonly LogRecord[] },
  ): void
}

export interface KafkaClient {
  /** of the readings, and of every topic that is co-partitioned with them */
  readonly partitions: number
  /** Take the transactional id of a partition away from whoever held it. */
  fence(partition: number): Promise<PartitionWriter>
  /**
   * Everything committed in a partition from its first offset to its end as of now, aborted transactions left out, in
   * order, a fetch at a time. To be called after `fence`, which ends every open transaction of the partition's writer.
   */
  readAll(
    topic: string,
    partition: number,
    take: (records: readonly LogRecord[]) => void,
    signal?: AbortSignal,
  ): Promise<void>
  /**
   * As `readAll`, from one offset up to another, a fetch at a time: the next is made once `take` resolves. What retention
   * took away is left out.
   */
  readRange(
    topic: string,
    partition: number,
    range: { readonly from: number; readonly to: number },
    take: (records: readonly LogRecord[]) => Promise<void>,
    signal?: AbortSignal,
  ): Promise<void>
  /**
   * Reads what is there and what comes, until the signal is aborted; troubles that pass are waited for.
   * @throws VigilError one that does not pass; the signal's reason
   */
  follow(topic: string, following: Following, signal: AbortSignal): Promise<never>
  bounds(topic: string, partition: number): Promise<Bounds>
  /** First offset whose record was stamped at `timestamp` (ms) or later; the end where none was. */
  offsetAt(topic: string, partition: number, timestamp: number): Promise<number>
  /** The group's committed position of each topic; undefined where it has none. Whoever needs the truth reads a checkpoint. */
  committed(topics: readonly string[], partition: number): Promise<readonly (number | undefined)[]>
  join(options: GroupOptions, events: GroupEvents): Promise<GroupMember>
  writer(): Promise<PlainWriter>
  close(): Promise<void>
}
