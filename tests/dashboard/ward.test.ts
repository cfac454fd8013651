import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Listeners } from '../../src/dashboard/listeners.ts'
import type { BedDetail, BedView, FrameView, Heartbeat, TileStrips, WardView } from '../../src/dashboard/protocol.ts'
import { type WardFeed, type WardOptions, wardFeed } from '../../src/dashboard/ward.ts'
import {
  columnsOf,
  type PageWard,
  wardOf,
  withAlert,
  withBed,
  withFrames,
  withPast,
  withStrips,
} from '../../src/dashboard/web/state.ts'
import { alertOf, frameOf, PATIENTS, START, table } from './testward.ts'

const [first, second] = [PATIENTS[0]!, PATIENTS[1]!]

/** The reading end of an event stream: what a page would have got, and how much it has not read yet. */
class Reader extends EventEmitter {
  text = ''
  writableLength = 0
  destroyed = false
  reads = true
  write(text: string): boolean {
    if (this.reads) this.text += text
    else this.writableLength += text.length
    return this.reads
  }
  destroy(): void {
    this.destroyed = true
    this.emit('close')
  }
  end(): void {
    this.emit('close')
  }
  get events(): { name: string; data: unknown }[] {
    return [...this.text.matchAll(/event: (\w+)\ndata: (.*)\n\n/g)].map(([, name, data]) => ({
      name: name!,
      data: JSON.parse(data!),
    }))
  }
}

const asResponse = (reader: Reader) => reader as unknown as ServerResponse
let feeds: WardFeed[] = []
beforeEach(() => {
  vi.useFakeTimers({ now: START })
})
afterEach(async () => {
  for (const feed of feeds) await feed.close()
  feeds = []
  vi.useRealTimers()
})

function start(part: Partial<WardOptions> = {}): WardFeed {
  const feed = wardFeed({ table, ...part })
  feeds.push(feed)
  return feed
}

const NOTHING_ASKED = { query: {}, origin: 'http://127.0.0.1', url: '/' }

function ask<View>(
  feed: WardFeed,
  path: string,
  params: Record<string, string> = {},
  query: Record<string, readonly string[]> = {},
): View {
  const route = feed.routes.find((route) => route.path === path)
  if (route?.kind !== 'json') throw new Error(`no route ${path}`)
  // what the page gets has been JSON in between
  return JSON.parse(JSON.stringify(route.answer(params, { ...NOTHING_ASKED, query }) ?? null)) as View
}

function follow(feed: WardFeed): Reader {
  const route = feed.routes.find((route) => route.kind === 'events')
  if (route?.kind !== 'events') throw new Error('no event stream')
  const reader = new Reader()
  route.open(asResponse(reader), NOTHING_ASKED)
  return reader
}

/** The ward as a page has it that has just been opened, and then asked for the strips. */
function openedPage(feed: WardFeed) {
  const ward = wardOf(ask<WardView>(feed, '/api/ward'))
  return withStrips(ward, ask<TileStrips>(feed, '/api/strips', {}, { bed: [...ward.beds.keys()] }))
}

const bedNamed = (feed: WardFeed, name: string) =>
  ask<WardView>(feed, '/api/ward').beds.find((bed) => bed.name === name)

