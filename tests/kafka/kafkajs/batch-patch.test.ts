import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { withBareLibrary } from '../../../src/kafka/kafkajs/library.ts'

const load = createRequire(import.meta.url)
const { RecordBatch } = load('kafkajs/src/protocol/recordBatch/v0')
const Record = load('kafkajs/src/protocol/recordBatch/record/v0')
const Long = load('kafkajs/src/utils/long')
const Encoder = load('kafkajs/src/protocol/encoder')

const GZIP = 1
type Part = { base: number; keys: readonly string[]; producerId?: number; control?: number; codec?: number }

async function batch({ base, keys, producerId = -1, control, codec = 0 }: Part): Promise<Buffer> {
  const records = keys.map((key, offsetDelta) =>
    Record({
      key: control === undefined ? key : Buffer.from([0, 0, 0, control]),
      value: `value of ${key}`,
      headers: { a: ['1', '2'], b: '3' },
      offsetDelta,
      timestampDelta: offsetDelta * 7,
    }),
  )
  const { buffer } = await RecordBatch({
    compression: codec,
    firstOffset: Long.fromValue(base),
    lastOffsetDelta: keys.length - 1,
    firstTimestamp: 1000,
    maxTimestamp: 2000,
    producerId: Long.fromValue(producerId),
    transactional: producerId >= 0,
    records,
  })
  if (control !== undefined) buffer.writeInt16BE(buffer.readInt16BE(21) | 0x20, 21)
  return buffer
}

/** What a consumer hands on of a fetch from `fetched` on, by the library that `require` has at the moment. */
async function fetchOf(parts: readonly Part[], fetched: number, cut = 0, aborted: readonly unknown[] = []) {
  const { decode } = load('kafkajs/src/protocol/requests/fetch/v4/response')
  const Batch = load('kafkajs/src/consumer/batch')
  const whole = Buffer.concat(await Promise.all(parts.map(batch)))
  const set = whole.subarray(0, whole.length - cut)
  const encoder = new Encoder()
    .writeInt32(0)
    .writeArray([
      new Encoder()
        .writeString('t')
        .writeArray([
          new Encoder()
            .writeInt32(0)
            .writeInt16(0)
            .writeInt64(Long.fromValue(100))
            .writeInt64(Long.fromValue(100))
            .writeArray(aborted)
            .writeBytes(set),
        ]),
    ])
  const { responses } = await decode(encoder.buffer)
  const fetch = new Batch('t', String(fetched), responses[0].partitions[0])
  const asked = ['firstOffset', 'lastOffset', 'offsetLag', 'offsetLagLow', 'isEmpty', 'isEmptyIncludingFiltered',
    'isEmptyDueToFiltering', 'isEmptyControlRecord', 'isEmptyDueToLogCompactedMessages'] // biome-ignore format: a list
  return {
    records: fetch.messages.map((it: Record<'offset' | 'timestamp' | 'key' | 'value', unknown>) => ({
      offset: Number(it.offset),
      timestamp: Number(it.timestamp),
      key: String(it.key),
      value: String(it.value),
    })),
    says: asked.map((name) => [name, fetch[name]()]),
    headers: fetch.messages[0]?.headers,
  }
}

const aborted = (producerId: number, firstOffset: number) =>
  new Encoder().writeInt64(Long.fromValue(producerId)).writeInt64(Long.fromValue(firstOffset))

describe('a fetch decoded by Vigil', () => {
  const plain: Part = { base: 5, keys: ['a', 'b', 'c'] }
  const cases: readonly [string, Parameters<typeof fetchOf>][] = [
    ['whole', [[plain, { base: 8, keys: ['d'] }], 5]],
    ['from the middle of a batch', [[plain], 7]],
    ['cut in its last batch', [[plain, { base: 8, keys: ['d', 'e'] }], 5, 3]],
    ['packed', [[{ ...plain, codec: GZIP }, { base: 8, keys: ['d'] }], 6]],
    ['of nothing', [[], 5]],
    ['of a control record', [[{ base: 5, keys: ['x'], producerId: 7, control: 1 }], 5]],
    ['of compacted records only', [[plain], 9]],
    ['with an aborted transaction',
      [[plain, { base: 8, keys: ['d'], producerId: 7 }, { base: 9, keys: ['x'], producerId: 7, control: 0 }], 5, 0, [aborted(7, 8)]]],
  ] // biome-ignore format: a table
  it.each(cases)('%s says what kafkajs itself says', async (_, of) => {
    const ours = await fetchOf(...of)
    const theirs = await withBareLibrary(() => fetchOf(...of))
    expect(ours.records).toEqual(theirs.records)
    expect(ours.says).toEqual(theirs.says)
  })

  it('has numbers for offsets, and of a header that was sent twice the last', async () => {
    const { headers } = await fetchOf([plain], 5)
    expect(Object.entries(headers).map(([name, value]) => [name, String(value)])).toEqual([['a', '2'], ['b', '3']]) // biome-ignore format: pairs
    const Batch = load('kafkajs/src/consumer/batch')
    const [old] = new Batch('t', '3', {
      partition: 0,
      highWatermark: '10',
      messages: [
        { offset: '3', timestamp: '4', key: null, value: null, headers: { a: [Buffer.from('1'), Buffer.from('2')] } },
      ],
    }).messages
    expect(old).toEqual({ offset: 3, timestamp: 4, key: null, value: null, headers: { a: Buffer.from('2') } })
  })
})
