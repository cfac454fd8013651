import { createRequire } from 'node:module'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { withBareLibrary } from '../../../src/kafka/kafkajs/library.ts'

const load = createRequire(import.meta.url)

/** Encodes a request to write, by the library that `require` has at the moment. */
function encoder(): (request: object) => Promise<Buffer> {
  const produce = load('kafkajs/src/protocol/requests/produce/v3/request')
  return async (request) => (await produce(request).encode()).buffer
}

const bytes = fc.oneof(fc.string({ unit: 'binary' }), fc.uint8Array({ maxLength: 300 }).map(Buffer.from))
const message = fc.record({
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.option(
    fc.dictionary(fc.string({ unit: 'grapheme' }), fc.oneof(bytes, fc.array(bytes, { maxLength: 3 })), { maxKeys: 4 }),
    { nil: undefined },
  ),
  timestamp: fc.constant(undefined),
})
const request = fc.record({
  acks: fc.constant(-1),
  timeout: fc.constant(1000),
  transactionalId: fc.option(fc.constant('t'), { nil: null }),
  producerId: fc.bigInt({ min: -1n, max: 2n ** 62n }).map(String),
  producerEpoch: fc.integer({ min: 0, max: 32_767 }),
  compression: fc.constantFrom(0, 1),
  topicData: fc.array(
    fc.record({
      topic: fc.constant('topic'),
      partitions: fc.array(
        fc.record({
          partition: fc.nat(99),
          firstSequence: fc.nat(),
          messages: fc.array(message, { minLength: 1, maxLength: 150 }),
        }),
        { maxLength: 2 },
      ),
    }),
    { maxLength: 2 },
  ),
})

it('writes the bytes that kafkajs writes', async () => {
  const ours = encoder()
  const theirs = await withBareLibrary(async () => encoder())
  const now = Date.now
  Date.now = () => 1_790_000_000_123
  try {
    await fc.assert(
      fc.asyncProperty(request, async (of) => {
        expect((await ours(of)).equals(await theirs(of))).toBe(true)
      }),
      { numRuns: 200 },
    )
  } finally {
    Date.now = now
  }
})

it('stamps records as kafkajs does', async () => {
  const stamped = (...timestamps: number[]) => ({
    acks: -1,
    timeout: 1,
    transactionalId: null,
    producerId: '7',
    producerEpoch: 0,
    compression: 0,
    topicData: [
      {
        topic: 't',
        partitions: [
          {
            partition: 0,
            firstSequence: 0,
            messages: timestamps.map((timestamp) => ({ key: 'k', value: 'v', timestamp })),
          },
        ],
      },
    ],
  })
  const ours = encoder()
  const theirs = await withBareLibrary(async () => encoder())
  for (const of of [
    [1_790_000_000_000],
    [1_790_000_000_000, 1_790_000_000_077],
    [1_700_000_000_000, 1_790_000_000_000],
  ])
    expect(await ours(stamped(...of))).toEqual(await theirs(stamped(...of)))
})
