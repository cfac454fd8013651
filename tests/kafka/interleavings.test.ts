import { setTimeout } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { VigilError } from '../../src/errors.ts'
import { eventually, FakeCluster, gate, keyIn } from './fake-client.ts'
import { fakeProcess, readings, seconds } from './fake-ward.ts'
import { alone, asUndisturbed, bodies, states, still, worked } from './undisturbed.ts'

// The orders in which a group, its fetches, its commits and its end can meet, one by one, on a cluster in memory.

const unknown = () => {
  throw new VigilError('kafka-unreachable', 'no answer', { retriable: true })
}

describe('commits that fail', () => {
  test.each([
    ['and were not made', 'commit'],
    ['and were made', 'committed'],
  ] as const)(
    '%s: what came out is said once, and the states are those of an undisturbed run',
    async (_what, where) => {
      const cluster = new FakeCluster(1)
      const it = await alone(cluster)
      for (let from = 0; from < 100; from += 10) {
        cluster.append(readings(0, 'p-1', seconds(from, from + 10), still))
        if (from === 30 || from === 60) cluster.gates[where] = unknown
        await it.client.fetch()
        if (from === 30 || from === 60) {
          const before = it.aborted.length
          await eventually(() => it.aborted.length > before)
          delete cluster.gates[where]
          await eventually(() => it.around.partitions.live === 1)
        }
      }
      await worked(it)
      expect(it.aborted).toEqual(['kafka-unreachable', 'kafka-unreachable'])
      expect(cluster.writers).toBe(0)
      await asUndisturbed(cluster)
    },
  )

  test('for want of a right end the process, with the code', async () => {
    const cluster = new FakeCluster(1)
    const it = await alone(cluster)
    cluster.gates.commit = () => {
      throw new VigilError('kafka-unauthorised', 'no right to write alerts')
    }
    cluster.append(readings(0, 'p-1', seconds(0, 30), still))
    await it.client.fetch()
    await expect(it.ended).rejects.toMatchObject({ code: 'kafka-unauthorised' })
    expect(it.around.alive()).toMatchObject({ ok: false })
    await it.around.stop()
    expect(it.client.member.left).toBe(true)
    expect(cluster.writers).toBe(0)
  })

  test('again and again are tried less and less often', async () => {
    const cluster = new FakeCluster(1)
    const it = await alone(cluster)
    const at: number[] = []
    cluster.gates.commit = () => {
      at.push(Date.now())
      unknown()
    }
    cluster.append(readings(0, 'p-1', seconds(0, 5)))
    while (at.length < 4) {
      await it.client.fetch()
      await setTimeout(5)
    }
    const pauses = at.slice(1).map((time, i) => time - at[i]!)
    expect(pauses[2]!).toBeGreaterThan(1.5 * pauses[0]!)
    delete cluster.gates.commit
    await eventually(() => it.around.partitions.live === 1)
    await worked(it)
  })

  test('while the process stops do not hold it, and the next one knows everything', async () => {
    const cluster = new FakeCluster(1)
    const it = await alone(cluster)
    cluster.append(readings(0, 'p-1', seconds(0, 50), still))
    cluster.gates.commit = unknown
    await it.client.fetch()
    await it.around.stop()
    await it.ended
    expect([it.client.member.left, cluster.writers]).toEqual([true, 0])
    delete cluster.gates.commit
    await worked(await alone(cluster))
    await asUndisturbed(cluster)
  })
})

