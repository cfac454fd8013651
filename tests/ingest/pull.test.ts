import { expect, test } from 'vitest'
import { pull } from '../../src/ingest/pull.ts'

const settled = () => new Promise((resolve) => setTimeout(resolve, 5))

/** 0, 1, 2, ... and whether the iterable was closed. */
function counting(until = Number.POSITIVE_INFINITY, failAt = Number.POSITIVE_INFINITY) {
  const state = { asked: 0, closed: false }
  async function* numbers(): AsyncGenerator<number> {
    try {
      for (; state.asked < until; ) {
        if (state.asked === failAt) throw new Error('broken')
        yield state.asked++
      }
    } finally {
      state.closed = true
    }
  }
  return { state, numbers }
}

test('never more than the credits are undone, and each done lets exactly one more in', async () => {
  for (const credits of [1, 2, 5]) {
    const { state, numbers } = counting()
    const open: (() => void)[] = []
    const subscription = pull(numbers, (_, done) => done, credits).subscribe((done) => open.push(done))
    await settled()
    expect(open).toHaveLength(credits)
    for (let i = 0; i < 10; i++) {
      open.shift()!()
      await settled()
      expect(open).toHaveLength(credits)
    }
    expect(state.asked).toBe(credits + 10)
    subscription.unsubscribe()
  }
})

test('a batch that is done twice gives one credit', async () => {
  const { numbers } = counting()
  const open: (() => void)[] = []
  const subscription = pull(numbers, (_, done) => done, 2).subscribe((done) => open.push(done))
  await settled()
  open[0]!()
  open[0]!()
  await settled()
  expect(open).toHaveLength(3)
  subscription.unsubscribe()
})

test('items come in order and the end is the end, without waiting for the last ones to be done', async () => {
  const { numbers, state } = counting(3)
  const seen: number[] = []
  await new Promise<void>((resolve, reject) =>
    pull(numbers, (item, done) => ({ item, done }), 10).subscribe({
      next: ({ item }) => seen.push(item),
      error: reject,
      complete: resolve,
    }),
  )
  expect(seen).toEqual([0, 1, 2])
  expect(state.closed).toBe(true)
})

test('unsubscribing closes the iterable, while it waits for a credit and in the middle of a wait of its own', async () => {
  const waiting = counting()
  const first = pull(waiting.numbers, (item) => item, 2).subscribe()
  await settled()
  first.unsubscribe()
  await settled()
  expect(waiting.state).toEqual({ asked: 2, closed: true })

  let aborted = false
  async function* sleeping(signal: AbortSignal): AsyncGenerator<number> {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    aborted = true
    yield 1
  }
  const second = pull(sleeping, (item) => item).subscribe(() => expect.unreachable('an item after unsubscribing'))
  await settled()
  second.unsubscribe()
  await settled()
  expect(aborted).toBe(true)
})

test('an error comes after every item before it', async () => {
  const { numbers, state } = counting(10, 2)
  const seen: number[] = []
  const error = await new Promise<unknown>((resolve) =>
    pull(numbers, (item, done) => ({ item, done })).subscribe({
      next: ({ item, done }) => {
        seen.push(item)
        done()
      },
      error: resolve,
    }),
  )
  expect(error).toMatchObject({ message: 'broken' })
  expect(seen).toEqual([0, 1])
  expect(state.closed).toBe(true)
})

test('a source that never waits does not starve the event loop', async () => {
  const { numbers } = counting()
  let ticks = 0
  const timer = setInterval(() => ticks++, 5)
  const subscription = pull(numbers, (_, done) => done()).subscribe()
  await new Promise((resolve) => setTimeout(resolve, 150))
  subscription.unsubscribe()
  clearInterval(timer)
  expect(ticks).toBeGreaterThan(3)
})
