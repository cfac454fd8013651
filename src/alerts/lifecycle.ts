import { VigilError } from '../errors.ts'
import type { AlertBody, Phase, Priority } from '../vitals/alert.ts'
import type { Condition } from '../vitals/condition.ts'
import { alertBody, type Said } from './body.ts'
import { alertId } from './identity.ts'

/** Who and what the alerts of one tick are about; everything of a body that is no condition. */
export interface AlertContext {
  readonly subject: AlertBody['subject']
  /** detector -> where its alerts come from; a condition's detector must be in it */
  readonly sources: Readonly<Record<string, AlertBody['source']>>
  /** what stood beside the conditions in this tick */
  readonly frame: AlertBody['context']
  /** hysteresis: how long a condition must be gone before its alert ends or loses priority, s */
  readonly clearSeconds: number
  /** an open alert is sent again after this long without a message, s */
  readonly continueSeconds: number
  /** asked once an episode: 0, or a new number where an episode of the code began at this onset or later before */
  readonly again?: (code: string, onset: number) => number
}

/** An alert between its start and its end. JSON keeps it whole: it is part of a patient's saved state. */
export interface OpenAlert {
  readonly alertId: string
  readonly code: string
  readonly detector: string
  /** sequence number of its last message */
  readonly seq: number
  readonly onset: number
  readonly detected: number
  /** event time the condition was last true */
  readonly lastTrue: number
  /** event time the condition was last true with at least the alert's priority */
  readonly lastAtPriority: number
  /** event time of its last message, and of its last start, update or change of priority */
  readonly lastSent: number
  readonly lastChanged: number
  /** ends by `endAlert` or `endAll` only */
  readonly latching: boolean
  readonly said: Said
}

/** The open alerts of one patient: at most one of a code, in the order they started. */
export type OpenAlerts = readonly OpenAlert[]

/** A patient without open alerts. */
export const NO_ALERTS: OpenAlerts = []

export interface Advance {
  readonly open: OpenAlerts
  readonly bodies: readonly AlertBody[]
}

/** at most one update of an alert in this time, s; a change of priority is never held back by it */
const UPDATE_SECONDS = 30

const RANK: Readonly<Record<Priority, number>> = { info: 0, low: 1, medium: 2, high: 3 }

type Score = NonNullable<AlertBody['score']>

/** When a score is so much worse that a nurse should be told again, by the score's name. */
const WORSE: Readonly<Record<string, (now: Score, before: Score) => boolean>> = {
  'p-value': (now, before) => now.value * 10 <= before.value,
  NEWS2: (now, before) => now.value > before.value,
  limit: (now, before) => Math.abs(now.value - now.threshold) >= 2 * Math.abs(before.value - before.threshold),
}

function saidOf(condition: Condition): Said {
  const { kind, priority, label, channels, score, explanation } = condition
  return { kind, priority, label, channels, ...(score && { score }), explanation }
}

/** another channel leads, the lead changed sides, or the score is much worse */
function changed(now: Condition, before: Said): boolean {
  const lead = now.channels[0]
  const led = before.channels[0]
  if (lead?.channel !== led?.channel || lead?.limit?.side !== led?.limit?.side) return true
  if (!now.score || !before.score || now.score.name !== before.score.name) return now.score?.name !== before.score?.name
  return WORSE[now.score.name]?.(now.score, before.score) ?? false
}

function bodyOf(context: AlertContext, alert: OpenAlert, phase: Phase): AlertBody {
  const source = context.sources[alert.detector]
  if (!source) throw new VigilError('internal', 'an alert of a detector without a source', { place: alert.detector })
  const { alertId, seq, code, onset, detected, lastSent } = alert
  const closing = phase === 'end' || phase === 'reset'
  const times = { event: lastSent, onset, detected, ...(closing && { ended: alert.lastTrue }) }
  return alertBody(
    { alertId, seq, phase, code, times, subject: context.subject, source, context: context.frame },
    alert.said,
  )
}

function begin(context: AlertContext, condition: Condition, time: number): OpenAlert {
  const { code, detector, latching } = condition
  const onset = Math.min(Math.round(condition.onset), time)
  const { patientKey, encounterKey } = context.subject
  return {
    alertId: alertId(patientKey, encounterKey, detector, code, onset, context.again?.(code, onset)),
    code,
    detector,
    seq: 0,
    onset,
    detected: time,
    lastTrue: time,
    lastAtPriority: time,
    lastSent: time,
    lastChanged: time,
    latching,
    said: saidOf(condition),
  }
}