describe('generations that come close together', () => {
  test('a partition that comes anew while it is being fenced is watched once', async () => {
    const cluster = new FakeCluster(1)
    const it = fakeProcess(cluster)
    const first = gate()
    cluster.gates.fence = first.wait
    await eventually(() => it.client.events !== undefined)
    it.client.generation([0])
    it.client.generation([0], { anew: true })
    it.client.generation([0])
    first.open()
    delete cluster.gates.fence
    await eventually(() => it.around.partitions.live === 1)
    cluster.append(readings(0, 'p-1', seconds(0, 45), still))
    await it.client.fetch()
    // the older of the two fences may be the later one: then the younger is fenced, and asks before it takes it again
    if (it.around.partitions.live === 0) it.client.member.generation(true)
    await eventually(() => it.around.partitions.live === 1)
    await worked(it)
    expect(cluster.writers).toBe(0)
    await asUndisturbed(cluster)
  })

  test.each(['fence', 'readAll', 'bounds'] as const)(
    'a partition that goes and comes back during %s',
    async (where) => {
      const cluster = new FakeCluster(2)
      const key = keyIn(0, 2)
      const it = await alone(cluster, [0])
      cluster.append(readings(0, key, seconds(0, 45), still))
      await it.client.fetch()
      await eventually(() => bodies(cluster).length > 0)
      const held = gate()
      it.client.generation([])
      cluster.gates[where] = held.wait
      it.client.generation([0])
      await setTimeout(5)
      it.client.generation([])
      held.open()
      delete cluster.gates[where]
      await eventually(() => cluster.writers === 0)
      expect(it.around.partitions).toEqual({ live: 0, restoring: 0 })
      it.client.generation([0])
      await eventually(() => it.around.partitions.live === 1)
      cluster.append(readings(0, key, seconds(45, 90), still))
      await worked(it)
      expect(cluster.writers).toBe(0)
      await asUndisturbed(cluster)
    },
  )

  test('a partition that is lost while its restored states wait their turn', async () => {
    const cluster = new FakeCluster(2)
    const keys = [keyIn(0, 2), keyIn(1, 2)]
    const slow = gate()
    let blocked = false
    const it = await alone(cluster, [1], {
      async deliver() {
        blocked = true
        await slow.wait()
      },
    })
    cluster.append(readings(1, keys[1]!, seconds(0, 25), still))
    cluster.append(readings(0, keys[0]!, seconds(0, 25), still))
    void it.client.fetch()
    await eventually(() => blocked)
    it.client.generation([0, 1])
    await eventually(() => cluster.writers === 2)
    it.client.generation([1])
    slow.open()
    await eventually(() => cluster.writers === 1)
    expect(it.around.partitions).toEqual({ live: 1, restoring: 0 })
    await worked(it)
    expect(states(cluster, 0).size).toBe(0)
    await asUndisturbed(cluster, [1])
  })

  test('whoever slept through the loss of its partition takes nothing back', async () => {
    const cluster = new FakeCluster(1)
    const sleeper = await alone(cluster)
    cluster.append(readings(0, 'p-1', seconds(0, 45), still))
    const successor = await alone(cluster)
    await sleeper.client.fetch()
    await eventually(() => sleeper.aborted.length > 0)
    expect(sleeper.aborted).toEqual(['kafka-fenced'])
    const { fences } = cluster
    await worked(successor)
    sleeper.client.member.generation(false)
    await setTimeout(300)
    expect(cluster.fences).toBe(fences)
    await sleeper.around.stop()
    await asUndisturbed(cluster)
  })
})

describe('the end of a process', () => {
  test('comes although the pipeline broke, with handlers that wait for it', async () => {
    const cluster = new FakeCluster(1)
    const it = await alone(cluster, [0], {
      deliver: () => Promise.reject(new VigilError('internal', 'the disk is full')),
    })
    cluster.append(readings(0, 'p-1', seconds(0, 9000), still))
    const fetching = it.client.fetch()
    await expect(it.ended).rejects.toMatchObject({ message: 'the disk is full' })
    await it.around.stop()
    await fetching
    expect([it.client.member.left, cluster.writers]).toEqual([true, 0])
  })

  test('comes when the pipeline breaks after it was asked for', async () => {
    const cluster = new FakeCluster(1)
    const slow = gate()
    let blocked = false
    const it = await alone(cluster, [0], {
      async deliver() {
        blocked = true
        await slow.wait()
        throw new VigilError('internal', 'the disk is full')
      },
    })
    cluster.append(readings(0, 'p-1', seconds(0, 45), still))
    await it.client.fetch()
    await eventually(() => blocked)
    const stopped = it.around.stop()
    slow.open()
    await stopped
    await expect(it.ended).rejects.toMatchObject({ message: 'the disk is full' })
    expect([it.client.member.left, cluster.writers]).toEqual([true, 0])
  })

  test('asked for on the way into the group: it leaves as soon as it is there, and takes nothing', async () => {
    const cluster = new FakeCluster(1)
    const it = fakeProcess(cluster)
    const joining = gate()
    it.client.joining = joining.wait()
    await setTimeout(1)
    const stopped = it.around.stop()
    joining.open()
    await eventually(() => it.client.events !== undefined)
    it.client.generation([0])
    await stopped
    await it.ended
    expect([it.client.member.left, cluster.fences, it.around.partitions]).toEqual([true, 0, { live: 0, restoring: 0 }])
  })

  test('during a restore leaves no writer behind', async () => {
    const cluster = new FakeCluster(1)
    const it = fakeProcess(cluster)
    const reading = gate()
    cluster.gates.readAll = reading.wait
    await eventually(() => it.client.events !== undefined)
    it.client.generation([0])
    await eventually(() => cluster.writers === 1)
    await it.around.stop()
    reading.open()
    await it.ended
    await eventually(() => cluster.writers === 0)
  })

  test('waits for the commit in flight, and saves what came after it', async () => {
    const cluster = new FakeCluster(1)
    const it = await alone(cluster)
    const first = gate()
    cluster.gates.commit = first.wait
    cluster.append(readings(0, 'p-1', seconds(0, 20), still))
    await it.client.fetch()
    await setTimeout(30)
    cluster.append(readings(0, 'p-1', seconds(20, 60), still))
    await it.client.fetch()
    const stopped = it.around.stop()
    await setTimeout(5)
    first.open()
    await stopped
    // all of it: the next process has nothing to work again
    const next = await alone(cluster)
    expect(await next.client.fetch()).toBe(0)
    await next.around.stop()
    await asUndisturbed(cluster)
  })
})