describe('the ward', () => {
  test('a frame becomes a bed with its values, its band and its strips', () => {
    const feed = start()
    for (let t = 0; t < 400; t++) feed.frames([frameOf(first, t)])
    const bed = bedNamed(feed, 'ICU 1')!
    const hr = table.index.get('hr')!
    expect(bed.frame?.time).toBe(START + 399_000)
    expect(bed.frame?.samples.find(([channel]) => channel === hr)?.[1]).toBe(frameOf(first, 399).values[hr])
    const asked = { bed: [bed.id, 'nobody'] }
    const { [bed.id]: strips, ...others } = ask<TileStrips>(feed, '/api/strips', {}, asked)
    expect(others).toEqual({})
    const strip = strips!.channels.find(({ channel }) => channel === hr)!
    expect(strips!.time).toHaveLength(300)
    expect(strips!.time.at(-1)).toBe((START + 399_000) / 1000)
    expect(strip.low.every((low, i) => low !== null && low < strip.high[i]!)).toBe(true)
  })

  test('reports may be reused by the pipeline: what the page was told stays', () => {
    const feed = start()
    const report = frameOf(first, 0)
    feed.frames([report])
    ;(report.values as (number | null)[]).fill(0)
    ;(report.detectors[0]!.contributions as number[]).fill(0)
    const [sample] = bedNamed(feed, 'ICU 1')!.frame!.samples
    expect(sample![1]).not.toBe(0)
    expect(bedNamed(feed, 'ICU 1')!.frame!.detectors[0]!.shares.some((share) => share > 0)).toBe(true)
  })

  test('an alert is open until it ends, then history; and it names the bed only by its id', async () => {
    const feed = start()
    feed.frames([frameOf(first, 0)])
    await feed.deliver([alertOf(first, { id: 7 })])
    await feed.deliver([alertOf(first, { id: 7, phase: 'update', label: 'Resp 33 /min, expected 14 to 22, for 60 s' })])
    const bed = bedNamed(feed, 'ICU 1')!
    expect(bed.alerts.map(({ label }) => label)).toEqual(['Resp 33 /min, expected 14 to 22, for 60 s'])
    expect(bed.alerts[0]!.bed).toBe(bed.id)
    await feed.deliver([alertOf(first, { id: 7, phase: 'end', state: 'inactive' })])
    expect(bedNamed(feed, 'ICU 1')!.alerts).toEqual([])
    expect(ask<BedDetail>(feed, '/api/beds/:id', { id: bed.id }).history).toHaveLength(1)
    expect(ask<WardView>(feed, '/api/ward').recent).toHaveLength(1)
    expect(ask(feed, '/api/beds/:id', { id: 'nobody' })).toBeNull()
  })

  test('a bed that fell silent is blind at once, counted so, and watched again with its next frame', () => {
    const feed = start()
    feed.frames([frameOf(first, 0), frameOf(second, 0)])
    const page = follow(feed)
    feed.watchingChanged(first.patientKey, 'blind')
    expect(page.events.at(-1)).toMatchObject({ name: 'bed', data: { name: 'ICU 1', watching: 'blind' } })
    expect(ask<WardView>(feed, '/api/ward').heartbeat.beds).toEqual({ warming: 0, watching: 1, degraded: 0, blind: 1 })
    feed.frames([frameOf(first, 60)])
    expect(bedNamed(feed, 'ICU 1')!.watching).toBe('watching')
  })

  test('the journal\'s "signal lost" makes a bed blind, too', async () => {
    const feed = start()
    feed.frames([frameOf(first, 0)])
    const entry = {
      kind: 'journal',
      patientKey: first.patientKey,
      at: START,
      afterOffset: 0,
      entry: 'signal-lost',
      silentSeconds: 30,
    } as const
    await feed.deliver([{ kind: 'journal', entry, partition: 0 }])
    expect(bedNamed(feed, 'ICU 1')!.watching).toBe('blind')
  })

  test('when event time jumps back the strip begins anew, and the page follows', () => {
    const feed = start()
    let page = wardOf(ask<WardView>(feed, '/api/ward'))
    const reader = follow(feed)
    for (const t of [500, 501, 502, 10, 11]) feed.frames([frameOf(first, t)])
    vi.advanceTimersByTime(500)
    const bed = bedNamed(feed, 'ICU 1')!
    for (const { name, data } of reader.events) {
      if (name === 'bed') page = withBed(page, data as BedView)
      if (name === 'frames') page = withFrames(page, data as FrameView[], START)
    }
    expect(page.beds.get(bed.id)!.frame).toEqual(bed.frame)
    const { strips } = ask<BedDetail>(feed, '/api/beds/:id', { id: bed.id })
    expect(strips.time).toEqual([10, 11].map((t) => START / 1000 + t))
    expect(page.beds.get(bed.id)!.strips).toEqual(columnsOf(strips))
  })

  test('beyond its size it wants no more beds, but an alert brings its bed in, and out again when it ended', async () => {
    const feed = start({ maxBeds: 1 })
    expect(feed.wants(first.patientKey, START)).toBe(true)
    feed.frames([frameOf(first, 0)])
    expect(feed.wants(second.patientKey, START)).toBe(false)
    await feed.deliver([alertOf(second, { id: 3 })])
    expect(feed.wants(second.patientKey, START)).toBe(true)
    expect(bedNamed(feed, 'ICU 2')!.alerts).toHaveLength(1)
    await feed.deliver([alertOf(second, { id: 3, phase: 'end', state: 'inactive' })])
    expect(bedNamed(feed, 'ICU 2')).toBeUndefined()
    feed.counted({ warming: 0, watching: 9_999, degraded: 0, blind: 1 })
    expect(ask<WardView>(feed, '/api/ward').heartbeat.beds.watching).toBe(9_999)
  })

  test('a round of more patients than the page has beds fills it, and no more', () => {
    const feed = start({ maxBeds: 2 })
    const many = Array.from({ length: 5 }, (_, i) => ({ ...first, patientKey: `p${i}`, bed: `ICU ${i}` }))
    feed.frames(many.map((patient) => frameOf(patient as never, 0)))
    expect(ask<WardView>(feed, '/api/ward').beds.map(({ name }) => name)).toEqual(['ICU 0', 'ICU 1'])
  })

  test('of the beds that alerts bring in, as many as the page has are drawn; of the others their alerts stand there', async () => {
    const feed = start({ maxBeds: 1 })
    feed.frames([frameOf(first, 0)])
    const third = { ...second, patientKey: 'p3', bed: 'ICU 3' } as never
    await feed.deliver([alertOf(second, { id: 3 }), alertOf(third, { id: 4 })])
    feed.frames([frameOf(second, 0), frameOf(third, 0)])
    expect(bedNamed(feed, 'ICU 2')!.frame).not.toBeNull()
    expect(bedNamed(feed, 'ICU 3')).toMatchObject({ frame: null, alerts: [{}] })
    expect(feed.wants('p3', START)).toBe(false)
    await feed.deliver([alertOf(second, { id: 3, phase: 'end', state: 'inactive' })])
    expect(feed.wants('p3', START)).toBe(true)
  })

  test('a transfer moves a bed, a discharge takes it off the page', async () => {
    const feed = start()
    feed.frames([frameOf(first, 0)])
    const base = { kind: 'journal', patientKey: first.patientKey, at: START, afterOffset: 0 } as const
    await feed.deliver([
      { kind: 'journal', partition: 0, entry: { ...base, entry: 'transfer', unit: 'Ward 6', bed: '6-01' } },
    ])
    expect(bedNamed(feed, '6-01')?.unit).toBe('Ward 6')
    await feed.deliver([{ kind: 'journal', partition: 0, entry: { ...base, entry: 'discharge' } }])
    expect(ask<WardView>(feed, '/api/ward').beds).toEqual([])
  })

  test('a long key is shown short, and no id tells the key', () => {
    const feed = start()
    const patientKey = 'b1946ac92492d2347c6235b4d2611184'
    feed.frames([frameOf({ ...first, patientKey, unit: undefined, bed: undefined } as never, 0)])
    const [bed] = ask<WardView>(feed, '/api/ward').beds
    expect(bed!.name).toBe('…35b4d2611184'.slice(0, 13))
    expect(patientKey).not.toContain(bed!.id)
  })
})

