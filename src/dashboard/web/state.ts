import type {
  AlertView,
  BedStrips,
  BedView,
  ChannelInfo,
  FrameView,
  Heartbeat,
  ModelInfo,
  ReplayMark,
  ReplayView,
  ReplayWhole,
  TileStrips,
  WardEvents,
  WardView,
} from '../protocol.ts'
import { withHour } from '../risk-hours.ts'

/** The columns a strip is drawn from, in the order the plot takes them. Oldest first, times in seconds. */
export interface StripColumns {
  readonly time: number[]
  readonly low: (number | null)[]
  readonly high: (number | null)[]
  readonly value: (number | null)[]
  /** the value where it lies outside the band, else null */
  readonly outside: (number | null)[]
  /** the value where the sensor logic set it aside, else null: it is not among `value` */
  readonly aside: (number | null)[]
}

/** A bed as the page holds it. The object is new whenever anything of it changed; the columns grow in place. */
export interface PageBed extends Omit<BedView, 'alerts'> {
  readonly strips: ReadonlyMap<number, StripColumns>
  /** open, newest first */
  readonly alerts: readonly AlertView[]
}

export interface PageWard {
  /** wall clock at which the server's process began to watch, ms */
  readonly started: number
  readonly models: readonly ModelInfo[]
  readonly channels: readonly ChannelInfo[]
  readonly beds: ReadonlyMap<string, PageBed>
  readonly heartbeat: Heartbeat
  /** ended alerts, newest first */
  readonly recent: readonly AlertView[]
  /** where in a recording the page stands; null: this is now */
  readonly replay: ReplayWhole | null
}

/** Seconds a strip reaches back. */
export const STRIP_SECONDS = 300
/** A continuous value older than this is not drawn on (the server's strips do the same). */
const DRAWN_SECONDS = 10
const RECENT = 30

/** The ward as the server tells it whole; of its strips nothing yet. */
export function wardOf({ models, channels, beds, heartbeat, started, recent, replay }: WardView): PageWard {
  const held = beds.map((bed): [string, PageBed] => [bed.id, { ...bed, strips: new Map() }])
  return { models, channels, heartbeat, started, recent, replay, beds: new Map(held) }
}

/** With what the server knows of the past of some beds, asked for after the values: it may know more than the stream told. */
export function withStrips(ward: PageWard, strips: TileStrips): PageWard {
  const beds = new Map(ward.beds)
  for (const [id, past] of Object.entries(strips)) {
    const bed = beds.get(id)
    if (bed === undefined) continue
    const newest = bed.strips.values().next().value?.time.at(-1)
    const known = columnsOf(past)
    const all = newest !== undefined && past.time.includes(newest)
    beds.set(id, { ...bed, strips: all ? known : withPast(bed.strips, known) })
  }
  return { ...ward, beds }
}

/** @param now wall clock of the server, ms */
export function withFrames(ward: PageWard, frames: readonly FrameView[], now: number): PageWard {
  const beds = new Map(ward.beds)
  for (const frame of frames) {
    const bed = beds.get(frame.bed)
    // a frame the snapshot already had
    if (bed === undefined || (bed.frame !== null && frame.seq <= bed.frame.seq)) continue
    const jumpedBack = bed.frame !== null && frame.time <= bed.frame.time
    const known = jumpedBack ? new Map<number, StripColumns>() : bed.strips
    const riskHours = frame.risks.reduce(withHour, bed.riskHours)
    beds.set(bed.id, { ...bed, frame, riskHours, watching: frame.watching, seen: now, strips: extended(known, frame) })
  }
  return { ...ward, beds }
}

/** An alert event: its episode opens, changes, or moves to the ended ones. */
export function withAlert(ward: PageWard, alert: AlertView): PageWard {
  const bed = ward.beds.get(alert.bed)
  const open = (bed?.alerts ?? []).filter(({ alertId }) => alertId !== alert.alertId)
  const beds = new Map(ward.beds)
  const alerts = alert.ended === null ? [...open, alert].sort((a, b) => b.onset - a.onset) : open
  if (bed !== undefined) beds.set(bed.id, { ...bed, alerts })
  if (alert.ended === null) return { ...ward, beds }
  const older = ward.recent.filter(({ alertId }) => alertId !== alert.alertId)
  return { ...ward, beds, recent: [alert, ...older].slice(0, RECENT) }
}

/** A bed that appeared, moved or fell silent. */
export function withBed(ward: PageWard, line: WardEvents['bed']): PageWard {
  const known = ward.beds.get(line.id) ?? { frame: null, strips: new Map(), riskHours: [], alerts: [] }
  return { ...ward, beds: new Map(ward.beds).set(line.id, { ...known, ...line }) }
}

