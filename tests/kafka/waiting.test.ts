import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ListedRecords } from '../../src/kafka/log-records.ts'
import { Owned } from '../../src/kafka/owned.ts'
import type { LogRecord } from '../../src/kafka/port.ts'
import { Waiting } from '../../src/kafka/waiting.ts'

const record = (offset: number): LogRecord => ({ offset, timestamp: 0, key: null, value: null, headers: {} })

/** What stands in a partition's log, with gaps where records were compacted or belonged to nobody. */
const log = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 60 }).map((steps) => {
  let offset = -1
  return steps.map((step) => {
    offset += step
    return record(offset)
  })
})

describe('what waits to be worked', () => {
  it('comes out whole, in the order of its partition, and every position passes just what came before it', () => {
    fc.assert(
      fc.property(
        fc.array(log, { minLength: 1, maxLength: 4 }),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 20 })), { minLength: 1, maxLength: 200 }),
        fc.integer({ min: 1, max: 9 }),
        (logs, fetches, most) => {
          const waiting = new Waiting()
          const partitions = logs.map((records, number) => ({ owned: new Owned(number), records, fetched: 0, from: 0 }))
          const seen = new Map<Owned, number[]>()
          const positions = new Map<Owned, number>()
          const take = () => {
            const portion = waiting.take(most)
            if (portion === undefined) return false
            const { owned, records, next } = portion
            expect(records.length).toBeLessThanOrEqual(most)
            const offsets = seen.get(owned) ?? []
            seen.set(owned, [...offsets, ...records.map(({ offset }) => offset)])
            expect(next).toBeGreaterThanOrEqual(positions.get(owned) ?? 0)
            positions.set(owned, next)
            // whoever begins at the position finds all that was not taken, and nothing that was
            const all = partitions[owned.number]!.records.map(({ offset }) => offset)
            expect(seen.get(owned)).toEqual(all.filter((offset) => offset < next))
            return true
          }
          for (const [which, count] of fetches) {
            const partition = partitions[which % partitions.length]!
            const { owned, records, from } = partition
            const fetched = records.slice(partition.fetched, partition.fetched + count)
            partition.fetched += fetched.length
            if (fetched.length === 0) continue
            // a fetch of before a seek brings some of them again
            const again = records.filter(({ offset }) => offset < from).slice(-(which % 3))
            const brought = new ListedRecords([...(which % 3 === 0 ? [] : again), ...fetched])
            partition.from = brought.next
            waiting.add(owned, 'readings', { records: brought, from, since: 0 })
            if (which % 2 === 0) take()
          }
          while (take());
          for (const { owned, records, fetched } of partitions)
            expect(seen.get(owned) ?? []).toEqual(records.slice(0, fetched).map(({ offset }) => offset))
          expect(waiting.left).toBe(0)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('lets partitions take turns, and forgets those that are lost', () => {
    const waiting = new Waiting()
    const [a, b] = [new Owned(0), new Owned(1)]
    const six = () => new ListedRecords([0, 1, 2, 3, 4, 5].map(record))
    waiting.add(a, 'readings', { records: six(), from: 0, since: 1 })
    waiting.add(b, 'readings', { records: six(), from: 0, since: 2 })
    const turns = [1, 2, 3].map(() => waiting.take(2)!)
    expect(turns.map(({ owned, next, since }) => [owned.number, next, since])).toEqual([[0, 2, 1], [1, 2, 2], [0, 4, 1]]) // biome-ignore format: a list
    waiting.drop(a)
    expect([waiting.take(9)?.next, waiting.take(9)]).toEqual([6, undefined])
  })

  it('holds the client back while too much waits, until it is worked or nobody is to wait', async () => {
    const waiting = new Waiting()
    expect(waiting.room()).toBeUndefined()
    waiting.hand(40_000)
    expect(waiting.behind).toBe(true)
    let released = 0
    const hold = () => void waiting.room()!.then(() => released++)
    hold()
    waiting.taken(1000)
    await Promise.resolve()
    expect(released).toBe(0)
    waiting.taken(20_000)
    await Promise.resolve()
    expect(released).toBe(1)
    waiting.hand(20_000)
    hold()
    waiting.release()
    await Promise.resolve()
    expect(released).toBe(2)
  })
})