describe('the event stream', () => {
  test('beats every two seconds, counting, with the beds by watching state and whether the pipeline moves', () => {
    let alive: Heartbeat['alive'] = { ok: true, reason: 'nothing waits' }
    const feed = start({ alive: () => alive })
    feed.frames([frameOf(first, 0)])
    const page = follow(feed)
    vi.advanceTimersByTime(4000)
    alive = { ok: false, reason: '12 inputs wait' }
    vi.advanceTimersByTime(2000)
    const beats = page.events.filter(({ name }) => name === 'heartbeat').map(({ data }) => data as Heartbeat)
    expect(beats.map(({ seq }) => seq)).toEqual([beats[0]!.seq, beats[0]!.seq + 1, beats[0]!.seq + 2])
    expect(beats.map(({ now }) => now - START)).toEqual([2000, 4000, 6000])
    expect(beats.at(-1)).toMatchObject({ beds: { watching: 1 }, alive: { ok: false, reason: '12 inputs wait' } })
  })

  test('frames come at most twice a second, none lost and in order', () => {
    const feed = start()
    const page = follow(feed)
    for (let t = 0; t < 40; t++) {
      feed.frames([frameOf(first, t), frameOf(second, t)])
      vi.advanceTimersByTime(100)
    }
    vi.advanceTimersByTime(500)
    const batches = page.events.filter(({ name }) => name === 'frames').map(({ data }) => data as FrameView[])
    expect(batches.length).toBeLessThanOrEqual(9)
    const { id } = bedNamed(feed, 'ICU 1')!
    expect(
      batches
        .flat()
        .filter(({ bed }) => bed === id)
        .map(({ time }) => (time - START) / 1000),
    ).toEqual([...Array(40).keys()])
  })

  test('a page that does not read is let go, and the others still hear', () => {
    const listeners = new Listeners(10_000)
    const [slow, quick] = [new Reader(), new Reader()]
    slow.reads = false
    const beat = {
      seq: 0,
      now: START,
      beds: { warming: 0, watching: 0, degraded: 0, blind: 0 },
      alive: { ok: true, reason: '' },
      spent: null,
    }
    listeners.add(asResponse(slow), 'hello', beat)
    listeners.add(asResponse(quick), 'hello', beat)
    for (let seq = 1; seq <= 200; seq++) listeners.send('heartbeat', { ...beat, seq })
    expect([slow.destroyed, quick.destroyed, listeners.size, listeners.dropped]).toEqual([true, false, 1, 1])
    expect(slow.writableLength).toBeLessThan(10_500)
    expect(quick.events.filter(({ name }) => name === 'heartbeat')).toHaveLength(200)
  })
})

