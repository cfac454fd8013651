import type { KafkaWard } from './kafka-ward.ts'
import type { KafkaClient } from './port.ts'

/** How old the end of a partition may be, ms: a fetch with nothing to bring is answered after half of it. */
const LATELY_MS = 1000

/** Ends of the live partitions that a fetch was told lately. @param now wall clock, ms */
export function endsOf(
  around: Pick<KafkaWard, 'live' | 'end'>,
  topic: string,
  now: number,
): ReadonlyMap<number, number> {
  const ends = new Map<number, number>()
  for (const { partition } of around.live) {
    const end = around.end(topic, partition)
    if (end !== undefined && now - end.at <= LATELY_MS) ends.set(partition, end.next)
  }
  return ends
}

export interface LagOptions {
  readonly around: Pick<KafkaWard, 'live'>
  readonly client: Pick<KafkaClient, 'bounds'>
  readonly topic: string
  /** of `endsOf` */
  readonly ends: ReadonlyMap<number, number>
}

/**
 * Records of a topic in the live partitions that are not worked yet. Where a partition ends that was not fetched lately, the
 * brokers are asked: it is held back or its broker silent, and what a fetch was told before would say that it keeps up.
 * @throws VigilError of `bounds`
 */
export async function lag({ around, client, topic, ends }: LagOptions): Promise<number> {
  const behind = await Promise.all(
    around.live.map(async ({ partition, worked }) => {
      const next = ends.get(partition) ?? (await client.bounds(topic, partition)).next
      return Math.max(0, next - (worked.get(topic) ?? next))
    }),
  )
  return behind.reduce((sum, records) => sum + records, 0)
}
