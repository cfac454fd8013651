import { createRequire } from 'node:module'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { libraryConfig } from '../../../src/kafka/kafkajs/connection.ts'
import { KafkaLibrary } from '../../../src/kafka/kafkajs/library.ts'
import type { Queue } from '../../../src/kafka/kafkajs/timer-patch.ts'
import { quiet, wardSettings } from '../broker.ts'

type Opened = Queue & {
  push(of: object): void
  fulfillRequest(of: object): void
  maybeThrottle(ms: number): void
  scheduleCheckPendingRequests(): void
  scheduleRequestTimeoutCheck(): void
}
const RequestQueue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as new (
  options: object,
) => Opened
const logger = { debug() {}, warn() {}, error() {}, info() {} }
const queue = ({ requestTimeout = 5000, isConnected = (): boolean => true } = {}) =>
  new RequestQueue({
    isConnected,
    maxInFlightRequests: 1,
    requestTimeout,
    enforceRequestTimeout: true,
    clientId: 'c',
    broker: 'b',
    logger,
  })

/** Sends, and gives the numbers of the requests that were sent. */
function sender(of: Opened) {
  const sent: number[] = []
  const push = (correlationId: number) =>
    of.push({
      entry: { correlationId, resolve() {}, reject() {} },
      expectResponse: true,
      sendRequest: () => sent.push(correlationId),
    })
  return { sent, push }
}

afterEach(() => {
  vi.useRealTimers()
})

it('a queue in which nothing waits sets no timer', () => {
  vi.useFakeTimers()
  const idle = queue()
  const { sent, push } = sender(idle)
  push(1)
  idle.fulfillRequest({ correlationId: 1, payload: Buffer.alloc(0), size: 0 })
  idle.scheduleCheckPendingRequests()
  expect(sent).toEqual([1])
  expect(vi.getTimerCount()).toBe(0)
})

it('what waits is sent once the one before is answered, and once a throttle ends', () => {
  vi.useFakeTimers()
  const busy = queue()
  const { sent, push } = sender(busy)
  push(1)
  push(2)
  expect(sent).toEqual([1])
  busy.fulfillRequest({ correlationId: 1, payload: Buffer.alloc(0), size: 0 })
  expect(sent).toEqual([1, 2])
  busy.fulfillRequest({ correlationId: 2, payload: Buffer.alloc(0), size: 0 })
  busy.maybeThrottle(300)
  push(3)
  vi.advanceTimersByTime(290)
  expect(sent).toEqual([1, 2])
  vi.advanceTimersByTime(20)
  expect(sent).toEqual([1, 2, 3])
})

it('a request that is not answered in time is given up', () => {
  vi.useFakeTimers()
  const silent = queue()
  const rejected: unknown[] = []
  silent.scheduleRequestTimeoutCheck()
  silent.push({
    entry: { correlationId: 1, resolve() {}, reject: (error: unknown) => rejected.push(error) },
    expectResponse: true,
    sendRequest() {},
  })
  vi.advanceTimersByTime(4000)
  expect(rejected).toEqual([])
  vi.advanceTimersByTime(2100)
  expect(rejected).toHaveLength(1)
  silent.destroy()
})

it('one timer looks at all connections, and ends with the last', () => {
  vi.useFakeTimers()
  let connected = true
  const queues = [queue(), queue({ isConnected: () => connected }), queue({ requestTimeout: 700 })]
  for (const each of queues) each.scheduleRequestTimeoutCheck()
  // one more for those that are to answer within less than the second between two looks
  expect(vi.getTimerCount()).toBe(2)
  queues[2]!.destroy()
  queues[0]!.destroy()
  vi.advanceTimersByTime(1000)
  expect(vi.getTimerCount()).toBe(1)
  connected = false
  vi.advanceTimersByTime(1000)
  expect(vi.getTimerCount()).toBe(0)
})

describe('connections to a broker', () => {
  it('that idle set no timer', async () => {
    const library = new KafkaLibrary(libraryConfig(wardSettings(), quiet))
    const producers = Array.from({ length: 4 }, () => library.producer())
    await Promise.all(producers.map((producer) => producer.connect()))
    await new Promise((resolve) => setTimeout(resolve, 300))
    const set = vi.spyOn(globalThis, 'setTimeout')
    // Waits by another kind of timer than the one it counts; unpatched, four connections set 3,515 a second.
    await new Promise((resolve) => AbortSignal.timeout(1000).addEventListener('abort', resolve))
    expect(set).toHaveBeenCalledTimes(0)
    set.mockRestore()
    await Promise.all(producers.map((producer) => producer.disconnect()))
  })
})
