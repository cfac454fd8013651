import { VigilError } from '../errors.ts'
import type { AlertBody, AlertChannel, Call, Phase } from '../vitals/alert.ts'
import type { Condition } from '../vitals/condition.ts'
import { alertBody, type Occasion, type Said } from './body.ts'
import {
  afterMessage,
  type CallRules,
  type CallState,
  type Calls,
  callOf,
  critical,
  RANK,
  signalOf,
  unanswered,
  worse,
} from './calls.ts'
import { alertId } from './identity.ts'

/** Who and what the alerts of one tick are about; everything of a body that is no condition. */
export interface AlertContext extends CallRules {
  readonly subject: Occasion['subject']
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
  /** the patient's calls so far; none when absent */
  readonly calls?: Calls
  /** nobody sees the patient: what no condition speaks of stands as it is, and is no nearer to its end */
  readonly blind?: true
}

/**
 * An alert between its start and its end. JSON keeps it whole: it is part of a patient's saved state. It is looked at in every tick,
 * so a copy with a field more is made by `Object.assign`: a spread with a field behind it gives each copy a hidden class of its own,
 * and whoever reads it a search.
 */
export interface OpenAlert extends CallState {
  readonly alertId: string
  readonly code: string
  readonly detector: string
  /** of the detector, model and limits that last said so */
  readonly source: AlertBody['source']
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
  /** a technical one ends by `endAlert` or `endAll` only; any other latches once its condition is gone */
  readonly latching: boolean
  /** its condition is gone, and it waits for somebody to reset or acknowledge it */
  readonly latched?: true
  readonly said: Said
}

/** The open alerts of one patient: at most one of a code, in the order they started. */
export type OpenAlerts = readonly OpenAlert[]

/** A patient without open alerts. */
export const NO_ALERTS: OpenAlerts = []

export interface Advance {
  readonly open: OpenAlerts
  readonly bodies: readonly AlertBody[]
  readonly calls: Calls
}

/** A patient for whom nobody was called. */
export const NO_CALLS: Calls = {}

/** at most one update of an alert in this time, s; a change of priority is never held back by it */
const UPDATE_SECONDS = 30

function saidOf(condition: Condition): Said {
  const { kind, priority, label, channels, score, explanation, silenceSeconds } = condition
  const silence = silenceSeconds !== undefined && { silenceSeconds }
  return { kind, priority, label, channels, ...(score && { score }), explanation, ...silence }
}

const leadsElse = (lead: AlertChannel | undefined, led: AlertChannel | undefined): boolean =>
  lead?.channel !== led?.channel || lead?.limit?.side !== led?.limit?.side

/** another channel leads, the lead changed sides, or the score is much worse */
function changed(now: Condition, before: Said): boolean {
  if (!now.steady && leadsElse(now.channels[0], before.channels[0])) return true
  if (!now.score || !before.score || now.score.name !== before.score.name) return now.score?.name !== before.score?.name
  // an hour's risk is another statement than the hour's before it
  if (now.score.name === 'risk') return now.score.value !== before.score.value
  return worse(now.score, before.score)
}

function sourceOf({ sources }: AlertContext, detector: string): AlertBody['source'] {
  const source = sources[detector]
  if (!source) throw new VigilError('internal', 'an alert of a detector without a source', { place: detector })
  return source
}

/** A message of an alert, the alert and the calls after it. */
export function message(
  context: AlertContext,
  calls: Calls,
  alert: OpenAlert,
  phase: Phase,
): [OpenAlert, Calls, AlertBody] {
  const { alertId, seq, code, onset, detected, lastSent, source } = alert
  const closing = phase === 'end' || phase === 'reset'
  const call: Call = closing ? 'none' : callOf(context, calls, alert, lastSent)
  const [after, called] = afterMessage(calls, alert, phase, call, lastSent)
  // the message that calls says how many were silenced before it
  const signal = signalOf(context, call === 'now' ? calls : called, alert, call, lastSent)
  const times = { event: lastSent, onset, detected, ...(closing && { ended: alert.lastTrue }) }
  const { subject, frame } = context
  const latched = alert.latched === true
  const occasion = { alertId, seq, phase, code, times, subject, source, context: frame, latched, signal }
  return [after, called, alertBody(occasion, alert.said)]
}

function begin(context: AlertContext, condition: Condition, time: number): OpenAlert {
  const { code, detector, latching } = condition
  const onset = Math.min(Math.round(condition.onset), time)
  const { patientKey, encounterKey } = context.subject
  return {
    alertId: alertId(patientKey, encounterKey, detector, code, onset, context.again?.(code, onset)),
    code,
    detector,
    source: sourceOf(context, detector),
    seq: 0,
    onset,
    detected: time,
    lastTrue: time,
    lastAtPriority: time,
    lastSent: time,
    lastChanged: time,
    latching,
    unanswered: 0,
    said: saidOf(condition),
  }
}

/** the alert as its next message is sent; event time never goes back within an alert */
export function send(alert: OpenAlert, time: number): OpenAlert {
  return { ...alert, seq: alert.seq + 1, lastSent: Math.max(time, alert.lastSent) }
}