describe('what is restored', () => {
  test('offsets of control inputs do not pass for those of readings: nothing is taken twice', async () => {
    const cluster = new FakeCluster(1)
    const it = await alone(cluster, [0], {}, 60_000)
    const others = seconds(2, 60).map((i) => `p-${i}`)
    const all = (from: number, to: number) => others.flatMap((key) => readings(0, key, seconds(from, to)))
    cluster.append(all(0, 1))
    await it.client.fetch()
    await eventually(() => cluster.commits > 0)
    // a state is saved with its alert while those of others wait: their readings are read again, its own are skipped
    cluster.append([...all(1, 2), ...readings(0, 'p-1', seconds(0, 45), still)])
    await it.client.fetch()
    await eventually(() => bodies(cluster).length > 0 && it.around.unsaved > 10)
    cluster.gates.commit = unknown
    cluster.append(readings(0, 'p-1', seconds(45, 50)))
    const nobodys = { topic: 't.alerts.acks', partition: 0, key: 'p-1', value: '{}' }
    await it.client.fetch()
    await eventually(() => it.aborted.length > 0)
    delete cluster.gates.commit
    cluster.append(seconds(0, 200).map(() => nobodys))
    await eventually(() => it.around.partitions.live === 1)
    await it.client.fetch(['t.alerts.acks'])
    await it.client.fetch(['t.readings'])
    await worked(it)
    const reasons = cluster.log('t.readings.dlq', 0).map((each) => String(each.headers['vigil.reason']))
    expect(new Set(reasons)).toEqual(new Set(['bad-control']))
    await asUndisturbed(cluster)
  })

  test('what is refused in a foreign partition leaves no state there, and takes none from its own', async () => {
    const cluster = new FakeCluster(2)
    const key = keyIn(0, 2)
    const it = await alone(cluster, [0, 1])
    cluster.append(readings(0, key, seconds(0, 25), still))
    await it.client.fetch()
    cluster.append(readings(0, key, seconds(25, 30)))
    await it.client.fetch()
    cluster.append(readings(1, key, seconds(30, 32)))
    await it.client.fetch()
    await worked(it)
    expect(states(cluster, 1)).toEqual(new Map())
    const reasons = cluster.log('t.readings.dlq', 1).map((each) => String(each.headers['vigil.reason']))
    expect(reasons).toEqual(['other-partition', 'other-partition'])
    await asUndisturbed(cluster, [0])
  })

  test('one key in two changelogs: the one that was there first goes on', async () => {
    const cluster = new FakeCluster(2)
    const key = keyIn(0, 2)
    cluster.append(readings(0, key, seconds(0, 25), still))
    cluster.append(readings(1, key, seconds(0, 5)))
    for (const partition of [0, 1]) await worked(await alone(cluster, [partition]))
    expect([states(cluster, 0).size, states(cluster, 1).size]).toEqual([1, 1])
    const before = states(cluster, 0)
    const it = await alone(cluster, [0])
    it.client.generation([0, 1])
    await eventually(() => it.around.partitions.live === 2)
    expect(it.told.unreadable).toBe(1)
    expect(it.ward.watching).toMatchObject({ degraded: 1 })
    await it.around.stop()
    expect(states(cluster, 0)).toEqual(before)
  })

  test('states are saved although nothing comes any more', async () => {
    const cluster = new FakeCluster(1)
    // long beside the pauses of a busy machine: one commit does not save them all
    const it = await alone(cluster, [0], {}, 2000)
    const of = (from: number) => seconds(0, 50).flatMap((i) => readings(0, `p-${i}`, seconds(from, from + 3)))
    cluster.append(of(0))
    await it.client.fetch()
    await eventually(() => cluster.commits > 0)
    cluster.append(of(3))
    await it.client.fetch()
    const { commits } = cluster
    await eventually(() => cluster.commits > commits)
    expect(it.around.unsaved).toBeGreaterThan(0)
    await eventually(() => it.around.unsaved === 0)
    await it.around.stop()
  })
})