test('a page that followed from the start shows what a page opened now shows', async () => {
  const feed = start()
  const page = follow(feed)
  let followed: PageWard = wardOf(ask<WardView>(feed, '/api/ward'))
  for (let t = 0; t < 420; t++) {
    feed.frames(PATIENTS.filter((_, p) => t % (p + 2) !== 0).map((patient) => frameOf(patient, t)))
    if (t === 50) feed.watchingChanged(second.patientKey, 'blind')
    if (t === 100) await feed.deliver([alertOf(first, { id: 1 }), alertOf(second, { id: 2, priority: 'high' })])
    if (t === 200) await feed.deliver([alertOf(first, { id: 1, phase: 'end', state: 'inactive' })])
    vi.advanceTimersByTime(1000)
  }
  for (const { name, data } of page.events) {
    if (name === 'frames') followed = withFrames(followed, data as FrameView[], START)
    if (name === 'alert') followed = withAlert(followed, data as Parameters<typeof withAlert>[1])
    if (name === 'bed') followed = withBed(followed, data as BedView)
  }
  const opened = openedPage(feed)
  expect([...followed.beds.keys()]).toEqual([...opened.beds.keys()])
  for (const [id, bed] of opened.beds) {
    const same = followed.beds.get(id)!
    expect(same.frame).toEqual(bed.frame)
    expect(same.alerts).toEqual(bed.alerts)
    expect(same.watching).toBe(bed.watching)
    for (const [channel, columns] of bed.strips) {
      // the server counts frames, the page seconds: what the page holds is the newer part
      const held = same.strips.get(channel)!
      expect(held.time.length).toBeGreaterThan(140)
      for (const key of ['time', 'value', 'low', 'high', 'outside'] as const) {
        expect(held[key]).toEqual(columns[key].slice(-held.time.length))
      }
    }
  }
  expect(followed.recent).toEqual(opened.recent)
})

