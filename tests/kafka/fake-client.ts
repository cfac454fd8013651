import { setImmediate } from 'node:timers/promises'
import { VigilError } from '../../src/errors.ts'
import { ListedRecords } from '../../src/kafka/log-records.ts'
import { partitionOf } from '../../src/kafka/murmur2.ts'
import type { Following, GroupEvents, GroupMember, KafkaClient, LogRecord, NewRecord } from '../../src/kafka/port.ts'
import { read } from './records.ts'

/** What a test puts in front of a call of the client; it may wait, or throw what the call is to fail with. */
export type Gate = (partition: number) => Promise<void> | void

/**
 * A cluster in memory behind the port of the client, whose generations, fetches and failures a test brings about one by
 * one: fencing, transactions and the rules of `GroupEvents` as in `port.ts`.
 */
export class FakeCluster {
  readonly partitions: number
  readonly logs = new Map<string, LogRecord[]>()
  readonly #epochs = new Map<number, number>()
  /** writers that are open */
  writers = 0
  readonly gates: { fence?: Gate; readAll?: Gate; commit?: Gate; committed?: Gate; bounds?: Gate } = {}
  fences = 0
  commits = 0

  constructor(partitions: number) {
    this.partitions = partitions
  }

  log(topic: string, partition: number): LogRecord[] {
    const place = `${topic}/${partition}`
    const known = this.logs.get(place) ?? []
    this.logs.set(place, known)
    return known
  }

  append(records: readonly NewRecord[]): void {
    for (const record of records) {
      const log = this.log(record.topic, record.partition)
      log.push(read(record, (log.at(-1)?.offset ?? -1) + 1))
    }
  }

  /** values of a topic as text, all partitions */
  values(topic: string): string[] {
    return Array.from({ length: this.partitions }, (_, p) => this.log(topic, p).map((it) => String(it.value))).flat()
  }

  client(): FakeClient {
    return new FakeClient(this)
  }

