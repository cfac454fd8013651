import { VirtualTimeScheduler } from 'rxjs'
import { expect, test, vi } from 'vitest'
import { Playhead, played } from '../../src/ingest/playhead.ts'

const input = (time: number) => ({ kind: 'rejection', reason: 'time', detail: `${time}` }) as never
const NEVER = new AbortController().signal

/** A recording of an input at each of these times, and how many of them were let go. */
function recording(times: readonly number[], moment: Playhead, signal: AbortSignal = NEVER) {
  async function* batches() {
    yield { times: [...times], inputs: times.map(input) }
  }
  const gone: number[] = []
  const all = (async () => {
    for await (const batch of played(batches(), moment, signal)) gone.push(...batch.times)
  })()
  return { gone, all }
}

/** Let everything that was promised happen. */
const breathe = () => new Promise((done) => setImmediate(done))

function clock() {
  const scheduler = new VirtualTimeScheduler()
  const waits = vi.fn()
  return { scheduler, waits }
}

test('a moment that stands lets go what is not later than it, and says that the next has to wait', async () => {
  const { scheduler, waits } = clock()
  const moment = new Playhead(false, 1, waits, scheduler)
  const { gone } = recording([1000, 2000, 3000, 3001, 9000], moment)
  await breathe()
  // the first input is where the moment begins
  expect([gone, moment.now, moment.waiting]).toEqual([[1000], 1000, true])
  moment.move(3000)
  expect(moment.waiting).toBe(false)
  await breathe()
  expect([gone, moment.released, moment.waiting]).toEqual([[1000, 2000, 3000], 3000, true])
  expect(waits).toHaveBeenCalled()
})

test('what stands out of order goes with what it stands behind', async () => {
  const { scheduler, waits } = clock()
  const moment = new Playhead(false, 1, waits, scheduler)
  const { gone } = recording([1000, 5000, 2000, 6000], moment)
  moment.move(5000)
  await breathe()
  expect(gone).toEqual([1000, 5000, 2000])
  expect(moment.released).toBe(5000)
})

test('a moment that was moved stands until it is shown, whatever the clock on the wall does, and then plays on', async () => {
  const { scheduler, waits } = clock()
  const moment = new Playhead(true, 2, waits, scheduler)
  moment.move(10_000)
  scheduler.frame = 60_000
  expect(moment.now).toBe(10_000)
  moment.arrived()
  scheduler.frame = 61_000
  expect(moment.now).toBe(12_000)
  moment.play(false)
  scheduler.frame = 90_000
  expect(moment.now).toBe(12_000)
  moment.play(true, 'max')
  expect(moment.now).toBe(Number.POSITIVE_INFINITY)
})

test('after the last input it stands there, however fast it was', async () => {
  const { scheduler, waits } = clock()
  const moment = new Playhead(true, 'max', waits, scheduler)
  const { gone, all } = recording([1000, 2000, 8000], moment)
  await all
  expect(gone).toEqual([1000, 2000, 8000])
  moment.end()
  expect([moment.now, moment.playing]).toEqual([8000, false])
})

test('it never runs ahead of what is shown: where inputs come late, it waits for them', async () => {
  const { scheduler, waits } = clock()
  const moment = new Playhead(true, 10, waits, scheduler)
  expect(await moment.reach(1000, NEVER)).toBe(1000)
  moment.letGo(1000)
  // five seconds of the wall in which nothing was taken: fifty of the recording
  scheduler.frame = 5000
  expect(moment.now).toBe(51_000)
  expect(await moment.reach(2000, NEVER)).toBe(2000)
  expect(moment.now).toBe(2000)
})

test('a wait ends with its signal', async () => {
  const { scheduler, waits } = clock()
  const moment = new Playhead(false, 1, waits, scheduler)
  const left = new AbortController()
  const { gone, all } = recording([1000, 2000], moment, left.signal)
  await breathe()
  left.abort()
  await all
  expect(gone).toEqual([1000])
})
