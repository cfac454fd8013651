import { expect } from 'vitest'
import { Changelog } from '../../src/kafka/changelog.ts'
import { eventually, FakeCluster } from './fake-client.ts'
import { fakeProcess } from './fake-ward.ts'

export const still = (second: number) => second % 20 === 19

/** One process, its first generation live. */
export async function alone(
  cluster: FakeCluster,
  partitions: readonly number[] = [0],
  sink = {},
  stateIntervalMs = 200,
) {
  const it = fakeProcess(cluster, sink, stateIntervalMs)
  await eventually(() => it.client.events !== undefined)
  it.client.generation(partitions)
  await eventually(() => it.around.partitions.live === partitions.length)
  return it
}

/** Fetch until nothing is left, and stop, which commits everything. */
export async function worked({ client, around }: Awaited<ReturnType<typeof alone>>): Promise<void> {
  while ((await client.fetch()) > 0);
  const fetched = (topic: string, partition: number) => client.member.positions.get(`${topic}/${partition}`) ?? 0
  await eventually(() =>
    around.live.every(({ partition, worked }) =>
      [...worked].every(([topic, next]) => next >= fetched(topic, partition)),
    ),
  )
  await around.stop()
}

export const alertsIn = (cluster: FakeCluster) =>
  cluster.values('t.alerts').map((it) => JSON.parse(it) as { body: { eventId: string; code: string; phase: string } })
export const bodies = (cluster: FakeCluster) => alertsIn(cluster).map((it) => JSON.stringify(it.body))

/** patient -> state as the changelog of the partition has it at last */
export function states(cluster: FakeCluster, partition = 0): Map<string, string> {
  const changelog = new Changelog()
  changelog.take(cluster.log('t.state', partition))
  return new Map([...changelog.states].map(([key, state]) => [key, state.toString('hex')]))
}

/** What an undisturbed process makes of the same records. */
export async function undisturbed(cluster: FakeCluster, partitions: readonly number[] = [0]): Promise<FakeCluster> {
  const other = new FakeCluster(cluster.partitions)
  for (const topic of ['t.readings', 't.encounters', 't.alerts.acks'])
    for (const partition of partitions) {
      const records = cluster.log(topic, partition)
      other.append(records.map(({ key, value }) => ({ topic, partition, key, value })))
    }
  await worked(await alone(other, partitions))
  return other
}

export async function asUndisturbed(cluster: FakeCluster, partitions: readonly number[] = [0]): Promise<void> {
  const wanted = await undisturbed(cluster, partitions)
  expect(bodies(cluster)).toEqual(bodies(wanted))
  expect(bodies(cluster).length).toBeGreaterThan(0)
  for (const partition of partitions) expect(states(cluster, partition)).toEqual(states(wanted, partition))
}
