import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { SharedLog } from '../../src/delivery/shared-log.ts'
import type { Following, LogRecord } from '../../src/kafka/port.ts'

const record = (offset: number): LogRecord => ({ offset, timestamp: 0, key: null, value: null, headers: {} })
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

/** A shared log of one partition whose fetches a test answers one by one. */
function world(kept = 8) {
  let following: Following | undefined
  const client = {
    partitions: 1,
    follow: (_: string, it: Following) => {
      following = it
      return new Promise<never>(() => {})
    },
  }
  const log = new SharedLog({ client, topic: 'alerts', kept })
  void log.run(new AbortController().signal)
  const alone: { from: number; to: number }[] = []
  const behind = {
    async readRange(_: string, __: number, at: { from: number; to: number }, take: (r: LogRecord[]) => Promise<void>) {
      alone.push(at)
      await take(range(at.from, at.to).map(record))
    },
  }
  return {
    alone,
    asked: () => following!.positions().get(0),
    answer: (from: number, to: number) => following!.took(0, { from, next: to, records: range(from, to).map(record) }),
    anew: (from: number, next: number) => following!.took(0, { from, next, records: [] }),
    follow(from: number, most = 3) {
      const lost = new AbortController()
      const had: LogRecord[][] = []
      let free = Promise.resolve()
      let release = () => {}
      const work = (it: readonly LogRecord[]) => {
        had.push([...it])
        return free
      }
      const ended = log
        .follow(0, { from, most, behind: behind as never, work }, lost.signal)
        .catch((error: unknown) => error)
      return {
        had,
        offsets: () => had.flat().map(({ offset }) => offset),
        hold: () => {
          free = new Promise((resolve) => {
            release = resolve
          })
        },
        release: () => release(),
        lose: () => lost.abort(new Error('lost')),
        ended,
      }
    },
  }
}

test('one fetch is for all, each gets the very records, some at a time and in order', async () => {
  const { follow, answer, asked, alone } = world()
  const [a, b] = [follow(0), follow(0)]
  expect(asked()).toBe(0)
  answer(0, 5)
  await sleep(1)
  expect(a.had.map((it) => it.length)).toEqual([3, 2])
  expect(a.offsets()).toEqual(range(0, 5))
  expect(b.had[0]![0]).toBe(a.had[0]![0])
  expect(asked()).toBe(5)
  expect(alone).toEqual([])
})

test('one who takes nothing holds up nobody, and reads for itself what is kept no more', async () => {
  const { follow, answer, alone } = world(8)
  const slow = follow(0)
  slow.hold()
  const quick = follow(0)
  for (let at = 0; at < 20; at += 4) {
    answer(at, at + 4)
    await sleep(1)
  }
  expect(quick.offsets()).toEqual(range(0, 20))
  expect(slow.offsets()).toEqual(range(0, 3))
  slow.release()
  await sleep(1)
  expect(alone).toEqual([{ from: 3, to: 12 }])
  await sleep(1)
  expect(slow.offsets()).toEqual(range(0, 20))
})

test('nothing is fetched further than half of what is kept ahead of the foremost', async () => {
  const { follow, answer, asked } = world(8)
  const one = follow(0)
  one.hold()
  answer(0, 4)
  expect(asked()).toBeUndefined()
  one.release()
  await sleep(1)
  expect(asked()).toBe(4)
})

test('one who begins further on sets the pace: an answer that was under way is not taken, and the others read for themselves', async () => {
  const { follow, answer, asked, alone } = world()
  const first = follow(0)
  const ahead = follow(100)
  expect(asked()).toBe(100)
  answer(0, 5)
  answer(100, 102)
  await sleep(1)
  expect(ahead.offsets()).toEqual([100, 101])
  // it was waiting for news, and these were
  expect(alone[0]).toEqual({ from: 0, to: 100 })
  expect(first.offsets()).toEqual(range(0, 102))
})

test('a topic that was made anew is followed from its beginning', async () => {
  const { follow, answer, anew, asked } = world()
  const one = follow(50)
  answer(50, 52)
  await sleep(1)
  anew(52, 0)
  expect(asked()).toBe(0)
  answer(0, 2)
  await sleep(1)
  expect(one.offsets()).toEqual([50, 51, 0, 1])
})

test('who loses its partition ends, and without anybody left nothing is fetched', async () => {
  const { follow, asked } = world()
  const [a, b] = [follow(0), follow(0)]
  a.lose()
  expect(await a.ended).toEqual(new Error('lost'))
  expect(asked()).toBe(0)
  b.lose()
  await b.ended
  expect(asked()).toBeUndefined()
})
