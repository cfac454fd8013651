/** A record as kafkajs decoded it, with what stood in the header of its batch. */
export interface RawRecord {
  readonly offset: string | number
  readonly key: Buffer | null
  readonly isControlRecord?: boolean
  readonly batchContext?: { readonly producerId: string; readonly inTransaction: boolean }
}
export interface AbortedTransaction {
  readonly producerId: string
  /** offset of the transaction's first record */
  readonly firstOffset: string
}

/** type of a control record, the second int16 of its key */
const ABORT = 0

/**
 * What a read-committed reader sees of one fetch. kafkajs' own filter opens one aborted transaction a record at most, so
 * that a fetch which begins inside two of them, or behind compacted records, shows aborted records; and it takes any
 * record whose key is four zero bytes for an abort marker.
 */
export function abortedLeftOut<T extends RawRecord>(of: {
  messages: readonly T[]
  abortedTransactions?: readonly AbortedTransaction[] | null
}): readonly T[] {
  const { messages, abortedTransactions } = of
  if (!abortedTransactions?.length) return messages
  const waiting = abortedTransactions
    .map(({ producerId, firstOffset }) => ({ producerId, first: Number(firstOffset) }))
    .sort((a, b) => a.first - b.first)
  const open = new Set<string>()
  let next = 0
  return messages.filter((message) => {
    const offset = Number(message.offset)
    while (next < waiting.length && waiting[next]!.first <= offset) open.add(waiting[next++]!.producerId)
    const batch = message.batchContext
    if (!batch?.inTransaction) return true
    if (!message.isControlRecord) return !open.has(batch.producerId)
    if (message.key !== null && message.key.length >= 4 && message.key.readInt16BE(2) === ABORT)
      open.delete(batch.producerId)
    return true
  })
}
