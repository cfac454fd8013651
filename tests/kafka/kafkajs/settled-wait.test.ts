import { expect, test } from 'vitest'
import { settledWait } from '../../../src/kafka/kafkajs/library.ts'

test('a fetch waits as asked while a partition is about to begin, and longer where none is', () => {
  expect(settledWait(200, 1)).toBe(200)
  expect(settledWait(200, 0)).toBe(500)
  expect(settledWait(1000, 0)).toBe(1000)
})
