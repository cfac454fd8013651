import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { errorOfCode } from '../../../src/kafka/kafkajs/library.ts'
import { led, partitionsOf } from '../../../src/kafka/kafkajs/topics.ts'

/** the broker's codes */
const NOT_LEADER_FOR_PARTITION = 6
const LEADER_NOT_AVAILABLE = 5
const TOPIC_AUTHORIZATION_FAILED = 29
const UNKNOWN_TOPIC_OR_PARTITION = 3

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Rejects so often with the broker's code, and then does what it should. */
function failing<T>(times: number, code: number, then: T) {
  let calls = 0
  return {
    calls: () => calls,
    async call() {
      if (calls++ < times) throw errorOfCode(code)
      return then
    },
  }
}
const topics = new Map([['t', 2]])
const clusterOf = (fetch: () => Promise<unknown>) => ({
  addMultipleTargetTopics: async () => {},
  refreshMetadata: async () => {},
  fetchTopicsOffset: fetch,
})

test.each([NOT_LEADER_FOR_PARTITION, LEADER_NOT_AVAILABLE])(
  'a broker that has just begun answers %i for seconds: its new topics are waited for',
  async (code) => {
    const { call, calls } = failing(50, code, undefined)
    const waited = led(clusterOf(call), topics)
    await vi.advanceTimersByTimeAsync(5000)
    await waited
    expect(calls()).toBe(51)
    const metadata = failing(50, code, { topicMetadata: [{ topic: 't', partitionMetadata: [{}, {}] }] })
    const looked = partitionsOf({ findControllerBroker: async () => ({ metadata: metadata.call }) as never }, 't')
    await vi.advanceTimersByTimeAsync(5000)
    expect(await looked).toBe(2)
  },
)

test('one that never elects is an error that may pass, and what no election mends is said sooner', async () => {
  const never = led(clusterOf(failing(1e9, NOT_LEADER_FOR_PARTITION, undefined).call), topics).catch((it) => it)
  await vi.advanceTimersByTimeAsync(6100)
  expect(await never).toMatchObject({ code: 'kafka-unreachable', retriable: true })
  const missing = failing(1e9, UNKNOWN_TOPIC_OR_PARTITION, undefined)
  const gone = led(clusterOf(missing.call), topics).catch((it) => it)
  await vi.advanceTimersByTimeAsync(2100)
  expect(await gone).toMatchObject({ code: 'kafka-topics' })
  expect(missing.calls()).toBe(21)
  // whoever may not read them finds out where it matters
  await led(clusterOf(failing(1e9, TOPIC_AUTHORIZATION_FAILED, undefined).call), topics)
})
