import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { withBareLibrary } from '../../../src/kafka/kafkajs/library.ts'
import { batchesOf } from '../../../src/kafka/kafkajs/record-batches.ts'
import type { LogRecords } from '../../../src/kafka/port.ts'

const load = createRequire(import.meta.url)
// what is written is kafkajs' own
const { RecordBatch, Record, Long, Encoder } = await withBareLibrary(async () => ({
  RecordBatch: load('kafkajs/src/protocol/recordBatch/v0').RecordBatch,
  Record: load('kafkajs/src/protocol/recordBatch/record/v0'),
  Long: load('kafkajs/src/utils/long'),
  Encoder: load('kafkajs/src/protocol/encoder'),
}))

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
  const of = fetch.records as LogRecords | undefined
  const says = asked.map((name) => [name, fetch[name]()])
  const next = of?.next
  // in portions of two, as they may be asked for
  const records: readonly Record<'offset' | 'timestamp' | 'key' | 'value' | 'headers', unknown>[] =
    of === undefined ? fetch.messages : [...of.take(2), ...of.take(2), ...of.take(of.left)]
  return {
    records: records.map((it) => ({
      offset: Number(it.offset),
      timestamp: Number(it.timestamp),
      key: String(it.key),
      value: String(it.value),
    })),
    says,
    headers: records[0]?.headers,
    left: of?.left,
    next,
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
    expect(ours.left).toBe(0)
    expect(ours.next).toBe((ours.records.at(-1)?.offset ?? -1) + 1)
  })

  it('leaves out every transaction that was open where the fetch begins', async () => {
    // both began before it; kafkajs' own filter opens one of them per record, and shows 100
    const log: Part[] = [
      { base: 100, keys: ['a'], producerId: 8 },
      { base: 101, keys: ['b'], producerId: 7 },
      { base: 102, keys: ['x'], producerId: 7, control: 0 },
      { base: 103, keys: ['x'], producerId: 8, control: 0 },
      { base: 104, keys: ['c'], producerId: 8 },
    ]
    const { records } = await fetchOf(log, 100, 0, [aborted(7, 10), aborted(8, 20)])
    expect(records.map(({ offset }) => offset)).toEqual([104])
  })

  it('does not take a record with four zero bytes for a key as the end of a transaction', async () => {
    const log: Part[] = [
      { base: 0, keys: ['\0\0\0\0', 'a'], producerId: 7 },
      { base: 2, keys: ['x'], producerId: 7, control: 0 },
      { base: 3, keys: ['b'], producerId: 7 },
    ]
    const { records } = await fetchOf(log, 0, 0, [aborted(7, 0)])
    expect(records.map(({ offset }) => offset)).toEqual([3])
  })

  it('passes a batch of which compaction has left the header only', async () => {
    const header = await batch(plain)
    header.writeInt32BE(61 - 12, 8)
    header.writeInt32BE(0, 57)
    const Batch = load('kafkajs/src/consumer/batch')
    const [gone] = batchesOf(header.subarray(0, 61))
    const fetch = new Batch('t', '5', {
      partition: 0,
      highWatermark: '10',
      messages: [{ batch: gone, body: gone!.body }],
    })
    expect([fetch.isEmptyDueToFiltering(), fetch.lastOffset(), fetch.records.left]).toEqual([true, '7', 0])
  })

  it('says of a damaged record that it could not be taken apart', async () => {
    const whole = await batch(plain)
    whole.fill(0xff, 61, 70)
    const Batch = load('kafkajs/src/consumer/batch')
    const [damaged] = batchesOf(whole)
    const data = { partition: 0, highWatermark: '10', messages: [{ batch: damaged, body: damaged!.body }] }
    expect(() => new Batch('t', '5', data).records.take(1)).toThrow(
      expect.objectContaining({ code: 'kafka-failed', retriable: false }),
    )
  })

  it('has numbers for offsets, and of a header that was sent twice the last', async () => {
    const { headers } = await fetchOf([plain], 5)
    expect(Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)])).toEqual([['a', '2'], ['b', '3']]) // biome-ignore format: pairs
    const Batch = load('kafkajs/src/consumer/batch')
    const old = new Batch('t', '3', {
      partition: 0,
      highWatermark: '10',
      messages: [
        { offset: '3', timestamp: '4', key: null, value: null, headers: { a: [Buffer.from('1'), Buffer.from('2')] } },
      ],
    })
    expect([old.firstOffset(), old.lastOffset(), old.records.next]).toEqual(['3', '3', 4])
    expect(old.records.take(2)[0]).toEqual({
      offset: 3,
      timestamp: 4,
      key: null,
      value: null,
      headers: { a: Buffer.from('2') },
    })
  })
})