test('a bed that is opened has the past of all its channels, and what came since, whether or not a tile shows them', () => {
  const feed = start()
  for (let t = 0; t < 200; t++) feed.frames([frameOf(first, t)])
  const reader = follow(feed)
  const snapshot = openedPage(feed)
  const { id, strips: tile } = [...snapshot.beds.values()][0]!
  expect([...tile.keys()].map((channel) => table.channels[channel]!.name).toSorted()).toEqual(['hr', 'resp', 'spo2'])
  // frames come before the bed is opened, and after
  for (let t = 200; t < 210; t++) feed.frames([frameOf(first, t)])
  const opened = columnsOf(ask<BedDetail>(feed, '/api/beds/:id', { id }).strips)
  for (let t = 210; t < 420; t++) feed.frames([frameOf(first, t)])
  vi.advanceTimersByTime(500)
  let page = snapshot
  for (const { name, data } of reader.events) if (name === 'frames') page = withFrames(page, data as FrameView[], START)
  const now = columnsOf(ask<BedDetail>(feed, '/api/beds/:id', { id }).strips)
  expect(now.size).toBeGreaterThan(tile.size)
  const shown = withPast(page.beds.get(id)!.strips, opened)
  expect([...shown.keys()].toSorted()).toEqual([...now.keys()].toSorted())
  for (const [channel, columns] of now) expect(shown.get(channel)).toEqual(columns)
  // another recording began: what was before is not its past
  page = withFrames(page, [{ ...page.beds.get(id)!.frame!, seq: 10_000, time: START }], START)
  const anew = page.beds.get(id)!.strips
  expect(withPast(anew, opened)).toBe(anew)
})

test('strips that are asked for after the values have every second once, whatever came on the stream meanwhile', () => {
  const feed = start()
  for (let t = 0; t < 100; t++) feed.frames([frameOf(first, t)])
  const reader = follow(feed)
  let page = wardOf(ask<WardView>(feed, '/api/ward'))
  const [id] = [...page.beds.keys()]
  for (let t = 100; t < 110; t++) feed.frames([frameOf(first, t)])
  const strips = ask<TileStrips>(feed, '/api/strips', {}, { bed: [id!] })
  for (let t = 110; t < 120; t++) feed.frames([frameOf(first, t)])
  vi.advanceTimersByTime(500)
  const frames = reader.events.filter(({ name }) => name === 'frames').flatMap(({ data }) => data as FrameView[])
  // some of what the strips know comes on the stream before them, some after
  for (const frame of frames.slice(0, 5)) page = withFrames(page, [frame], START)
  page = withStrips(page, strips)
  for (const frame of frames.slice(5)) page = withFrames(page, [frame], START)
  const whole = columnsOf(ask<TileStrips>(feed, '/api/strips', {}, { bed: [id!] })[id!]!)
  for (const [channel, columns] of whole) expect(page.beds.get(id!)!.strips.get(channel)).toEqual(columns)
})

test('a replay at full speed tells a page no more than it can take, and to ask for the ward anew', () => {
  const feed = start()
  const reader = follow(feed)
  for (let t = 0; t < 2000; t++) feed.frames([frameOf(first, t)])
  vi.advanceTimersByTime(2000)
  const frames = reader.events.filter(({ name }) => name === 'frames').flatMap(({ data }) => data as FrameView[])
  expect(frames.length).toBeLessThan(1000)
  expect(frames.at(-1)!.time).toBe(START + 1_999_000)
  expect(reader.events.filter(({ name }) => name === 'anew')).toHaveLength(1)
  for (let t = 2000; t < 2010; t++) feed.frames([frameOf(first, t)])
  vi.advanceTimersByTime(4000)
  expect(reader.events.filter(({ name }) => name === 'anew')).toHaveLength(1)
})
