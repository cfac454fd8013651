import { expect, it } from 'vitest'
import { knownCoordinators } from '../../../src/kafka/kafkajs/coordinator-patch.ts'

type Outcome = 'done' | Error
const failed = (type: string) => Object.assign(new Error(type), { type })
const TRANSACTION = { groupId: 'ward-0', coordinatorType: 1 }

/** A cluster whose coordinator answers `endTxn` with `outcomes`, one after the other, and what kafkajs would ask of it. */
function clusterWith(...outcomes: Outcome[]) {
  const asked = { coordinator: 0, node: 0, requests: [] as string[] }
  const node = { reachable: true }
  const coordinator = () => {
    const request = (name: string) => async (_options: object) => {
      asked.requests.push(name)
      const outcome = outcomes.shift() ?? 'done'
      if (outcome !== 'done') throw outcome
      return `${name} done`
    }
    return {
      nodeId: '7',
      initProducerId: request('initProducerId'),
      addPartitionsToTxn: request('addPartitionsToTxn'),
      addOffsetsToTxn: request('addOffsetsToTxn'),
      txnOffsetCommit: request('txnOffsetCommit'),
      endTxn: request('endTxn'),
    }
  }
  const cluster = {
    async findGroupCoordinator(_of: typeof TRANSACTION) {
      asked.coordinator++
      return coordinator()
    },
    async findBroker(_of: { nodeId: string }) {
      asked.node++
      if (!node.reachable) throw failed('ECONNREFUSED')
      return coordinator()
    },
    /** of the cluster itself: it must stay what it is */
    self() {
      return Object.getPrototypeOf(this) === cluster || this === cluster
    },
  }
  const inside = knownCoordinators((options) => options.cluster)({ cluster }) as typeof cluster
  return { inside, asked, node }
}

it('asks who coordinates once, whatever is sent', async () => {
  const { inside, asked } = clusterWith()
  for (const request of [
    'initProducerId',
    'addPartitionsToTxn',
    'addOffsetsToTxn',
    'txnOffsetCommit',
    'endTxn',
  ] as const)
    expect(await (await inside.findGroupCoordinator(TRANSACTION))[request]({})).toBe(`${request} done`)
  expect(asked).toMatchObject({ coordinator: 1, node: 4 })
  expect(inside.self()).toBe(true)
})

it('keeps the coordinators of groups and of transactions apart', async () => {
  const { inside, asked } = clusterWith()
  const group = { groupId: 'ward-0', coordinatorType: 0 }
  for (const of of [TRANSACTION, group, TRANSACTION, group]) await inside.findGroupCoordinator(of)
  expect(asked.coordinator).toBe(2)
})

it('asks again after a request failed', async () => {
  const { inside, asked } = clusterWith(failed('NOT_COORDINATOR_FOR_GROUP'))
  await expect((await inside.findGroupCoordinator(TRANSACTION)).endTxn({})).rejects.toThrow('NOT_COORDINATOR')
  await (await inside.findGroupCoordinator(TRANSACTION)).endTxn({})
  expect(asked.coordinator).toBe(2)
})

it('asks again where the node cannot be reached any more', async () => {
  const { inside, asked, node } = clusterWith()
  await inside.findGroupCoordinator(TRANSACTION)
  node.reachable = false
  await (await inside.findGroupCoordinator(TRANSACTION)).endTxn({})
  expect(asked).toMatchObject({ coordinator: 2, node: 1 })
})

it('sends what came too early again, to the same, and gives up after some tries', async () => {
  const early = failed('CONCURRENT_TRANSACTIONS')
  const { inside, asked } = clusterWith(early, early, 'done', early, early, early, early)
  expect(await (await inside.findGroupCoordinator(TRANSACTION)).endTxn({})).toBe('endTxn done')
  expect(asked.requests).toHaveLength(3)
  await expect((await inside.findGroupCoordinator(TRANSACTION)).endTxn({})).rejects.toBe(early)
  expect(asked.requests).toHaveLength(7)
  await inside.findGroupCoordinator(TRANSACTION)
  expect(asked.coordinator).toBe(1)
})
