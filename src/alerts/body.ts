import type { AlertBody, AlertChannel, AlertKind, Phase, Priority, Signal } from '../vitals/alert.ts'
import { keyedByBed } from '../vitals/reading.ts'
import { eventId } from './identity.ts'

/** What an alert says, as it was last said: a condition without its onset. */
export interface Said {
  readonly kind: AlertKind
  readonly priority: Priority
  readonly label: string
  readonly channels: readonly AlertChannel[]
  readonly score?: NonNullable<AlertBody['score']>
  readonly explanation: AlertBody['explanation']
  /** re-alarm silence of its own, s */
  readonly silenceSeconds?: number
}

/** Everything a body is made of besides what it says. */
export interface Occasion {
  readonly alertId: string
  readonly seq: number
  readonly phase: Phase
  readonly code: string
  readonly times: { readonly event: number; readonly onset: number; readonly detected: number; readonly ended?: number }
  readonly subject: Omit<AlertBody['subject'], 'keyedBy'>
  readonly source: AlertBody['source']
  readonly context: AlertBody['context']
  readonly latched: boolean
  readonly signal: Signal
}

/** decimals a body's numbers are rounded to; a score is kept to four significant digits */
const DECIMALS = { observed: 3, expected: 2, z: 2, contribution: 3, limit: 3, stale: 1 } as const
const SCORE_DIGITS = 4

function round(value: number, decimals: number): number {
  const factor = 10 ** decimals
  return Math.round(value * factor) / factor
}

const significant = (value: number): number => Number(value.toPrecision(SCORE_DIGITS))

function channelOf(it: AlertChannel): AlertChannel {
  const { expected, limit } = it
  return {
    channel: it.channel,
    unit: it.unit,
    observed: it.observed === null ? null : round(it.observed, DECIMALS.observed),
    ...(expected && {
      expected: {
        mean: round(expected.mean, DECIMALS.expected),
        sd: round(expected.sd, DECIMALS.expected),
        low: round(expected.low, DECIMALS.expected),
        high: round(expected.high, DECIMALS.expected),
      },
    }),
    ...(it.z !== undefined && { z: round(it.z, DECIMALS.z) }),
    ...(it.contribution !== undefined && { contribution: round(it.contribution, DECIMALS.contribution) }),
    ...(it.given !== undefined && { given: round(it.given, DECIMALS.expected) }),
    ...(limit && { limit: { side: limit.side, value: round(limit.value, DECIMALS.limit) } }),
    status: it.status,
    ...(it.sampleTime !== undefined && { sampleTime: Math.round(it.sampleTime) }),
    ...(it.loinc !== undefined && { loinc: it.loinc }),
    ...(it.mdc !== undefined && { mdc: it.mdc }),
  }
}

function scoreOf(it: NonNullable<AlertBody['score']>): NonNullable<AlertBody['score']> {
  return {
    name: it.name,
    value: significant(it.value),
    threshold: significant(it.threshold),
    ...(it.persistence && { persistence: { n: it.persistence.n, of: it.persistence.of } }),
    ...(it.probability !== undefined && { probability: significant(it.probability) }),
    calibrated: it.calibrated,
    ...(it.horizonSeconds !== undefined && { horizonSeconds: significant(it.horizonSeconds) }),
  }
}

function signalOf(it: Signal): Signal {
  return {
    call: it.call,
    latching: it.latching,
    ack: it.ack,
    ...(it.ackBy !== undefined && { ackBy: it.ackBy }),
    ...(it.ackAt !== undefined && { ackAt: it.ackAt }),
    ...(it.pausedUntil !== undefined && { pausedUntil: it.pausedUntil }),
    ...(it.mutedUntil !== undefined && { mutedUntil: it.mutedUntil }),
    unanswered: it.unanswered,
    suppressedSinceLast: it.suppressedSinceLast,
  }
}

/** One alert event. Its keys always stand in this order and its numbers are rounded: equal events are equal bytes. */
export function alertBody(occasion: Occasion, said: Said): AlertBody {
  const { subject, source, times, context, phase } = occasion
  return {
    alertId: occasion.alertId,
    eventId: eventId(occasion.alertId, occasion.seq),
    seq: occasion.seq,
    phase,
    state: phase === 'end' || phase === 'reset' ? 'inactive' : occasion.latched ? 'latched' : 'active',
    kind: said.kind,
    priority: said.priority,
    code: occasion.code,
    label: said.label,
    subject: {
      patientKey: subject.patientKey,
      keyedBy: keyedByBed(subject.patientKey) ? 'bed' : 'patient',
      ...(subject.encounterKey !== undefined && { encounterKey: subject.encounterKey }),
      ...(subject.unit !== undefined && { unit: subject.unit }),
      ...(subject.bed !== undefined && { bed: subject.bed }),
    },
    times: {
      event: times.event,
      onset: times.onset,
      detected: times.detected,
      ...(times.ended !== undefined && { ended: times.ended }),
    },
    source: {
      detector: source.detector,
      version: source.version,
      ...(source.model && {
        model: { name: source.model.name, version: source.model.version, sha256: source.model.sha256 },
      }),
      thresholds: { set: source.thresholds.set, version: source.thresholds.version },
    },
    ...(said.score && { score: scoreOf(said.score) }),
    channels: said.channels.map(channelOf),
    explanation: { text: said.explanation.text, method: said.explanation.method },
    context: {
      warmupSteps: context.warmupSteps,
      missingChannels: [...context.missingChannels],
      staleSeconds: round(context.staleSeconds, DECIMALS.stale),
      ...(context.news2 && { news2: { score: context.news2.score, missing: [...context.news2.missing] } }),
      limitAlarm: context.limitAlarm,
      profile: { name: context.profile.name, assumed: context.profile.assumed },
    },
    signal: signalOf(occasion.signal),
    intendedUse: 'research-advisory',
  }
}

/** A body as one line of NDJSON, newline included. */
export function bodyLine(body: AlertBody): string {
  return `${JSON.stringify(body)}\n`
}
