import { VigilError } from '../errors.ts'
import { Changelog } from './changelog.ts'
import type { Owned } from './owned.ts'
import type { Bounds, KafkaClient, PartitionWriter } from './port.ts'

export interface RestoreOptions {
  readonly client: KafkaClient
  /** the changelog's topic */
  readonly changelog: string
  /** the topics that are consumed; the first one has the readings */
  readonly topics: readonly string[]
  /** where a partition begins that no checkpoint names */
  readonly start: 'earliest' | 'latest'
}

/** A partition as it stood when its last owner committed, and where to go on. */
export interface Restored {
  readonly writer: PartitionWriter
  readonly changelog: Changelog
  /** topic -> next offset to read */
  readonly from: ReadonlyMap<string, number>
  /** topic -> next offset that was committed as worked */
  readonly worked: ReadonlyMap<string, number>
  /** what cannot be made good: the partition goes on, and this is said loudly */
  readonly losses: readonly string[]
}

/**
 * Take a partition over: fence every earlier owner, then read what it left. Nothing is written yet.
 * @throws VigilError kafka-topics when the topic ends before the checkpoint: it was made anew under old states
 */
export async function restore(owned: Owned, options: RestoreOptions): Promise<Restored> {
  const { client, topics } = options
  const { number: partition, lost } = owned
  const writer = await client.fence(partition)
  try {
    lost.signal.throwIfAborted()
    owned.phase = 'restoring'
    const changelog = new Changelog()
    await client.readAll(options.changelog, partition, (records) => changelog.take(records), lost.signal)
    const bounds = await Promise.all(topics.map((topic) => client.bounds(topic, partition)))
    const group = changelog.checkpoint ? [] : await client.committed(topics, partition)
    lost.signal.throwIfAborted()
    return { writer, changelog, ...goOn(changelog, options, partition, bounds, group) }
  } catch (error) {
    await writer.close()
    throw error
  }
}

/** Where each topic goes on. Without a checkpoint the group's position tells that there was one: nothing is said twice. */
function goOn(
  { checkpoint }: Changelog,
  { topics, start, changelog }: RestoreOptions,
  partition: number,
  bounds: readonly Bounds[],
  group: readonly (number | undefined)[],
): Pick<Restored, 'from' | 'worked' | 'losses'> {
  const worked = new Map<string, number>()
  const from = new Map<string, number>()
  const losses: string[] = []
  if (checkpoint === undefined && group[0] !== undefined)
    losses.push(`${changelog}/${partition} has no checkpoint, though the group has worked: its patients begin cold`)
  topics.forEach((topic, i) => {
    const { first, next } = bounds[i]!
    const place = `${topic}/${partition}`
    const known = checkpoint?.next[topic] ?? group[i] ?? (start === 'earliest' ? first : next)
    const wanted = i === 0 ? Math.min(known, checkpoint?.snapshotOffset ?? known) : known
    if (known > next) {
      const message = `the checkpoint goes on at ${known}, and the topic ends at ${next}: it was made anew; delete ${changelog} with it`
      throw new VigilError('kafka-topics', message, { place })
    }
    if (wanted < first) losses.push(`${place}: ${first - wanted} records that were not worked are gone (retention)`)
    worked.set(topic, known)
    from.set(topic, Math.max(first, wanted))
  })
  return { worked, from, losses }
}
