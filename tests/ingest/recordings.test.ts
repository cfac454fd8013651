import { gzipSync } from 'node:zlib'
import { VirtualTimeScheduler } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { type ReplayOptions, replaySource } from '../../src/ingest/recordings.ts'
import type { InputBatch } from '../../src/stream/ports.ts'
import { folder, table } from './collect.ts'

const { write } = folder()
const T0 = Date.UTC(2026, 0, 1)
const line = (patient: string, seconds: number, hr = 70) =>
  `${JSON.stringify({ patient, time: T0 + seconds * 1000, values: { hr } })}\n`
const BIDMC = ['05', '12', '19'].map((patient) => `examples/recordings/bidmc_${patient}_Numerics.csv`)

/** Run a replay to its end, every batch done on arrival. */
function replay(paths: readonly string[], options: Partial<ReplayOptions> = {}) {
  const batches: InputBatch[] = []
  return new Promise<{ batches: InputBatch[]; error: unknown; seen: [string, number][] }>((resolve) => {
    const end = (error?: unknown) =>
      resolve({
        batches,
        error,
        seen: batches.flatMap(({ inputs }) =>
          inputs.flatMap((input): [string, number][] =>
            input.kind === 'reading' ? [[input.patientKey, (input.time - T0) / 1000]] : [],
          ),
        ),
      })
    replaySource(paths, { table, ...options }).subscribe({
      next: (batch) => {
        batches.push(batch)
        batch.done()
      },
      error: end,
      complete: end,
    })
  })
}

describe('several recordings are one stream', () => {
  test('in event-time order, equal times in the order of the files, offsets 0, 1, 2, ...', async () => {
    const { batches, seen, error } = await replay(BIDMC, { batch: 100 })
    expect(error).toBeUndefined()
    expect(seen).toHaveLength(3 * 481)
    const keys = ['bidmc_05', 'bidmc_12', 'bidmc_19']
    expect(seen).toEqual(seen.map((_, i) => [keys[i % 3], Math.floor(i / 3)]))
    expect(batches.flatMap(({ offsets }) => Array.from(offsets))).toEqual(seen.map((_, i) => i))
    expect(Math.max(...batches.map(({ inputs }) => inputs.length))).toBe(100)
  })

  test('what one file holds keeps its order, even where its times do not', async () => {
    const shuffled = write('shuffled.ndjson', line('a', 5) + line('a', 1) + line('a', 9))
    const sorted = write('sorted.ndjson', line('b', 0) + line('b', 4) + line('b', 6))
    const { seen } = await replay([shuffled, sorted])
    expect(seen.filter(([key]) => key === 'a').map(([, time]) => time)).toEqual([5, 1, 9])
    expect(seen.filter(([key]) => key === 'b').map(([, time]) => time)).toEqual([0, 4, 6])
  })

  test('the batch size and a second subscription change nothing', async () => {
    const whole = await replay(BIDMC)
    expect((await replay(BIDMC, { batch: 7 })).seen).toEqual(whole.seen)
    const source = replaySource(BIDMC, { table })
    for (let run = 0; run < 2; run++) {
      const first = await new Promise<number>((resolve, reject) => {
        const subscription = source.subscribe({
          next: ({ offsets }) => {
            resolve(offsets[0]!)
            queueMicrotask(() => subscription.unsubscribe())
          },
          error: reject,
        })
      })
      expect(first).toBe(0)
    }
  })

  test('only what lies in [from, to)', async () => {
    const { seen, batches } = await replay(BIDMC, { from: T0 + 10_000, to: T0 + 12_000 })
    expect(seen.map(([, time]) => time)).toEqual([10, 10, 10, 11, 11, 11])
    expect(batches.flatMap(({ offsets }) => Array.from(offsets))).toEqual([0, 1, 2, 3, 4, 5])
  })

  test('the patient key can be given, by file', async () => {
    const { seen } = await replay(BIDMC.slice(0, 1), { patientKey: (path) => `key-${path.length}` })
    expect(seen[0]![0]).toBe(`key-${BIDMC[0]!.length}`)
  })
})

