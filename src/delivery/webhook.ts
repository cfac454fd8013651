import { createHmac } from 'node:crypto'
import { VigilError } from '../errors.ts'
import type { AlertEnvelope } from '../vitals/alert.ts'
import type { IdentityOf, Receiver, Refused } from './receiver.ts'

export interface WebhookOptions {
  readonly name: string
  readonly url: string
  /** shared with the receiver: it can tell that a message is ours and how old it is; undefined: unsigned */
  readonly secret: string | undefined
  readonly timeoutMs: number
  /** of a receiver that is told record numbers */
  readonly identityOf?: IdentityOf | undefined
  /** wall clock, ms since 1970 */
  readonly now?: () => number
}

/** Answers after which the same message may be taken later (RFC 9110, 6585); any other 4xx is for good. */
const LATER: ReadonlySet<number> = new Set([408, 409, 423, 425, 429])

/** A message as a CloudEvent 1.0 in structured mode: the same event, with the same id, that stands in the alerts topic. */
export function cloudEvent(envelope: AlertEnvelope, identityOf: IdentityOf = () => undefined): object {
  const { eventId, alertId, phase, source, times, subject } = envelope.body
  const identity = identityOf(subject.patientKey)
  return {
    specversion: '1.0',
    id: eventId,
    source: `/vigil/${encodeURIComponent(source.detector)}/${encodeURIComponent(source.version)}`,
    type: `vigil.alert.${phase}`,
    subject: alertId,
    time: new Date(times.event).toISOString(),
    datacontenttype: 'application/json',
    ...(identity !== undefined && { recordnumber: identity.number, recordauthority: identity.authority }),
    data: envelope,
  }
}

/**
 * Headers by which a receiver checks a message (Standard Webhooks 1.0.0): HMAC-SHA-256 over `id.timestamp.body`. The timestamp
 * is signed, so that an old message cannot be played again; the id is the same on every try.
 */
export function signature(id: string, body: string, secret: string, now: number): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(now / 1000))
  const signed = createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signed}` }
}

/** Alerts by POST. A redirect is no answer: what is sent goes where the configuration says, and nowhere else. */
export function webhook({ name, url, secret, timeoutMs, identityOf, now = Date.now }: WebhookOptions): Receiver {
  return {
    name,
    async deliver(envelope, signal): Promise<Refused | undefined> {
      const body = JSON.stringify(cloudEvent(envelope, identityOf))
      const id = envelope.body.eventId
      const signed = secret === undefined ? { 'webhook-id': id } : signature(id, body, secret, now())
      let answer: Response
      try {
        answer = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/cloudevents+json; charset=utf-8', ...signed },
          body,
          redirect: 'manual',
          signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
        })
        await answer.body?.cancel()
      } catch (cause) {
        throw new VigilError('sink-failed', 'the receiver does not answer', { retriable: true, place: name, cause })
      }
      if (answer.ok) return undefined
      if (answer.status >= 500 || LATER.has(answer.status) || (answer.status >= 300 && answer.status < 400))
        throw new VigilError('sink-failed', `the receiver answers HTTP ${answer.status}`, {
          retriable: true,
          place: name,
        })
      return { answer: `HTTP ${answer.status}` }
    },
    async close() {},
  }
}
