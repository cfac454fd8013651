import { setTimeout as sleep } from 'node:timers/promises'
import type { Bounds, Following } from '../port.ts'
import { vigilError } from './errors.ts'
import { fetchComing } from './fetch.ts'
import { type Broker, type Cluster, errorOfCode } from './library.ts'
import { visibleOf } from './visible.ts'

/** ms between two fetches of one broker: what comes meanwhile comes together, at a fiftieth of the cost for each */
const GATHER_MS = 20
/** ms until a broker that failed is asked again */
const AGAIN_MS = 200
/** the broker's code where an offset is none of the partition's any more */
const OUT_OF_RANGE = 1

interface Reached {
  readonly cluster: Cluster
  leader(topic: string, partition: number): Promise<Broker>
  bounds(topic: string, partition: number, signal?: AbortSignal): Promise<Bounds>
}

/**
 * One fetch at a time from each broker that leads some of the partitions; troubles that pass are waited for.
 * @throws VigilError one that does not pass; the signal's reason
 */
export async function followTopic(
  { cluster, leader, bounds }: Reached,
  topic: string,
  { positions, took }: Following,
  signal: AbortSignal,
): Promise<never> {
  /** what is asked of each broker at the moment, by its address */
  const asking = new Map<string, Promise<void>>()
  let failure: unknown

  async function ask(broker: Broker, from: ReadonlyMap<number, number>): Promise<void> {
    for (const fetched of await fetchComing(broker, topic, from)) {
      const { partition, code } = fetched
      const asked = from.get(partition)!
      if (code === OUT_OF_RANGE) {
        // retention took the place away, or the topic was made anew: what is there comes from its beginning
        took(partition, { from: asked, next: (await bounds(topic, partition, signal)).first, records: [] })
        continue
      }
      if (code !== 0) throw errorOfCode(code)
      const { records, next } = await visibleOf(fetched, asked)
      if (next > asked) took(partition, { from: asked, next, records })
    }
  }

  /** Partitions by the broker that leads them now. */
  async function led(): Promise<Map<Broker, Map<number, number>>> {
    const by = new Map<Broker, Map<number, number>>()
    for (const [partition, offset] of positions()) {
      const broker = await leader(topic, partition)
      if (asking.has(broker.brokerAddress)) continue
      const some = by.get(broker)
      if (some) some.set(partition, offset)
      else by.set(broker, new Map([[partition, offset]]))
    }
    return by
  }

  /** @throws VigilError what does not pass */
  async function passed(cause: unknown, broker?: Broker): Promise<void> {
    const error = vigilError(cause, 'following', topic)
    if (!error.retriable) throw error
    if (broker && error.code === 'kafka-unreachable') cluster.removeBroker(broker.connectionPool as never)
    await sleep(AGAIN_MS)
    // who is closed meanwhile connects no more
    if (!signal.aborted) await cluster.refreshMetadata().catch(() => undefined)
  }

  while (!signal.aborted) {
    try {
      for (const [broker, from] of await led()) {
        const asked = ask(broker, from)
          .catch((error: unknown) => passed(error, broker))
          .catch((error: unknown) => {
            failure ??= error
          })
          .finally(() => asking.delete(broker.brokerAddress))
        asking.set(broker.brokerAddress, asked)
      }
    } catch (error) {
      await passed(error)
    }
    await Promise.race([...asking.values(), ...(asking.size === 0 ? [sleep(GATHER_MS)] : [])])
    if (failure !== undefined && !signal.aborted) throw failure
    await sleep(GATHER_MS)
  }
  throw signal.reason
}
