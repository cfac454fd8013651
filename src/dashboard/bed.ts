import { createHash } from 'node:crypto'
import type { AlertBody } from '../vitals/alert.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import type { FrameReport } from '../vitals/report.ts'
import type { Watching } from '../vitals/watching.ts'
import type { AlertView, BedStrips, BedView, DetectorView, FrameView, RiskHours, RiskView, Sample } from './protocol.ts'
import { withHour } from './risk-hours.ts'
import { type SavedStrips, Strips } from './strips.ts'
import { tileChannels } from './tile-channels.ts'

/** Frames a strip holds: five minutes at one a second. */
const STRIP_FRAMES = 300
/** Ended alerts a bed remembers. */
const HISTORY = 20
/** A continuous value older than this is not drawn on. */
const DRAWN_SECONDS = 10

/** What the page knows of one bed. */
export interface Bed {
  readonly id: string
  name: string
  unit: string | null
  watching: Watching
  seen: number | null
  frame: FrameView | null
  readonly strips: Strips
  riskHours: readonly RiskHours[]
  /** open alerts by alert id */
  readonly open: Map<string, AlertView>
  /** newest first */
  readonly history: AlertView[]
}

/** A bed nothing is known of yet. Its id says nothing of the patient and is the same after a restart. */
export function newBed(patientKey: string): Bed {
  const id = createHash('sha256').update(patientKey).digest('hex').slice(0, 12)
  const open = new Map<string, AlertView>()
  const strips = new Strips(STRIP_FRAMES)
  return {
    id,
    name: shortKey(patientKey),
    unit: null,
    watching: 'warming',
    seen: null,
    frame: null,
    strips,
    riskHours: [],
    open,
    history: [],
  }
}

/** A bed as it is kept in a snapshot. */
export type SavedBed = Omit<Bed, 'strips' | 'open' | 'seen'> & {
  readonly strips: SavedStrips
  readonly open: readonly AlertView[]
}

export function savedBed({ seen: _, strips, open, ...rest }: Bed): SavedBed {
  return { ...rest, history: [...rest.history], strips: strips.save(), open: [...open.values()] }
}

/** @param now wall clock, ms: it counts as heard at this moment, where it ever was */
export function restoredBed({ strips: saved, open, history, ...rest }: SavedBed, now: number): Bed {
  const strips = new Strips(STRIP_FRAMES)
  strips.load(saved)
  const seen = rest.frame === null ? null : now
  return { ...rest, seen, strips, open: new Map(open.map((it) => [it.alertId, it])), history: [...history] }
}

/** What stands on a tile whose bed nobody named: the key, its end where it is long. */
function shortKey(patientKey: string): string {
  if (patientKey.startsWith('bed:')) return patientKey.slice(patientKey.lastIndexOf('/') + 1)
  return patientKey.length <= 16 ? patientKey : `…${patientKey.slice(-12)}`
}

/** @returns whether the bed's place changed */
export function place(bed: Bed, unit: string | undefined, name: string | undefined): boolean {
  const before = `${bed.unit}/${bed.name}`
  if (unit !== undefined) bed.unit = unit
  if (name !== undefined) bed.name = name
  return before !== `${bed.unit}/${bed.name}`
}