/** The alert as if nobody had been called, acknowledged or paused it: what it is now about is another matter. */
function calledAnew(alert: OpenAlert): OpenAlert {
  const { called: _, ack: __, pausedUntil: ___, ...rest } = alert
  return Object.assign(rest, { urgent: true as const, unanswered: 0 })
}

function unlatched(alert: OpenAlert): OpenAlert {
  const { latched: _, ...rest } = alert
  return rest
}

/** One open alert whose condition is true at `time`: the alert, and the phase of its message if it sends one. */
function hold(context: AlertContext, alert: OpenAlert, condition: Condition, time: number): [OpenAlert, Phase?] {
  const rise = RANK[condition.priority] - RANK[alert.said.priority]
  const lastTrue = Math.max(time, alert.lastTrue)
  const lastAtPriority = rise >= 0 ? lastTrue : alert.lastAtPriority
  // at every tick of every open alert: half of what a spread takes
  const held: OpenAlert = Object.assign({}, alert.latched ? unlatched(alert) : alert, { lastTrue, lastAtPriority })
  const restated = (from: OpenAlert): OpenAlert => ({
    ...send(from, time),
    source: sourceOf(context, condition.detector),
    detector: condition.detector,
    lastChanged: lastTrue,
    lastAtPriority: lastTrue,
    said: saidOf(condition),
  })
  if (rise > 0) return [restated(calledAnew(held)), 'escalate']
  if (alert.latched) return [restated(calledAnew(held)), 'update']
  if (rise < 0 && lastTrue - held.lastAtPriority >= context.clearSeconds * 1000) return [restated(held), 'deescalate']
  if (rise === 0 && time - held.lastChanged >= UPDATE_SECONDS * 1000 && changed(condition, held.said))
    return [restated(held), 'update']
  return stand(context, held, time)
}

/** One open alert to which nothing happens at `time`. */
function stand(context: AlertContext, alert: OpenAlert, time: number): [OpenAlert, Phase?] {
  const calls = context.calls ?? NO_CALLS
  if (unanswered(context, calls, alert, time)) {
    const { called: _, ...rest } = alert
    const again = Object.assign(rest, { urgent: true as const, unanswered: alert.unanswered + 1 })
    return [send(again, time), 'escalate']
  }
  const due = time - alert.lastSent >= context.continueSeconds * 1000
  const owed = alert.called === undefined && callOf(context, calls, alert, time) === 'now'
  return due || owed ? [send(alert, time), 'continue'] : [alert]
}

/** One open alert whose condition is not true at `time`: it ends, latches, or stands. */
function fade(context: AlertContext, alert: OpenAlert, time: number): [OpenAlert, Phase?] {
  const gone = time - alert.lastTrue >= context.clearSeconds * 1000
  if (gone && (!alert.latching || (critical(alert) && alert.ack !== undefined))) return [send(alert, time), 'end']
  if (gone && critical(alert) && !alert.latched)
    return [Object.assign(send(alert, time), { latched: true as const }), 'update']
  return stand(context, alert, time)
}

/** Of the conditions of a code the one of highest priority, else the first. A tick has a handful: no map is worth its making. */
function chosen(conditions: readonly Condition[], code: string): Condition | undefined {
  let first: Condition | undefined
  for (const condition of conditions) {
    if (condition.code !== code) continue
    if (first === undefined || RANK[condition.priority] > RANK[first.priority]) first = condition
  }
  return first
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
  const bodies: AlertBody[] = []
  const next: OpenAlert[] = []
  let calls = context.calls ?? NO_CALLS
  const say = (alert: OpenAlert, phase: Phase): OpenAlert => {
    const [after, called, body] = message(context, calls, alert, phase)
    calls = called
    bodies.push(body)
    return after
  }
  for (const alert of open) {
    const condition = chosen(conditions, alert.code)
    const without = context.blind ? stand : fade
    const [after, phase] = condition ? hold(context, alert, condition, time) : without(context, alert, time)
    const told = phase ? say(after, phase) : after
    if (phase !== 'end') next.push(told)
  }
  for (const { code } of conditions) {
    if (next.some((alert) => alert.code === code) || open.some((alert) => alert.code === code)) continue
    next.push(say(begin(context, chosen(conditions, code)!, time), 'start'))
  }
  return { open: next, bodies, calls }
}

/** End the open alerts that `which` chooses, at once. Nothing happens when there are none. */
export function endSome(
  context: AlertContext,
  open: OpenAlerts,
  which: (alert: OpenAlert) => boolean,
  time: number,
  phase: 'end' | 'reset',
): Advance {
  const calls = context.calls ?? NO_CALLS
  const closing = open.filter(which)
  if (closing.length === 0) return { open, bodies: [], calls }
  return {
    open: open.filter((alert) => !closing.includes(alert)),
    bodies: closing.map((alert) => message(context, calls, send(alert, time), phase)[2]),
    calls,
  }
}

/** End the open alert of a code at once: the signal is back, say. Nothing happens when there is none. */
export function endAlert(context: AlertContext, open: OpenAlerts, code: string, time: number): Advance {
  return endSome(context, open, (alert) => alert.code === code, time, 'end')
}

/** End every open alert: `end` at a discharge, `reset` when another patient lies in the bed. */
export function endAll(context: AlertContext, open: OpenAlerts, time: number, phase: 'end' | 'reset'): Advance {
  return endSome(context, open, () => true, time, phase)
}
