import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { batchesOf, committedOnly, recordsOf } from '../../../src/kafka/kafkajs/record-batches.ts'

const load = createRequire(import.meta.url)
const { RecordBatch } = load('kafkajs/src/protocol/recordBatch/v0')
const Record = load('kafkajs/src/protocol/recordBatch/record/v0')
const Long = load('kafkajs/src/utils/long')

interface Sent {
  key: Buffer | null
  value: Buffer | null
  headers: { [name: string]: Buffer }
}

async function encoded(base: number, sent: Sent[], producerId = -1, transactional = false): Promise<Buffer> {
  const records = sent.map((each, offsetDelta) => Record({ ...each, offsetDelta, timestampDelta: offsetDelta * 7 }))
  const batch = await RecordBatch({
    firstOffset: Long.fromValue(base),
    lastOffsetDelta: sent.length - 1,
    firstTimestamp: 1000,
    maxTimestamp: 2000,
    producerId: Long.fromValue(producerId),
    transactional,
    records,
  })
  return batch.buffer
}

/** A control batch as a coordinator writes it. */
async function control(base: number, producerId: number, type: number): Promise<Buffer> {
  const key = Buffer.from([0, 0, 0, type])
  const data = await encoded(base, [{ key, value: Buffer.alloc(6), headers: {} }], producerId, true)
  data.writeInt16BE(data.readInt16BE(21) | 0x20, 21)
  return data
}

const bytes = fc.uint8Array({ maxLength: 300 }).map((each) => Buffer.from(each))
const sent = fc.record({
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.dictionary(fc.string({ maxLength: 8 }), bytes, { maxKeys: 3 }),
})

describe('record batches', () => {
  it('are read as they were written', () =>
    fc.assert(
      fc.asyncProperty(fc.array(sent, { minLength: 1, maxLength: 9 }), fc.nat(), async (records, base) => {
        const [batch] = batchesOf(await encoded(base, records))
        expect(batch!.next).toBe(base + records.length)
        const read = recordsOf(batch!, batch!.body)
        expect(read.map(({ key, value }) => ({ key, value }))).toEqual(
          records.map(({ key, value }) => ({ key, value })),
        )
        expect(read.map(({ offset }) => offset)).toEqual(records.map((_, at) => base + at))
        expect(read.map(({ timestamp }) => timestamp)).toEqual(records.map((_, at) => 1000 + at * 7))
        expect(read.map(({ headers }) => Object.entries(headers))).toEqual(
          records.map(({ headers }) => Object.entries(headers)),
        )
      }),
    ))

  it('that are cut at the end are left for the next fetch', async () => {
    const one = await encoded(5, [{ key: null, value: Buffer.from('a'), headers: {} }])
    const two = await encoded(6, [{ key: null, value: Buffer.from('b'), headers: {} }])
    for (let cut = 0; cut < two.length; cut++)
      expect([...batchesOf(Buffer.concat([one, two.subarray(0, cut)]))].map((each) => each.baseOffset)).toEqual([5])
  })

  it('of which compaction left the header alone still say where the next begins', async () => {
    const whole = await encoded(40, [{ key: null, value: Buffer.from('gone'), headers: {} }])
    const header = Buffer.from(whole.subarray(0, 61))
    header.writeInt32BE(61 - 12, 8)
    header.writeInt32BE(9, 23)
    header.writeInt32BE(0, 57)
    const [batch] = batchesOf(header)
    expect(batch).toMatchObject({ baseOffset: 40, next: 50, count: 0 })
    expect(recordsOf(batch!, batch!.body)).toEqual([])
  })

  it('never hang and never read past their end, whatever the bytes', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(sent, { minLength: 1, maxLength: 4 }),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
        async (records, changes) => {
          const data = Buffer.from(await encoded(0, records))
          for (const [at, value] of changes) data[at % data.length] = value
          let read = 0
          try {
            for (const batch of batchesOf(data)) read += recordsOf(batch, batch.body).length
          } catch (error) {
            expect(error).toBeInstanceOf(Error)
          }
          expect(read).toBeLessThanOrEqual(data.length)
        },
      ),
    ))

  it('of aborted transactions and control batches are not seen', async () => {
    const value = { key: null, value: Buffer.from('x'), headers: {} }
    const log = Buffer.concat([
      await encoded(100, [value], 2, true),
      await encoded(101, [value], 1, true),
      await encoded(102, [value]),
      await control(103, 1, 0),
      await encoded(104, [value], 1, true),
      await control(105, 2, 0),
      await encoded(106, [value], 2, true),
    ])
    const visible = committedOnly([
      { producerId: '1', firstOffset: '7' },
      { producerId: '2', firstOffset: '3' },
    ])
    const seen = [...batchesOf(log)].filter((batch) => visible(batch)).map((batch) => batch.baseOffset)
    expect(seen).toEqual([102, 104, 106])
  })
})
