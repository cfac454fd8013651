import { fileURLToPath } from 'node:url'
import type { FrameTap, HttpRoute, Output, Sink } from '../stream/ports.ts'
import type { AlertBody } from '../vitals/alert.ts'
import { CHANNELS, type ChannelTable } from '../vitals/channels.ts'
import type { Control } from '../vitals/control.ts'
import type { JournalEntry } from '../vitals/journal.ts'
import type { FrameReport } from '../vitals/report.ts'
import { WATCHING, type Watching } from '../vitals/watching.ts'
import {
  type Bed,
  bedLine,
  bedView,
  frameView,
  newBed,
  observe,
  place,
  raise,
  restoredBed,
  type SavedBed,
  savedBed,
  tileStrips,
} from './bed.ts'
import { deedView } from './deeds.ts'
import { Listeners } from './listeners.ts'
import type {
  AlertView,
  BedCounts,
  BedDetail,
  BudgetView,
  ChannelInfo,
  FrameView,
  Heartbeat,
  ModelInfo,
  ReplayWhole,
  TileStrips,
  WardEvents,
  WardView,
} from './protocol.ts'

const HEARTBEAT_MS = 2000
const FRAMES_MS = 500
/** Frames that may wait for the next batch, well below what a listener may be behind; where there are more, pages ask anew. */
const MAX_WAITING_FRAMES = 768
/** Beds of the page, where nobody says how many: a hospital's ward is smaller, and a browser can still hold them. */
const MOST_BEDS = 256
/** Ended alerts the ward's list remembers. */
const RECENT = 30

/** The built page, beside the compiled server. */
export const PAGE = fileURLToPath(new URL('../../dist/dashboard/web/', import.meta.url))

export interface WardOptions {
  readonly table: ChannelTable
  /** beds the page keeps and shows; an alert of any other bed brings that bed in, and the first as many with their frames */
  readonly maxBeds?: number
  /** whether the pipeline moves; a heartbeat that only proves a timer would lie */
  readonly alive?: () => Heartbeat['alive']
  /** what of the alarm budget is spent; nobody counts by default */
  readonly spent?: () => BudgetView | null
  /** where in a recording the page stands; not in one by default */
  readonly replay?: () => ReplayWhole | null
  /** wall clock, ms since 1970 */
  readonly now?: () => number
}

/** What a feed remembers, as it is kept in a snapshot. */
export interface SavedWard {
  readonly beds: readonly (readonly [patientKey: string, bed: SavedBed])[]
  readonly recent: readonly AlertView[]
}

/** The ward page's feed: a tap for frames, a sink for alerts, and the routes the page reads. */
export interface WardFeed extends FrameTap, Sink {
  readonly routes: readonly HttpRoute[]
  /** the models in the page's header */
  serving(models: readonly ModelInfo[]): void
  /**
   * Whose bed and which moment somebody means: by the page's id of the bed, by an alert it shows, or by the patient's own key,
   * who may be watched by another process.
   * @returns undefined where the page knows nobody of that id
   */
  target(of: {
    readonly bed?: string | undefined
    readonly alertId?: string | undefined
    readonly patientKey?: string | undefined
  }): { readonly patientKey: string; readonly at: number } | undefined
  /** the beds of the page with their newest frames */
  newest(): readonly { readonly id: string; readonly patientKey: string; readonly frame: FrameView | null }[]
  /** beds of the whole pipeline by watching state; until told, those on the page are counted */
  counted(beds: BedCounts): void
  /** Say something to whoever listens. */
  tell<Name extends 'replay' | 'marks'>(name: Name, data: WardEvents[Name]): void
  /** What it remembers; what is given is the feed's own, and changes with it. */
  save(): SavedWard
  /** Remember what was saved, or nothing, instead; what follows is told nobody until `shown`. */
  load(saved: SavedWard | undefined): void
  /** What follows is told nobody until `shown`: the ward hurries to another moment. */
  hidden(): void
  /** The ward stands at another moment: everybody asks for it anew. */
  shown(): void
}

