import { createRequire } from 'node:module'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { shuffledByTopic } from '../../../src/kafka/kafkajs/group-fetch.ts'
import { withBareLibrary } from '../../../src/kafka/kafkajs/library.ts'

const load = createRequire(import.meta.url)
const VERSION = 'kafkajs/src/protocol/requests/fetch/v11'

type Encode = (of: object) => Promise<Buffer>
type Decode = (raw: Buffer) => Promise<object>

/** Writes a fetch and reads its answer, by the library that `require` has at the moment. */
function library(): { encode: Encode; decode: Decode } {
  const request = load(`${VERSION}/request`)
  const { decode, parse } = load(`${VERSION}/response`)
  const createRequest = load('kafkajs/src/protocol/request')
  return {
    encode: async (of) =>
      (await createRequest({ correlationId: 7, clientId: 'c', request: request(of) })).buffer as Buffer,
    decode: async (raw) => parse(await decode(raw)),
  }
}
const ours = library()
const [theirs, Encoder] = await withBareLibrary(async () => [library(), load('kafkajs/src/protocol/encoder')] as const)

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const offset = fc.bigInt({ min: -1n, max: 2n ** 62n }).map(String)
const name = fc.string({ unit: 'grapheme', maxLength: 40 })

it('writes the bytes that kafkajs writes', async () => {
  const request = fc.record(
    {
      replicaId: fc.constant(-1),
      maxWaitTime: fc.nat(5000),
      minBytes: fc.nat(9),
      maxBytes: fc.nat(),
      isolationLevel: fc.constantFrom(0, 1),
      topics: fc.array(
        fc.record({
          topic: name,
          partitions: fc.array(fc.record({ partition: fc.nat(), fetchOffset: offset, maxBytes: fc.nat() })),
        }),
      ),
      rackId: name,
    },
    { requiredKeys: ['replicaId', 'maxWaitTime', 'minBytes', 'maxBytes', 'isolationLevel', 'topics'] },
  )
  await fc.assert(
    fc.asyncProperty(request, async (of) => {
      expect((await ours.encode(of)).equals(await theirs.encode(of))).toBe(true)
    }),
  )
})

it('reads what kafkajs reads, where there are no records', async () => {
  const aborted = fc.option(fc.array(fc.record({ producerId: offset, firstOffset: offset }), { maxLength: 3 }))
  const partition = fc.record({ number: fc.nat(), offsets: fc.tuple(offset, offset, offset), aborted, replica: int32 })
  const answer = fc.record({
    throttle: int32,
    session: int32,
    topics: fc.array(fc.record({ topic: name, partitions: fc.array(partition) })),
    bytes: fc.constantFrom(0, -1),
  })
  await fc.assert(
    fc.asyncProperty(answer, async ({ throttle, session, topics, bytes }) => {
      const to = new Encoder().writeInt32(throttle).writeInt16(0).writeInt32(session).writeInt32(topics.length)
      for (const { topic, partitions } of topics) {
        to.writeString(topic).writeInt32(partitions.length)
        for (const { number, offsets, aborted: all, replica } of partitions) {
          to.writeInt32(number).writeInt16(0)
          for (const each of offsets) to.writeInt64(each)
          to.writeInt32(all === null ? -1 : all.length)
          for (const { producerId, firstOffset } of all ?? []) to.writeInt64(producerId).writeInt64(firstOffset)
          to.writeInt32(replica).writeInt32(bytes)
        }
      }
      expect(await ours.decode(to.buffer)).toEqual(await theirs.decode(to.buffer))
    }),
  )
})

it('passes on what a broker refuses of a partition', async () => {
  const OFFSET_OUT_OF_RANGE = 1
  const to = new Encoder().writeInt32(0).writeInt16(0).writeInt32(0).writeInt32(1).writeString('t').writeInt32(1)
  to.writeInt32(4).writeInt16(OFFSET_OUT_OF_RANGE)
  for (const high of [0, 0, 0]) to.writeInt32(high).writeInt32(0)
  to.writeInt32(-1).writeInt32(-1).writeInt32(0)
  await expect(ours.decode(to.buffer)).rejects.toMatchObject({ type: 'OFFSET_OUT_OF_RANGE', topic: 't', partition: 4 })
})

it('names all of a topic in one piece, in any order', () => {
  const of = ['a', 'b', 'c'].flatMap((topic) => [0, 1, 2, 3].map((partition) => ({ topic, partition })))
  const reversed = shuffledByTopic((each) => each.toReversed())
  const key = ({ topic, partition }: { topic: string; partition: number }) => `${topic}${partition}`
  expect(reversed(of).map(key)).toEqual(of.toReversed().map(key))
  const mixed = reversed([of[0]!, of[4]!, of[1]!, of[8]!, of[5]!])
  expect(mixed.map(key)).toEqual(['c0', 'b1', 'b0', 'a1', 'a0'])
  expect(reversed(['x', 'y'])).toEqual(['y', 'x'])
  expect(reversed([])).toEqual([])
})

it('fetches each partition where kafkajs would: at its leader, or at the replica that the brokers named', async () => {
  const of = () => load('kafkajs/src/consumer/consumerGroup').prototype.findReadReplicaForPartitions
  const [mine, bare] = [of(), await withBareLibrary(async () => of())]
  const node = fc.constantFrom(1, 2, 3)
  expect(mine).not.toBe(bare)
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(9), fc.option(node, { freq: 20 }), fc.array(node, { maxLength: 1 }))),
      fc.uniqueArray(fc.nat(9)),
      fc.option(fc.dictionary(fc.constantFrom('0', '1', '2'), node, { maxKeys: 2 }), { nil: undefined }),
      fc.constantFrom(0, Number.MAX_SAFE_INTEGER),
      (known, partitions, named, expireAt) => {
        const metadata = known.map(([partitionId, leader, offlineReplicas]) => ({
          partitionId,
          leader,
          offlineReplicas,
        }))
        const preferred =
          named && Object.fromEntries(Object.entries(named).map(([id, nodeId]) => [id, { nodeId, expireAt }]))
        const by = (replicas: typeof mine) => {
          const group = { preferredReadReplicasPerTopicPartition: preferred ? { t: preferred } : {} }
          const called = {
            ...structuredClone(group),
            cluster: { findTopicPartitionMetadata: () => metadata },
            logger: { debug() {} },
          }
          try {
            return {
              nodes: replicas.call(called, 't', partitions),
              left: called.preferredReadReplicasPerTopicPartition,
            }
          } catch (error) {
            return (error as Error).message
          }
        }
        expect(by(mine)).toEqual(by(bare))
      },
    ),
    { numRuns: 500 },
  )
})

it('is written and read without looking for parts of the library on disk', () => {
  const protocol = load('kafkajs/src/protocol/requests/fetch').protocol({ version: 11 })
  const loader = load('node:module') as { _resolveFilename: (...of: unknown[]) => string }
  const { _resolveFilename: resolve } = loader
  let looked = 0
  loader._resolveFilename = (...of) => {
    looked++
    return resolve(...of)
  }
  try {
    expect(protocol({ topics: [] })).toMatchObject({ request: { apiVersion: 11 }, response: {} })
  } finally {
    loader._resolveFilename = resolve
  }
  expect(looked).toBe(0)
})