/** A scored frame as the page draws it; copies all it keeps, for reports are reused. */
export function frameView(bed: Bed, report: FrameReport, table: ChannelTable): FrameView {
  const band = new Map<number, { readonly low: number; readonly high: number }>()
  const detectors: DetectorView[] = report.detectors.map((detector) => {
    const channels = detector.channels.map((name) => table.index.get(name) ?? -1)
    detector.expected.forEach((expected, c) => {
      // the first detector's band is drawn; a second opinion has its own in the bed view
      if (expected !== null && !band.has(channels[c]!)) band.set(channels[c]!, expected)
    })
    const shares = detector.contributions.map((share) => Math.round(share * 1000) / 1000)
    const known = (mean: number | null) => (mean === null ? null : rounded(mean))
    const drift = detector.drift.map(
      ({ cusum, away, lately, usual }) => [rounded(cusum), rounded(away), known(lately), known(usual)] as const,
    )
    const driftLimits = detector.drift.map(
      ({ cusumLimit, awayLimit }) => [rounded(cusumLimit), rounded(awayLimit)] as const,
    )
    const { surprise } = detector
    return { detector: detector.detector, p: { ...detector.p }, surprise, channels, shares, drift, driftLimits }
  })
  const samples: Sample[] = []
  report.values.forEach((value, channel) => {
    const age = report.ages[channel]
    if (value === null || age === null || age === undefined) return
    const expected = band.get(channel)
    samples.push([
      channel,
      rounded(value),
      age,
      expected ? rounded(expected.low) : null,
      expected ? rounded(expected.high) : null,
    ])
  })
  const news2 = report.news2 && { score: report.news2.score, missing: [...report.news2.missing] }
  const seq = (bed.frame?.seq ?? 0) + 1
  const faults = report.faults.map(({ channel, fault }) => [table.index.get(channel)!, fault] as const)
  const risks = (report.risks ?? []).map(({ probability = null, time = null, ...rest }): RiskView => {
    const reasons = rest.reasons.map(({ label, share }) => ({ label, share: Math.round(share * 1000) / 1000 }))
    return { ...rest, probability, time, reasons }
  })
  const { time, watching, mutedUntil } = report
  return { bed: bed.id, seq, time, watching, news2, samples, faults, mutedUntil, detectors, risks }
}

/** Take a frame in. @param now wall clock, ms */
export function observe(bed: Bed, frame: FrameView, now: number): void {
  bed.frame = frame
  bed.watching = frame.watching
  bed.seen = now
  const aside = frame.faults.flatMap(([channel, fault]) => (fault === 'missing' ? [] : [channel]))
  bed.strips.push(frame.time, frame.samples, DRAWN_SECONDS, aside)
  for (const risk of frame.risks) bed.riskHours = withHour(bed.riskHours, risk)
}

/** Take an alert event in: an episode is open until it ends, then history. */
export function raise(bed: Bed, body: AlertBody): AlertView {
  const ended =
    body.phase === 'end' || body.phase === 'reset' || body.state === 'inactive'
      ? (body.times.ended ?? body.times.event)
      : null
  const { alertId, phase, kind, priority, state, code, label, channels } = body
  const view: AlertView = {
    alertId, bed: bed.id, phase, kind, priority, state, code, label, onset: body.times.onset, detected: body.times.detected, ended,
    detector: body.source.detector, explanation: body.explanation.text, channels,
    score: body.score ?? null, signal: body.signal,
  } // biome-ignore format: the fields in their order
  if (ended === null) {
    bed.open.set(alertId, view)
  } else {
    bed.open.delete(alertId)
    bed.history.unshift(view)
    bed.history.length = Math.min(bed.history.length, HISTORY)
  }
  return view
}

/** The strips of a tile's rows. */
export function tileStrips(bed: Bed, table: ChannelTable): BedStrips {
  const had = new Set(bed.strips.channels)
  const has = (name: string) => had.has(table.index.get(name) ?? -1)
  const shown = new Set(tileChannels(has).map((name) => table.index.get(name)!))
  return bed.strips.view((channel) => shown.has(channel))
}

/** The bed with its newest frame and its open alerts, newest first; without its strips. */
export function bedView(bed: Bed): BedView {
  const alerts = [...bed.open.values()].sort((a, b) => b.onset - a.onset)
  const { frame, riskHours } = bed
  return { ...bedLine(bed), frame, riskHours, alerts }
}

/** The bed without what changes every second. */
export function bedLine({ id, name, unit, watching, seen }: Bed): Omit<BedView, 'riskHours' | 'frame' | 'alerts'> {
  return { id, name, unit, watching, seen }
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