/** @returns a feed that beats until `close` */
export function wardFeed({
  table,
  maxBeds = MOST_BEDS,
  alive = () => ({ ok: true, reason: '' }),
  spent = () => null,
  replay = () => null,
  now = Date.now,
}: WardOptions): WardFeed {
  const beds = new Map<string, Bed>()
  const byId = new Map<string, Bed>()
  /** keys of the beds whose frames are kept: as many as the page has, and as many whom an alert brings in */
  const drawn = new Set<string>()
  const listeners = new Listeners()
  const recent: AlertView[] = []
  let models: readonly ModelInfo[] = []
  let counts: BedCounts | undefined
  let waiting: FrameView[] = []
  const started = now()
  let seq = 0
  let hidden = false
  /** frames were left out that no page was told of */
  let overflown = false
  const send: Listeners['send'] = (name, data) => {
    if (!hidden) listeners.send(name, data)
  }

  const channels: ChannelInfo[] = table.channels.map(({ name, label, meaning, unit, resolution, cadence }, index) => ({
    name, label, meaning, unit, resolution, episodic: cadence !== 'continuous', declared: index >= CHANNELS.length, fixed: cadence === 'static',
  })) // biome-ignore format: the fields in their order

  const bedOf = (patientKey: string, unit?: string, name?: string): Bed => {
    let bed = beds.get(patientKey)
    const fresh = bed === undefined
    if (bed === undefined) {
      bed = newBed(patientKey)
      beds.set(patientKey, bed)
      byId.set(bed.id, bed)
    }
    if (place(bed, unit, name) || fresh) send('bed', bedLine(bed))
    return bed
  }
  const forget = (patientKey: string): void => {
    const bed = beds.get(patientKey)
    if (bed === undefined) return
    beds.delete(patientKey)
    drawn.delete(patientKey)
    byId.delete(bed.id)
    send('discharged', { id: bed.id })
  }
  const heartbeat = (): Heartbeat => ({
    seq,
    now: now(),
    beds: counts ?? countBeds(beds.values()),
    alive: alive(),
    spent: spent(),
  })
  const beat = (): void => {
    seq++
    if (overflown) send('anew', {})
    overflown = false
    listeners.send('heartbeat', heartbeat())
  }
  const flush = (): void => {
    if (waiting.length > 0) send('frames', waiting)
    waiting = []
  }
  const timers = [setInterval(beat, HEARTBEAT_MS), setInterval(flush, FRAMES_MS)]

  const alert = (body: AlertBody): void => {
    const { patientKey, unit, bed: name } = body.subject
    const bed = bedOf(patientKey, unit, name)
    const view = raise(bed, body)
    if (view.ended !== null) {
      recent.unshift(view)
      recent.length = Math.min(recent.length, RECENT)
    }
    send('alert', view)
    if (beds.size > maxBeds && bed.open.size === 0) forget(patientKey)
  }
  const changed = (patientKey: string, watching: Watching): void => {
    if (!beds.has(patientKey) && beds.size >= maxBeds) return
    const bed = bedOf(patientKey)
    bed.watching = watching
    send('bed', bedLine(bed))
  }
  const deed = (it: Control | JournalEntry, refused: string | null): void => {
    const bed = beds.get(it.patientKey)
    const view = bed && deedView(bed.id, it, refused)
    if (view !== undefined) send('deed', view)
  }
  const journal = (entry: JournalEntry): void => {
    deed(entry, null)
    if (entry.entry === 'discharge' || entry.entry === 'merge' || entry.entry === 'forgotten') forget(entry.patientKey)
    else if (entry.entry === 'signal-lost') changed(entry.patientKey, 'blind')
    else if (entry.entry === 'transfer' && beds.has(entry.patientKey)) bedOf(entry.patientKey, entry.unit, entry.bed)
  }

  const wants = (patientKey: string): boolean =>
    drawn.has(patientKey) || (drawn.size < 2 * maxBeds && (beds.has(patientKey) || beds.size < maxBeds))

  return {
    name: 'ward',
    wants,
    frames(reports: readonly FrameReport[]) {
      for (const report of reports) {
        // a page that was filled by those before it
        if (!wants(report.patientKey)) continue
        drawn.add(report.patientKey)
        const bed = bedOf(report.patientKey, report.unit, report.bed)
        const view = frameView(bed, report, table)
        observe(bed, view, now())
        if (listeners.size > 0 && !hidden) waiting.push(view)
      }
      if (waiting.length <= MAX_WAITING_FRAMES) return
      waiting = waiting.slice(-MAX_WAITING_FRAMES)
      overflown = true
    },
    async deliver(outputs: readonly Output[]) {
      for (const output of outputs) {
        if (output.kind === 'alert') alert(output.envelope.body)
        else if (output.kind === 'journal') journal(output.entry)
        else if (output.refused !== undefined) deed(output.refused(), output.rejection.detail)
      }
    },
    async close() {
      for (const timer of timers) clearInterval(timer)
      listeners.close()
    },
    serving(serving) {
      models = serving
    },
    tell: (name, data) => listeners.send(name, data),
    save: () => ({ beds: [...beds].map(([key, bed]) => [key, savedBed(bed)] as const), recent: [...recent] }),
    hidden() {
      hidden = true
      waiting = []
    },
    load(saved) {
      hidden = true
      waiting = []
      beds.clear()
      drawn.clear()
      byId.clear()
      for (const [patientKey, bed] of saved?.beds ?? []) {
        const restored = restoredBed(bed, now())
        beds.set(patientKey, restored)
        byId.set(bed.id, restored)
      }
      recent.splice(0, recent.length, ...(saved?.recent ?? []))
    },
    shown() {
      hidden = false
      listeners.send('anew', {})
    },
    watchingChanged: changed,
    left: forget,
    counted(total) {
      counts = { ...total }
    },
    newest: () => [...beds].map(([patientKey, { id, frame }]) => ({ id, patientKey, frame })),
    target({ bed: id, alertId, patientKey }) {
      const shown = (bed: Bed) =>
        alertId !== undefined && (bed.open.has(alertId) || bed.history.some((it) => it.alertId === alertId))
      for (const [key, bed] of beds) {
        const meant = patientKey !== undefined ? key === patientKey : id !== undefined ? bed.id === id : shown(bed)
        if (meant) return { patientKey: key, at: bed.frame?.time ?? now() }
      }
      return patientKey === undefined ? undefined : { patientKey, at: now() }
    },
    routes: [
      {
        kind: 'json',
        path: '/api/ward',
        answer: (): WardView => ({
          models,
          channels,
          beds: [...beds.values()].map(bedView),
          heartbeat: heartbeat(),
          started,
          recent,
          replay: replay(),
        }),
      },
      {
        kind: 'json',
        path: '/api/strips',
        answer: (_params, { query }): TileStrips =>
          Object.fromEntries(
            (query['bed'] ?? []).slice(0, maxBeds).flatMap((id) => {
              const bed = byId.get(id)
              return bed === undefined ? [] : [[id, tileStrips(bed, table)]]
            }),
          ),
      },
      {
        kind: 'json',
        path: '/api/beds/:id',
        answer: ({ id = '' }): BedDetail | undefined => {
          const bed = byId.get(id)
          return bed && { ...bedView(bed), strips: bed.strips.view(), history: bed.history }
        },
      },
      { kind: 'events', path: '/events', open: (response) => listeners.add(response, 'hello', heartbeat()) },
    ],
  }
}

function countBeds(beds: Iterable<Bed>): BedCounts {
  const counts = Object.fromEntries(WATCHING.map((watching) => [watching, 0])) as Record<Watching, number>
  for (const bed of beds) counts[bed.watching]++
  return counts
}
