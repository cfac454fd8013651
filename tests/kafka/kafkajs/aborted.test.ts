import { expect, it } from 'vitest'
import { abortedLeftOut } from '../../../src/kafka/kafkajs/aborted.ts'

const data = (offset: number, producerId: string, key = 'k') => ({
  offset: String(offset),
  key: Buffer.from(key),
  isControlRecord: false,
  batchContext: { producerId, inTransaction: true },
})
const marker = (offset: number, producerId: string, type: number) => ({
  ...data(offset, producerId),
  key: Buffer.from([0, 0, 0, type]),
  isControlRecord: true,
})
const ABORT = 0
const COMMIT = 1
const offsets = (of: readonly { offset: string; isControlRecord: boolean }[]) =>
  of.filter((each) => !each.isControlRecord).map((each) => Number(each.offset))

it('leaves out every transaction that was open where the fetch begins', () => {
  // Both began before offset 100; kafkajs' own filter opens one of them per record, and shows 100.
  const messages = [data(100, 'b'), data(101, 'a'), marker(102, 'a', ABORT), marker(103, 'b', ABORT), data(104, 'b')]
  const abortedTransactions = [
    { producerId: 'a', firstOffset: '10' },
    { producerId: 'b', firstOffset: '20' },
  ]
  expect(offsets(abortedLeftOut({ messages, abortedTransactions }))).toEqual([104])
})

it('does not take a record with four zero bytes for a key as the end of a transaction', () => {
  const messages = [data(0, 'a', '\0\0\0\0'), data(1, 'a'), marker(2, 'a', ABORT), data(3, 'a'), marker(4, 'a', COMMIT)]
  const abortedTransactions = [{ producerId: 'a', firstOffset: '0' }]
  expect(offsets(abortedLeftOut({ messages, abortedTransactions }))).toEqual([3])
})

it('is what the library uses', async () => {
  await import('../../../src/kafka/kafkajs/library.ts')
  const { createRequire } = await import('node:module')
  const load = createRequire(import.meta.url)
  expect(load('kafkajs/src/consumer/filterAbortedMessages')).toBe(
    (await import('../../../src/kafka/kafkajs/aborted.ts')).abortedLeftOut,
  )
})
