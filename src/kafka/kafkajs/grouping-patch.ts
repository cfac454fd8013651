interface Grouping<M> {
  readonly topic: string
  readonly partitionMetadata: readonly unknown[]
  readonly messages: readonly M[]
  partitioner(of: { topic: string; partitionMetadata: readonly unknown[]; message: M }): number
}

/** The messages of a topic by partition, in their order. kafkajs 2.2.4 copies the whole list again for each message. */
export function groupedByPartition<M>(grouping: Grouping<M>): Record<number, M[]> {
  const { topic, partitionMetadata, messages, partitioner } = grouping
  const groups: Record<number, M[]> = {}
  if (partitionMetadata.length === 0) return groups
  for (const message of messages) {
    const partition = partitioner({ topic, partitionMetadata, message })
    const group = groups[partition]
    if (group === undefined) groups[partition] = [message]
    else group.push(message)
  }
  return groups
}
