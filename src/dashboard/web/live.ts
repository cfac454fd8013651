import { useEffect, useState } from 'preact/hooks'
import type { DeedView, TileStrips, WardEvents, WardView } from '../protocol.ts'
import {
  inOrder,
  type PageWard,
  wardOf,
  withAlert,
  withBed,
  withFrames,
  withMarks,
  withoutBed,
  withReplay,
  withStrips,
} from './state.ts'

/** Silence after which nobody watches: three heartbeats missed. */
const SILENT_MS = 6000
const AGAIN_MS = 2000
/** Beds whose strips are asked for at once: a screen of them. */
const TOGETHER = 24
/** What people did that is remembered: whoever waits for its own does not wait long. */
const DEEDS = 32

/** How the page stands to the server. `lost` and `stalled` mean that nobody watches. */
export interface Link {
  readonly state: 'connecting' | 'live' | 'stalled' | 'lost'
  readonly reason: string
  /** wall clock of this browser when the state began, ms */
  readonly since: number
}

export interface Live {
  readonly link: Link
  readonly ward: PageWard | undefined
  /** how often the ward was told whole: what was asked of a bed before is of another moment */
  readonly wards: number
  /** wall clock of the server minus this browser's, ms */
  readonly offset: number
  /** alerts that came since the page opened, for the announcements */
  readonly newest: WardEvents['alert'] | undefined
  /** what people did since the page opened, newest last; a few */
  readonly deeds: readonly DeedView[]
}

type Change = (live: Live) => Live

/**
 * Follow the ward until the returned function is called. Events that arrive while the snapshot is fetched wait for it,
 * so nothing falls between the two.
 */
function follow(tell: (change: Change) => void): () => void {
  let events: EventSource | undefined
  let again: ReturnType<typeof setTimeout> | undefined
  let heard = performance.now()
  let asked = 0
  let whole = false
  let closed = false
  let early: ((ward: PageWard) => PageWard)[] = []

  const link = (state: Link['state'], reason: string) =>
    tell((live) =>
      live.link.state === state && live.link.reason === reason
        ? live
        : { ...live, link: { state, reason, since: live.link.state === state ? live.link.since : Date.now() } },
    )
  const change = (apply: (ward: PageWard) => PageWard) => {
    if (!whole) early.push(apply)
    else tell((live) => (live.ward === undefined ? live : { ...live, ward: apply(live.ward) }))
  }
  const beat = (heartbeat: WardEvents['heartbeat']) => {
    heard = performance.now()
    tell((live) => ({ ...live, offset: heartbeat.now - Date.now() }))
    change((ward) => ({ ...ward, heartbeat }))
    if (!whole) return
    if (heartbeat.alive.ok) link('live', '')
    else link('stalled', `The pipeline stands still: ${heartbeat.alive.reason}.`)
  }
  const lost = (reason: string) => {
    whole = false
    link('lost', reason)
  }
  const ask = async <T>(path: string): Promise<T> => {
    const answer = await fetch(path, { cache: 'no-store' })
    return (await answer.json()) as T
  }
  const stripsOf = (ids: readonly string[]) => ask<TileStrips>(`api/strips?${ids.map((id) => `bed=${id}`).join('&')}`)
  /** @param again what is shown stands until the first strips of another moment are there, too */
  const fetchWard = async (source: EventSource, again: boolean) => {
    whole = false
    early = []
    const mine = ++asked
    // the stream this snapshot belongs to may break meanwhile, or another one be asked for
    const stale = () => events !== source || mine !== asked
    const view = await ask<WardView>('api/ward')
    let ward = wardOf(view)
    const waiting = inOrder(ward.beds).map(({ id }) => id)
    if (again && waiting.length > 0) {
      const first = await stripsOf(waiting.splice(0, TOGETHER))
      ward = withStrips(ward, first)
    }
    if (stale()) return
    const now = early.reduce((held, apply) => apply(held), ward)
    whole = true
    early = []
    tell((live) => ({ ...live, ward: now, wards: live.wards + 1 }))
    beat(view.heartbeat)
    // values first, then their past, from the top of the page on
    while (waiting.length > 0) {
      const strips = await stripsOf(waiting.splice(0, TOGETHER))
      if (stale()) return
      change((held) => withStrips(held, strips))
    }
  }
  const connect = () => {
    const source = new EventSource('events')
    events = source
    const on = <Name extends keyof WardEvents>(name: Name, take: (data: WardEvents[Name]) => void) =>
      source.addEventListener(name, (event) => take(JSON.parse(event.data) as WardEvents[Name]))
    on('hello', () => {
      heard = performance.now()
      fetchWard(source, false).catch(() => {
        if (events === source) reconnect('The ward could not be read.')
      })
    })
    on('heartbeat', beat)
    on('frames', (frames) => change((ward) => withFrames(ward, frames, ward.heartbeat.now)))
    on('bed', (bed) => change((ward) => withBed(ward, bed)))
    on('discharged', ({ id }) => change((ward) => withoutBed(ward, id)))
    on('alert', (alert) => {
      change((ward) => withAlert(ward, alert))
      tell((live) => ({ ...live, newest: alert }))
    })
    // another moment of a recording: what was known is asked for anew, and stands until it comes
    on('anew', () => {
      fetchWard(source, true).catch(() => {
        if (events === source) reconnect('The ward could not be read.')
      })
    })
    on('replay', (replay) => change((ward) => withReplay(ward, replay)))
    on('marks', (marks) => change((ward) => withMarks(ward, marks)))
    on('deed', (deed) => tell((live) => ({ ...live, deeds: [...live.deeds, deed].slice(-DEEDS) })))
    source.onerror = () => reconnect('The connection to the server broke.')
  }
  const reconnect = (reason: string) => {
    events?.close()
    lost(reason)
    clearTimeout(again)
    if (!closed) again = setTimeout(connect, AGAIN_MS)
  }
  const watchdog = setInterval(() => {
    if (performance.now() - heard < SILENT_MS) return
    heard = performance.now()
    reconnect('No heartbeat from the server for 6 seconds.')
  }, 500)
  connect()
  return () => {
    closed = true
    clearInterval(watchdog)
    clearTimeout(again)
    events?.close()
  }
}

const START: Live = {
  link: { state: 'connecting', reason: '', since: Date.now() },
  ward: undefined,
  wards: 0,
  offset: 0,
  newest: undefined,
  deeds: [],
}

/** The ward, live. @param may whether whoever looks may read it: until then nothing is asked */
export function useLive(may: boolean): Live {
  const [live, setLive] = useState(START)
  useEffect(() => (may ? follow(setLive) : undefined), [may])
  return live
}

/** The wall clock of the server, ms, every second. */
export function useNow(offset: number): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  return now + offset
}
