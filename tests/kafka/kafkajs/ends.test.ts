import { expect, it } from 'vitest'
import type { Cluster } from '../../../src/kafka/kafkajs/library.ts'
import { openReader } from '../../../src/kafka/kafkajs/read-all.ts'

/** Partitions of two brokers in turn, each of which ends at ten times its number. */
function clusterOfTwo() {
  const asked: number[][] = []
  const brokers = [0, 1].map(() => ({
    async listOffsets({ topics }: { topics: { partitions: { partition: number }[] }[] }) {
      const numbers = topics[0]!.partitions.map(({ partition }) => partition)
      asked.push(numbers)
      // a broker answers in whatever order it likes
      const partitions = numbers.toReversed().map((partition) => ({ partition, offset: String(10 * partition) }))
      return { responses: [{ topic: 't', partitions }] }
    },
  }))
  const cluster = {
    connect: async () => {},
    addMultipleTargetTopics: async () => {},
    findTopicPartitionMetadata: () => [0, 1, 2, 3, 4].map((partitionId) => ({ partitionId, leader: partitionId % 2 })),
    findBroker: async ({ nodeId }: { nodeId: number }) => brokers[nodeId],
  }
  return { reader: openReader(cluster as unknown as Cluster), asked }
}

it('asks each leader once, and gives the ends in the order of the question', async () => {
  const { reader, asked } = clusterOfTwo()
  expect(await reader.ends('t', [4, 1, 0, 3])).toEqual([40, 10, 0, 30])
  expect(asked).toEqual([
    [4, 0],
    [1, 3],
  ])
  expect(await reader.ends('t', [])).toEqual([])
  expect(asked).toHaveLength(2)
})