/** Another moment of the recording, or more of it is read. */
export function withReplay(ward: PageWard, replay: ReplayView): PageWard {
  return { ...ward, replay: { marks: ward.replay?.marks ?? [], ...replay } }
}

/** Marks that are new, or more urgent than before. */
export function withMarks(ward: PageWard, marks: readonly ReplayMark[]): PageWard {
  if (ward.replay === null) return ward
  const all = new Map([...ward.replay.marks, ...marks].map((mark) => [mark[0], mark]))
  return { ...ward, replay: { ...ward.replay, marks: [...all.values()] } }
}

export function withoutBed(ward: PageWard, id: string): PageWard {
  const beds = new Map(ward.beds)
  beds.delete(id)
  return { ...ward, beds }
}

const byName = new Intl.Collator('en', { numeric: true })

/** Beds in their order on the page: by unit, then name; alerts never move a bed. */
export function inOrder(beds: ReadonlyMap<string, PageBed>): PageBed[] {
  return [...beds.values()].sort(
    (a, b) =>
      byName.compare(a.unit ?? '', b.unit ?? '') || byName.compare(a.name, b.name) || byName.compare(a.id, b.id),
  )
}

/**
 * The strips of a bed with what the server knew of its past when it was opened: a tile's snapshot has those of its rows alone.
 * What came since is the page's own.
 */
export function withPast(
  own: ReadonlyMap<number, StripColumns>,
  past: ReadonlyMap<number, StripColumns>,
): ReadonlyMap<number, StripColumns> {
  const times = own.values().next().value?.time ?? []
  const last = past.values().next().value?.time.at(-1)
  const newest = times.at(-1) ?? last
  // nothing is known yet, or the bed began anew with another recording
  if (last === undefined || newest === undefined || newest < last) return own
  const after = times.filter((time) => time > last)
  const joined = new Map(own)
  for (const [channel, before] of past) {
    const held = own.get(channel)
    const from = before.time.findIndex((time) => time > newest - STRIP_SECONDS)
    const join = <Name extends keyof StripColumns>(name: Name): StripColumns[Name] => {
      const older = from === -1 ? [] : before[name].slice(from)
      const newer = held?.[name].slice(held.time.length - after.length) ?? after.map((time) => (name === 'time' ? time : null)) // biome-ignore format: one line
      return [...older, ...newer] as StripColumns[Name]
    }
    joined.set(channel, { time: join('time'), low: join('low'), high: join('high'), value: join('value'), outside: join('outside'), aside: join('aside') }) // biome-ignore format: one row
  }
  return joined
}

export function columnsOf({ time, channels }: BedStrips): Map<number, StripColumns> {
  return new Map(
    channels.map(({ channel, value, low, high, aside }) => {
      const whole = (column: readonly (number | null)[]) => time.map((_, i) => column[i] ?? null)
      const copied = { value: whole(value), low: whole(low), high: whole(high), aside: whole(aside) }
      const outside = copied.value.map((v, i) => beyond(v, copied.low[i]!, copied.high[i]!))
      return [channel, { time: [...time], ...copied, outside }]
    }),
  )
}

function extended(strips: ReadonlyMap<number, StripColumns>, frame: FrameView): ReadonlyMap<number, StripColumns> {
  const time = frame.time / 1000
  const samples = new Map(frame.samples.map((sample) => [sample[0], sample]))
  const faults = new Set(frame.faults.filter(([, fault]) => fault !== 'missing').map(([channel]) => channel))
  const next = new Map(strips)
  const times = strips.values().next().value?.time ?? []
  // the past that was asked for knew it already
  if (times.at(-1)! >= time) return strips
  const none = () => times.map(() => null)
  for (const channel of samples.keys()) {
    if (next.has(channel)) continue
    next.set(channel, { time: [...times], value: none(), low: none(), high: none(), outside: none(), aside: none() })
  }
  for (const [channel, columns] of next) {
    const [, value, age, low, high] = samples.get(channel) ?? [channel, null, 0, null, null]
    const distrusted = faults.has(channel)
    const drawn = age <= DRAWN_SECONDS && !distrusted ? value : null
    columns.time.push(time)
    columns.value.push(drawn)
    columns.low.push(low)
    columns.high.push(high)
    columns.outside.push(beyond(drawn, low, high))
    columns.aside.push(distrusted ? value : null)
    let old = 0
    while (columns.time[old]! <= time - STRIP_SECONDS) old++
    if (old > 0) for (const column of Object.values(columns)) column.splice(0, old)
  }
  return next
}

function beyond(value: number | null, low: number | null, high: number | null): number | null {
  if (value === null || low === null || high === null) return null
  return value < low || value > high ? value : null
}