  fence(partition: number): number {
    const epoch = (this.#epochs.get(partition) ?? 0) + 1
    this.#epochs.set(partition, epoch)
    this.fences++
    return epoch
  }

  check(partition: number, epoch: number): void {
    if (this.#epochs.get(partition) !== epoch) throw new VigilError('kafka-fenced', 'another holds it')
  }
}

export class FakeClient implements KafkaClient {
  readonly cluster: FakeCluster
  readonly partitions: number
  readonly member = new FakeMember()
  events: GroupEvents | undefined
  topics: readonly string[] = []
  /** what `join` waits for */
  joining: Promise<void> = Promise.resolve()
  #held: readonly number[] = []

  constructor(cluster: FakeCluster) {
    this.cluster = cluster
    this.partitions = cluster.partitions
  }

  async fence(partition: number) {
    const { cluster } = this
    await cluster.gates.fence?.(partition)
    const epoch = cluster.fence(partition)
    cluster.writers++
    let closed = false
    return {
      commit: async (records: readonly NewRecord[]) => {
        await cluster.gates.commit?.(partition)
        if (closed) throw new VigilError('kafka-failed', 'the writer is closed')
        cluster.check(partition, epoch)
        cluster.append(records)
        cluster.commits++
        await cluster.gates.committed?.(partition)
      },
      close: async () => {
        if (!closed) cluster.writers--
        closed = true
      },
    }
  }

  async readAll(topic: string, partition: number, take: (records: readonly LogRecord[]) => void, signal?: AbortSignal) {
    await this.cluster.gates.readAll?.(partition)
    signal?.throwIfAborted()
    take(this.cluster.log(topic, partition))
  }

  async readRange(
    topic: string,
    partition: number,
    { from, to }: { readonly from: number; readonly to: number },
    take: (records: readonly LogRecord[]) => Promise<void>,
  ) {
    await take(this.cluster.log(topic, partition).filter(({ offset }) => offset >= from && offset < to))
  }

  /** what is there, once and again */
  async follow(topic: string, { positions, took }: Following, signal: AbortSignal): Promise<never> {
    for (;;) {
      for (const [partition, from] of positions()) {
        const records = this.cluster.log(topic, partition).filter(({ offset }) => offset >= from)
        if (records.length > 0) took(partition, { from, next: records.at(-1)!.offset + 1, records })
      }
      await setImmediate()
      signal.throwIfAborted()
    }
  }

  async offsetAt(topic: string, partition: number, timestamp: number) {
    return this.cluster.log(topic, partition).find((it) => it.timestamp >= timestamp)?.offset ?? 0
  }

  async bounds(topic: string, partition: number) {
    await this.cluster.gates.bounds?.(partition)
    return { first: 0, next: (this.cluster.log(topic, partition).at(-1)?.offset ?? -1) + 1 }
  }

  async committed(topics: readonly string[]) {
    return topics.map(() => undefined)
  }

  async join({ topics }: { topics: readonly string[] }, events: GroupEvents): Promise<GroupMember> {
    this.topics = topics
    await this.joining
    this.events = events
    return this.member
  }

  async writer() {
    return { send: async (records: readonly NewRecord[]) => this.cluster.append(records), close: async () => {} }
  }

  async close() {}

  /** A generation of the group. */
  generation(partitions: readonly number[], { anew = false } = {}): void {
    const kept = anew ? [] : partitions.filter((it) => this.#held.includes(it))
    this.#held = partitions
    this.member.generation(false)
    for (const partition of partitions)
      if (!kept.includes(partition)) for (const topic of this.topics) this.member.paused.add(`${topic}/${partition}`)
    this.events!.joined(partitions, kept, this.member)
  }

  /** Fetch what stands behind each position once. Resolves when all handlers have. */
  async fetch(topics = this.topics): Promise<number> {
    let fetched = 0
    const { member } = this
    for (const topic of topics)
      for (const partition of this.#held) {
        const place = `${topic}/${partition}`
        const from = member.positions.get(place)
        if (member.paused.has(place) || from === undefined) continue
        const records = this.cluster.log(topic, partition).filter((it) => it.offset >= from)
        if (records.length === 0) continue
        fetched += records.length
        member.positions.set(place, records.at(-1)!.offset + 1)
        await this.events!.records(topic, partition, new ListedRecords(records))
      }
    return fetched
  }
}

class FakeMember implements GroupMember {
  readonly paused = new Set<string>()
  readonly positions = new Map<string, number>()
  readonly #confirming: ((confirmed: boolean) => void)[] = []
  left = false

  pause(topic: string, partition: number): void {
    this.paused.add(`${topic}/${partition}`)
  }
  resume(topic: string, partition: number): void {
    this.paused.delete(`${topic}/${partition}`)
  }
  seek(topic: string, partition: number, offset: number): void {
    this.positions.set(`${topic}/${partition}`, offset)
  }
  confirmed(): Promise<boolean> {
    return new Promise((resolve) => this.#confirming.push(resolve))
  }
  /** answers whoever asked for a confirmation */
  generation(confirmed: boolean): void {
    for (const resolve of this.#confirming.splice(0)) resolve(confirmed)
  }
  pulse() {
    return { polled: undefined, heard: undefined, busySince: undefined }
  }
  end() {
    return undefined
  }
  async leave() {
    this.left = true
  }
}

/** A gate that lets through on demand. */
export function gate() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, wait: () => opened }
}

/** Until it holds, by turns of the event loop and not by the clock; the test's own limit ends a wait in vain. */
export async function eventually(holds: () => boolean): Promise<void> {
  while (!holds()) await setImmediate()
}

/** A key that the partitioner puts into this partition. */
export function keyIn(partition: number, partitions: number, from = 0): string {
  for (let i = from; ; i++) if (partitionOf(`p-${i}`, partitions) === partition) return `p-${i}`
}
