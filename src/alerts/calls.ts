import type { AlertBody, AlertKind, Call, Phase, Priority, Signal } from '../vitals/alert.ts'

export const RANK: Readonly<Record<Priority, number>> = { info: 0, low: 1, medium: 2, high: 3 }

type Score = NonNullable<AlertBody['score']>

/** When a score is so much worse that a nurse should be told again, by the score's name. */
const WORSE: Readonly<Record<string, (now: Score, before: Score) => boolean>> = {
  'p-value': (now, before) => now.value * 10 <= before.value,
  NEWS2: (now, before) => now.value > before.value,
  // the odds doubled
  risk: (now, before) => now.value * (1 - before.value) >= 2 * before.value * (1 - now.value),
  limit: (now, before) => Math.abs(now.value - now.threshold) >= 2 * Math.abs(before.value - before.threshold),
}

/** Whether a score is much worse than another of its name. */
export function worse(now: Score, before: Score): boolean {
  return WORSE[now.name]?.(now, before) ?? false
}

/** escalations of one alert that nobody acknowledges, at most */
const MOST_UNANSWERED = 3

/** What an open alert knows of its calls. JSON keeps it whole. */
export interface CallState {
  /** event time somebody was last called for it as it stands; absent: a call is owed as soon as nothing forbids it */
  readonly called?: number
  /** what is owed passes the re-alarm silence: its priority rose, a pause is over, or what was latched is back */
  readonly urgent?: true
  readonly ack?: { readonly by: string; readonly at: number }
  /** event time */
  readonly pausedUntil?: number
  /** escalations because nobody acknowledged */
  readonly unanswered: number
}

/** The last call for a code, and how many of its episodes were silenced since. */
export interface LastCall {
  /** event time */
  readonly at: number
  readonly priority: Priority
  readonly score?: Score
  readonly suppressed: number
}
/** Alert code -> its last call: part of a patient's saved state. */
export type Calls = Readonly<Record<string, LastCall>>

/** What decides about calls besides the alert: settings, and the bed's mute. */
export interface CallRules {
  /** event time until which a procedure mutes the bed */
  readonly mutedUntil?: number
  /** re-alarm silence, s */
  readonly silenceSeconds: number
  /** an alert nobody acknowledges is escalated after so long, s; 0: never */
  readonly unansweredSeconds: number
}

/** The part of an alert that calls look at. */
export interface Calling extends CallState {
  readonly code: string
  readonly latching: boolean
  readonly said: {
    readonly kind: AlertKind
    readonly priority: Priority
    readonly score?: Score
    readonly silenceSeconds?: number
  }
}

/** Asystole and its like: latches, and neither a mute nor the re-alarm silence holds it back. */
export function critical({ latching, said }: Pick<Calling, 'latching' | 'said'>): boolean {
  return latching && said.kind !== 'technical'
}

/** Whether a message of the alert calls somebody at `time`. That a bed is not watched is never silenced. */
export function callOf(rules: CallRules, calls: Calls, alert: Calling, time: number): Call {
  const always = critical(alert)
  if (!always && rules.mutedUntil !== undefined && time < rules.mutedUntil) return 'muted'
  if (alert.ack !== undefined) return 'acknowledged'
  if (alert.pausedUntil !== undefined && time < alert.pausedUntil) return 'paused'
  if (alert.called !== undefined) return 'told'
  if (always || alert.urgent || alert.said.kind === 'technical') return 'now'
  const last = calls[alert.code]
  const { priority, score, silenceSeconds = rules.silenceSeconds } = alert.said
  if (last === undefined || time - last.at >= silenceSeconds * 1000) return 'now'
  if (RANK[priority] > RANK[last.priority]) return 'now'
  return score && last.score?.name === score.name && worse(score, last.score) ? 'now' : 'silenced'
}

/** Whether the alert is to be escalated because nobody acknowledged it. */
export function unanswered(rules: CallRules, calls: Calls, alert: Calling, time: number): boolean {
  const { unansweredSeconds } = rules
  if (unansweredSeconds === 0 || alert.called === undefined || alert.unanswered >= MOST_UNANSWERED) return false
  if (RANK[alert.said.priority] < RANK.medium || callOf(rules, calls, alert, time) !== 'told') return false
  return time - alert.called >= unansweredSeconds * 1000
}

/** The alert and the calls after a message of it at `time`. */
export function afterMessage<A extends Calling>(
  calls: Calls,
  alert: A,
  phase: Phase,
  call: Call,
  time: number,
): [A, Calls] {
  const { code, said } = alert
  if (call === 'now') {
    const { urgent: _, ...rest } = alert
    const score = said.score && { score: said.score }
    return [
      Object.assign(rest, { called: time }) as unknown as A,
      { ...calls, [code]: { at: time, priority: said.priority, ...score, suppressed: 0 } },
    ]
  }
  const last = calls[code]
  if (call !== 'silenced' || phase !== 'start' || last === undefined) return [alert, calls]
  return [alert, { ...calls, [code]: { ...last, suppressed: last.suppressed + 1 } }]
}

/** What a message at `time` says of calls. */
export function signalOf(rules: CallRules, calls: Calls, alert: Calling, call: Call, time: number): Signal {
  const { ack, pausedUntil = time } = alert
  const { mutedUntil = time } = rules
  return {
    call,
    latching: critical(alert),
    ack: ack !== undefined,
    ...(ack && { ackBy: ack.by, ackAt: ack.at }),
    ...(pausedUntil > time && { pausedUntil }),
    ...(mutedUntil > time && { mutedUntil }),
    unanswered: alert.unanswered,
    suppressedSinceLast: calls[alert.code]?.suppressed ?? 0,
  }
}
