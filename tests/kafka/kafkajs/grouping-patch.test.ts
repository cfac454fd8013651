import { createRequire } from 'node:module'
import { array, assert, integer, nat, property } from 'fast-check'
import { expect, it } from 'vitest'
import { groupedByPartition } from '../../../src/kafka/kafkajs/grouping-patch.ts'

const theirs = createRequire(import.meta.url)(
  'kafkajs/src/producer/groupMessagesPerPartition',
) as typeof groupedByPartition
const partitioner = ({ message }: { message: { readonly key: number } }) => message.key % 5

it('gives what kafkajs gives', () => {
  assert(
    property(array(nat(20)), integer({ min: 0, max: 3 }), (keys, partitions) => {
      const messages = keys.map((key, i) => ({ key, i }))
      const grouping = { topic: 't', partitionMetadata: Array.from({ length: partitions }), messages, partitioner }
      expect(groupedByPartition(grouping)).toEqual(theirs(grouping))
    }),
  )
})
