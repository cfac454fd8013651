import { describe, expect, test } from 'vitest'
import { Breaker } from '../../src/delivery/breaker.ts'

const fast = { firstMs: 4, longestMs: 20, uniform: () => 0.5 }
const never = new AbortController().signal

test('tries until it succeeds, and tells of each failure', async () => {
  const failures: string[] = []
  let tries = 0
  const result = await new Breaker(fast).run(
    async () => {
      if (++tries < 5) throw new Error(`try ${tries}`)
      return 'done'
    },
    never,
    (error) => failures.push((error as Error).message),
  )
  expect(result).toBe('done')
  expect(failures).toEqual(['try 1', 'try 2', 'try 3', 'try 4'])
})

test('once it is open one message at a time tries; the first that comes through lets all others pass', async () => {
  const breaker = new Breaker(fast)
  let up = false
  let now = 0
  let most = 0
  const attempt = async () => {
    now++
    if (breaker.open) most = Math.max(most, now)
    await new Promise((resolve) => setTimeout(resolve, 1))
    now--
    if (!up) throw new Error('down')
  }
  const all = Array.from({ length: 20 }, () => breaker.run(attempt, never))
  await expect.poll(() => breaker.open).toBe(true)
  // those that had begun before it opened have ended
  await new Promise((resolve) => setTimeout(resolve, 10))
  most = 0
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(most).toBe(1)
  up = true
  await Promise.all(all)
  expect(breaker.open).toBe(false)
})

test('an outage that meets many messages at once is one failure, and its end is waited for by all no longer than by one', async () => {
  const breaker = new Breaker({ firstMs: 20, longestMs: 60_000, uniform: () => 0.5 })
  let up = false
  setTimeout(() => {
    up = true
  }, 15)
  const attempt = async () => {
    if (!up) throw new Error('down')
  }
  const began = performance.now()
  await Promise.all(Array.from({ length: 50 }, () => breaker.run(attempt, never)))
  // counted one by one, fifty failures would have been waited for a minute
  expect(performance.now() - began).toBeLessThan(5000)
})

test('whoever comes through wakes all who wait', async () => {
  const breaker = new Breaker({ firstMs: 60_000, longestMs: 60_000, uniform: () => 0.5 })
  let tries = 0
  const waiting = breaker.run(async () => {
    if (++tries === 1) throw new Error('down')
  }, never)
  await new Promise((resolve) => setTimeout(resolve, 5))
  await breaker.run(async () => {}, never)
  await waiting
  expect(tries).toBe(2)
})

test('many may wait on one signal, and standard error hears nothing of it', async () => {
  const said: Error[] = []
  const hear = (warning: Error) => said.push(warning)
  process.on('warning', hear)
  const end = new AbortController()
  const breaker = new Breaker({ firstMs: 60_000, longestMs: 60_000 })
  const down = () => Promise.reject(new Error('down'))
  const runs = Array.from({ length: 20 }, () => breaker.run(down, end.signal))
  await new Promise((resolve) => setTimeout(resolve, 5))
  end.abort(new Error('the end'))
  expect((await Promise.allSettled(runs)).map(({ status }) => status)).toEqual(runs.map(() => 'rejected'))
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', hear)
  expect(said).toEqual([])
})

describe('an end that comes', () => {
  test.each([0, 1, 5])('while %i tries have failed ends it with the reason', async (before) => {
    const end = new AbortController()
    let tries = 0
    const breaker = new Breaker({ ...fast, firstMs: 1000, longestMs: 1000, opensAfter: 1 })
    if (before === 5) void breaker.run(() => Promise.reject(new Error('down')), end.signal).catch(() => {})
    const run = breaker.run(async () => {
      tries++
      throw new Error('down')
    }, end.signal)
    setTimeout(() => end.abort(new Error('the end')), 20)
    await expect(run).rejects.toThrow('the end')
    expect(tries).toBeLessThan(3)
  })
})