/** the alert after one more message of it; event time never goes back within an alert */
function send(alert: OpenAlert, time: number): OpenAlert {
  return { ...alert, seq: alert.seq + 1, lastSent: Math.max(time, alert.lastSent) }
}

/** One open alert whose condition is true at `time`: the alert, and the phase of its message if it sends one. */
function hold(context: AlertContext, alert: OpenAlert, condition: Condition, time: number): [OpenAlert, Phase?] {
  const rise = RANK[condition.priority] - RANK[alert.said.priority]
  const lastTrue = Math.max(time, alert.lastTrue)
  const held: OpenAlert = { ...alert, lastTrue, lastAtPriority: rise >= 0 ? lastTrue : alert.lastAtPriority }
  const restated = (): OpenAlert => ({
    ...send(held, time),
    lastChanged: lastTrue,
    lastAtPriority: lastTrue,
    said: saidOf(condition),
  })
  if (rise > 0) return [restated(), 'escalate']
  if (rise < 0 && lastTrue - held.lastAtPriority >= context.clearSeconds * 1000) return [restated(), 'deescalate']
  if (rise === 0 && time - held.lastChanged >= UPDATE_SECONDS * 1000 && changed(condition, held.said))
    return [restated(), 'update']
  if (time - held.lastSent >= context.continueSeconds * 1000) return [send(held, time), 'continue']
  return [held]
}

/** One open alert whose condition is not true at `time`; undefined = it ends. */
function fade(context: AlertContext, alert: OpenAlert, time: number): [OpenAlert, Phase?] {
  if (!alert.latching && time - alert.lastTrue >= context.clearSeconds * 1000) return [send(alert, time), 'end']
  if (time - alert.lastSent >= context.continueSeconds * 1000) return [send(alert, time), 'continue']
  return [alert]
}

/** of several conditions with one code the one of highest priority, else the first */
function chosen(conditions: readonly Condition[]): Map<string, Condition> {
  const byCode = new Map<string, Condition>()
  for (const condition of conditions) {
    const other = byCode.get(condition.code)
    if (!other || RANK[condition.priority] > RANK[other.priority]) byCode.set(condition.code, condition)
  }
  return byCode
}

/**
 * One tick in the life of a patient's alerts: `(open, conditions) -> (open, messages)`, a function of nothing else.
 * At most one message of an alert in a tick. A tick without conditions and without open alerts needs no call.
 * @param conditions what is true at this tick
 * @param time event time of the tick, ms since 1970
 * @throws VigilError `internal` when a condition's detector has no source in the context
 */
export function advance(
  context: AlertContext,
  open: OpenAlerts,
  conditions: readonly Condition[],
  time: number,
): Advance {
  const byCode = chosen(conditions)
  const bodies: AlertBody[] = []
  const next: OpenAlert[] = []
  for (const alert of open) {
    const condition = byCode.get(alert.code)
    byCode.delete(alert.code)
    const [after, phase] = condition ? hold(context, alert, condition, time) : fade(context, alert, time)
    if (phase) bodies.push(bodyOf(context, after, phase))
    if (phase !== 'end') next.push(after)
  }
  for (const condition of byCode.values()) {
    const alert = begin(context, condition, time)
    bodies.push(bodyOf(context, alert, 'start'))
    next.push(alert)
  }
  return { open: next, bodies }
}

function close(
  context: AlertContext,
  open: OpenAlerts,
  which: (alert: OpenAlert) => boolean,
  time: number,
  phase: Phase,
): Advance {
  const closing = open.filter(which)
  if (closing.length === 0) return { open, bodies: [] }
  return {
    open: open.filter((alert) => !closing.includes(alert)),
    bodies: closing.map((alert) => bodyOf(context, send(alert, time), phase)),
  }
}

/** End the open alert of a code at once: the signal is back, say. Nothing happens when there is none. */
export function endAlert(context: AlertContext, open: OpenAlerts, code: string, time: number): Advance {
  return close(context, open, (alert) => alert.code === code, time, 'end')
}

/** End every open alert: `end` at a discharge, `reset` when another patient lies in the bed or the detector changed. */
export function endAll(context: AlertContext, open: OpenAlerts, time: number, phase: 'end' | 'reset'): Advance {
  return close(context, open, () => true, time, phase)
}
