import { fileURLToPath } from 'node:url'
import { lastValueFrom, Subject } from 'rxjs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPagedWard, type PagedWard } from '../../src/app/paged-ward.ts'
import { Player } from '../../src/app/replay/player.ts'
import { type SnapshotStore, snapshotsInMemory } from '../../src/app/replay/snapshot-store.ts'
import { type Surveyor, surveyor } from '../../src/app/replay/survey.ts'
import { withClosing } from '../../src/closing.ts'
import { findRecordings } from '../../src/ingest/find-recordings.ts'
import type { Playhead } from '../../src/ingest/playhead.ts'
import { replaySource } from '../../src/ingest/recordings.ts'
import { createLog } from '../../src/log.ts'
import { prometheusTelemetry } from '../../src/metrics/telemetry.ts'
import { pipeline } from '../../src/stream/pipeline.ts'
import { Settings } from '../../src/vitals/settings.ts'

const EXAMPLES = fileURLToPath(new URL('../../examples/recordings/', import.meta.url))
const recordings = (await findRecordings([EXAMPLES])).filter((path) => path.includes('bidmc'))
const START = Date.UTC(2026, 0, 1)
const at = (seconds: number) => START + seconds * 1000
/** Tight limits, so that there are alerts to remember. */
const settings = Settings.parse({
  limits: { adult: { hr: { high: 80 }, resp: { high: 15 }, spo2: { low: 98 } } },
  inference: { maxBatch: 64 },
})
const log = createLog('error')

interface Stage {
  readonly player: Player
  readonly paged: PagedWard
}

/** A player of the examples, in pause, while the work lasts. */
function playing<T>(store: SnapshotStore, work: (stage: Stage) => Promise<T>): Promise<T> {
  return withClosing(async (atEnd) => {
    const telemetry = prometheusTelemetry()
    const paged = await openPagedWard({ settings, telemetry, log }, atEnd)
    const { table } = paged.served
    const open = (skip: number, speed: Playhead) => replaySource(recordings, { table, speed, skip })
    const run = { telemetry: paged.run.telemetry, maxBatch: 64 }
    const player = new Player({ paged, run, open, store, speed: 1, from: undefined, log })
    player.play(false)
    const stopped = new Subject<void>()
    const running = player.run(stopped)
    try {
      return await work({ player, paged })
    } finally {
      stopped.next()
      await running
    }
  })
}

/** Everything that the page is told, without what the wall clock has to do with it. */
function shown({ page }: PagedWard): unknown {
  const ask = (path: string, params: Record<string, string> = {}) => {
    const route = page.routes.find((it) => it.path === path)
    if (route?.kind !== 'json') throw new Error(path)
    return route.answer(params, { query: {}, origin: '', url: path }) as Record<string, unknown>
  }
  const ward = ask('/api/ward')
  const heartbeat = ward['heartbeat'] as Record<string, unknown>
  const beds = (ward['beds'] as { id: string }[]).map(({ id }) => ask('/api/beds/:id', { id }))
  const seen = (bed: object) => ({ ...bed, seen: null })
  return JSON.stringify({
    beds: (ward['beds'] as object[]).map(seen),
    recent: ward['recent'],
    counts: heartbeat['beds'],
    spent: heartbeat['spent'],
    details: beds.map(seen),
  })
}

const MOMENTS = [75, 199.5, 240, 310, 479]
let store: SnapshotStore
let survey: Surveyor
const straight = new Map<number, unknown>()

beforeAll(async () => {
  store = snapshotsInMemory()
  await withClosing(async (atEnd) => {
    const telemetry = prometheusTelemetry()
    const paged = await openPagedWard({ settings, telemetry, log }, atEnd)
    survey = surveyor({ paged, store, everyMs: 60_000, from: undefined, base: undefined })
    const source = replaySource(recordings, { table: paged.served.table, batch: 64 })
    const options = { sinks: [paged.shown, survey.sink], committer: survey.committer, telemetry, maxBatch: 64 }
    await lastValueFrom(
      pipeline(source.pipe(survey.read), paged.served.ward, {
        ...options,
        maxWaitMs: 0,
        unpaced: true,
        signalLostSeconds: undefined,
        now: Date.now,
      }),
    )
    survey.done()
  })
  // moments one after the other, with nothing to come back to: the straight way
  await playing(snapshotsInMemory(), async ({ player, paged }) => {
    for (const moment of MOMENTS) {
      await player.seek(at(moment))
      straight.set(moment, shown(paged))
    }
  })
}, 120_000)
afterAll(() => straight.clear())

describe('a moment of a recording', () => {
  test('is the same to the last byte, wherever one comes from: every tile, strip, open and ended alert', async () => {
    expect(new Set(straight.values()).size).toBe(MOMENTS.length)
    expect(straight.get(310)).toContain('"alertId"')
    await playing(store, async ({ player, paged }) => {
      for (const moment of [479, 75, 310, 240, 199.5, 479, 199.5]) {
        await player.seek(at(moment))
        expect(player.at).toBe(at(Math.min(moment, 480)))
        expect(player.seeking).toBe(false)
        expect(shown(paged)).toBe(straight.get(moment))
      }
    })
  })

  test('of several that are asked for at once the last one is shown', async () => {
    await playing(store, async ({ player, paged }) => {
      void player.seek(at(479))
      void player.seek(at(75))
      void player.seek(at(310))
      await player.seek(at(240))
      expect(shown(paged)).toBe(straight.get(240))
    })
  })

  test('after the end one may go back, and then plays on at any speed to the end', async () => {
    await playing(store, async ({ player, paged }) => {
      await player.seek(at(10_000))
      expect(player.at).toBe(at(480))
      await player.seek(at(240))
      expect(shown(paged)).toBe(straight.get(240))
      player.play(true, 'max')
      await expect.poll(() => player.playing, { timeout: 20_000 }).toBe(false)
      expect(player.at).toBe(at(480))
    })
  })

  test('the time line knows the whole recording: where it begins and ends, and every alert by its most urgent priority', () => {
    expect([survey.start, survey.end, survey.complete]).toEqual([at(0), at(480), true])
    const marks = survey.news()
    expect(marks.length).toBeGreaterThan(5)
    expect(survey.news()).toEqual([])
    for (const [, time, priority, bed] of marks) {
      expect(time).toBeGreaterThan(at(0))
      expect(time).toBeLessThanOrEqual(at(480))
      expect(['high', 'medium', 'low', 'info']).toContain(priority)
      expect(bed).toMatch(/^[0-9a-f]{12}$/)
    }
  })
})

describe('snapshots in memory', () => {
  test('are thinned out where they take too much, and the newest before a moment is still found', async () => {
    const small = snapshotsInMemory(400)
    const page = { page: { beds: [], recent: [] }, spent: { frames: 0, episodes: 0, called: 0 } }
    for (let n = 0; n < 64; n++) await small.put({ position: n, time: n * 1000, patients: [], layouts: [], page })
    expect(small.newest(-1)).toBeUndefined()
    const found = await small.before(63_000)
    expect(found!.time).toBeGreaterThanOrEqual(0)
    expect(found!.time).toBe(small.newest(63_000))
  })
})