test('at most two batches are undone, and each that is done lets the next one in, to the end', async () => {
  const undone: InputBatch[] = []
  let most = 0
  let inputs = 0
  await new Promise<void>((resolve, reject) => {
    replaySource(BIDMC, { table, batch: 10 }).subscribe({
      next: (batch) => {
        inputs += batch.inputs.length
        most = Math.max(most, undone.push(batch))
        // done two turns of the event loop later: time enough for a third one, were it let in
        if (undone.length >= 2) setImmediate(() => setImmediate(() => undone.shift()!.done()))
      },
      error: reject,
      complete: resolve,
    })
  })
  expect(most).toBe(2)
  expect(inputs).toBe(3 * 481)
})

describe('a bad file among good ones', () => {
  const good = () => write('good.ndjson', Array.from({ length: 50 }, (_, i) => line('good', i)).join(''))
  const cut = () => {
    const packed = gzipSync(Array.from({ length: 2000 }, (_, i) => line('cut', i / 100, i % 300)).join(''))
    return write('cut.ndjson.gz', packed.subarray(0, packed.length / 2))
  }

  test('fails the replay, after everything of it that could be read', async () => {
    const { error, seen } = await replay([cut(), good()])
    expect(error).toMatchObject({ code: 'recording-unreadable', place: expect.stringContaining('cut.ndjson.gz') })
    expect(seen.filter(([key]) => key === 'cut').length).toBeGreaterThan(500)
  })

  test('is skipped where that is asked for: it is reported, and the others are read whole', async () => {
    const skipped: unknown[] = []
    const paths = ['/nowhere.csv', cut(), good(), write('no.csv', 'what,is,this\n')]
    const { error, seen } = await replay(paths, { onBadFile: 'skip', onSkipped: (it) => skipped.push(it.code) })
    expect(error).toBeUndefined()
    expect(skipped.toSorted()).toEqual(['recording-format', 'recording-unreadable', 'recording-unreadable'])
    expect(seen.filter(([key]) => key === 'good')).toHaveLength(50)
    expect(seen.filter(([key]) => key === 'cut').length).toBeGreaterThan(500)
  })
})

describe('pace', () => {
  /** Let virtual time run until the replay has ended; when each reading was let go, in ms. */
  async function released(paths: readonly string[], speed: number): Promise<[number, number][]> {
    const scheduler = new VirtualTimeScheduler()
    const times: [number, number][] = []
    let over = false
    replaySource(paths, { table, speed, scheduler }).subscribe({
      next: ({ inputs, done }) => {
        for (const input of inputs)
          if (input.kind === 'reading') times.push([scheduler.now(), (input.time - T0) / 1000])
        done()
      },
      complete: () => {
        over = true
      },
    })
    while (!over) {
      await new Promise((resolve) => setTimeout(resolve, 1))
      scheduler.flush()
    }
    return times
  }

  test('a reading is let go at its event time, never early by more than what is let go together', async () => {
    const path = write('paced.ndjson', [0, 0, 1, 2, 2.01, 10, 10.5].map((at) => line('a', at)).join(''))
    for (const speed of [1, 4, 60])
      for (const [wall, event] of await released([path], speed)) {
        const due = (event / speed) * 1000
        expect(wall).toBeLessThanOrEqual(due + 1)
        expect(wall).toBeGreaterThanOrEqual(due - 51)
      }
  })

  test('unsubscribing ends a wait', async () => {
    const path = write('long.ndjson', line('a', 0) + line('a', 3600))
    const scheduler = new VirtualTimeScheduler()
    const seen: number[] = []
    const subscription = replaySource([path], { table, speed: 1, scheduler }).subscribe(({ inputs, done }) => {
      seen.push(inputs.length)
      done()
    })
    await expect.poll(() => scheduler.actions.length).toBe(1)
    subscription.unsubscribe()
    expect(scheduler.actions).toEqual([])
    expect(seen).toEqual([1])
  })
})
