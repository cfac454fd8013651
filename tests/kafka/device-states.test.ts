import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { FakeCluster } from './fake-client.ts'
import { readings, seconds } from './fake-ward.ts'
import { alone, still } from './undisturbed.ts'

test('states that live on a device are fetched before a commit reads them, and not read after the next step', async () => {
  const cluster = new FakeCluster(1)
  const { ward, around, client } = await alone(cluster)
  let there = false
  let [fetches, saves] = [0, 0]
  const early: string[] = []
  const save = ward.state.save.bind(ward.state)
  const drain = ward.drain.bind(ward)
  ward.state.fetch = async () => {
    await setTimeout(3)
    there = true
    fetches++
  }
  ward.state.save = (key) => {
    saves++
    if (!there) early.push(key)
    return save(key)
  }
  ward.drain = () => {
    there = false
    return drain()
  }
  for (const from of [0, 20, 40]) {
    cluster.append(readings(0, 'p-1', seconds(from, from + 20), still))
    await client.fetch()
    await setTimeout(20)
  }
  await around.stop()
  expect(early).toEqual([])
  expect(fetches).toBeGreaterThan(1)
  expect(saves).toBeGreaterThan(1)
  expect(cluster.values('t.alerts').length).toBeGreaterThan(0)
})
