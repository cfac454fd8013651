import { createHmac } from 'node:crypto'
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { VigilError } from '../errors.ts'
import type { AlertEnvelope } from '../vitals/alert.ts'
import type { IdentityOf, Receiver, Refused } from './receiver.ts'

export interface WebhookOptions {
  readonly name: string
  readonly url: string
  /** shared with the receiver: it can tell that a message is ours and how old it is; undefined: unsigned */
  readonly secret: string | undefined
  readonly timeoutMs: number
  /** messages of one POST at most; 1 by default */
  readonly batch?: number

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
export function signature(
  id: string,
  body: string | Buffer,
  secret: string,
  now: number,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(now / 1000))
  const signed = createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(body).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signed}` }
}

/** What was answered: its status, and nothing of its body. */
type Post = (body: Buffer, headers: Readonly<Record<string, string>>, signal: AbortSignal) => Promise<number>

/** POSTs to one address, on connections that are kept. A redirect is no answer: it is a status like any other. */
function poster(url: string, timeoutMs: number): { readonly post: Post; close(): void } {
  const { protocol } = new URL(url)
  const [request, agent] =
    protocol === 'https:'
      ? [httpsRequest, new HttpsAgent({ keepAlive: true })]
      : [httpRequest, new HttpAgent({ keepAlive: true })]
  const once: Post = (body, headers, signal) =>
    new Promise((resolve, reject) => {
      const length = { 'content-length': String(body.length) }
      const asking = request(url, { method: 'POST', agent, headers: { ...headers, ...length } }, (answer) => {
        answer.resume()
        answer.on('error', reject)
        answer.on('end', () => resolve(answer.statusCode ?? 0))
      })
      const end = () => asking.destroy(new Error('it was given up'))
      const late = setTimeout(() => asking.destroy(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs)
      signal.addEventListener('abort', end)
      asking.on('error', (error: NodeJS.ErrnoException) => {
        // a kept connection that the other end had closed meanwhile: the message was not taken, and a new one may be
        const stale = asking.reusedSocket && error.code === 'ECONNRESET' && !signal.aborted
        if (stale) resolve(once(body, headers, signal))
        else reject(error)
      })
      asking.on('close', () => {
        clearTimeout(late)
        signal.removeEventListener('abort', end)
      })
      asking.end(body)
    })
  return { post: once, close: () => agent.destroy() }
}

/** The bytes of an event, and of the batch that begins with it, made once however many receivers are told of the same messages. */
interface Made {
  readonly event: Buffer
  batch: { readonly of: readonly AlertEnvelope[]; readonly bytes: Buffer } | undefined
}
const made = new WeakMap<AlertEnvelope, Made>()

function madeOf(envelope: AlertEnvelope): Made {
  let it = made.get(envelope)
  if (it === undefined) {
    it = { event: Buffer.from(JSON.stringify(cloudEvent(envelope))), batch: undefined }
    made.set(envelope, it)
  }
  return it
}

const [OPEN, COMMA, CLOSE] = ['[', ',', ']'].map((it) => Buffer.from(it)) as [Buffer, Buffer, Buffer]

function batchOf(envelopes: readonly AlertEnvelope[]): Buffer {
  const first = madeOf(envelopes[0]!)
  // receivers that want others of the same messages have other batches
  const same = first.batch?.of.length === envelopes.length && first.batch.of.every((it, i) => it === envelopes[i])
  if (first.batch === undefined || !same) {
    const events = envelopes.flatMap((it, i) => [i === 0 ? OPEN : COMMA, madeOf(it).event])
    first.batch = { of: envelopes, bytes: Buffer.concat([...events, CLOSE]) }
  }
  return first.batch.bytes
}

/**
 * Alerts by POST, one a request; with `batch` several, in the batched content mode of CloudEvents, under the id of the first
 * and their count. What is sent goes where the configuration says, and nowhere else.
 */
export function webhook({
  name,
  url,
  secret,
  timeoutMs,
  batch = 1,
  identityOf,
  now = Date.now,
}: WebhookOptions): Receiver {
  const { post, close } = poster(url, timeoutMs)
  // what one receiver is told of identities is never kept for another
  const identified = (envelope: AlertEnvelope) => JSON.stringify(cloudEvent(envelope, identityOf))
  const eventOf = (envelope: AlertEnvelope) =>
    identityOf === undefined ? madeOf(envelope).event : Buffer.from(identified(envelope))
  const allOf = (envelopes: readonly AlertEnvelope[]) =>
    identityOf === undefined ? batchOf(envelopes) : Buffer.from(`[${envelopes.map(identified).join(',')}]`)
  const send = async (id: string, body: Buffer, type: string, signal: AbortSignal): Promise<Refused | undefined> => {
    const signed = secret === undefined ? { 'webhook-id': id } : signature(id, body, secret, now())
    let status: number
    try {
      status = await post(body, { 'content-type': `${type}; charset=utf-8`, ...signed }, signal)
    } catch (cause) {
      throw new VigilError('sink-failed', 'the receiver does not answer', { retriable: true, place: name, cause })
    }
    if (status >= 200 && status < 300) return undefined
    if (status >= 500 || LATER.has(status) || (status >= 300 && status < 400))
      throw new VigilError('sink-failed', `the receiver answers HTTP ${status}`, { retriable: true, place: name })
    return { answer: `HTTP ${status}` }
  }
  return {
    name,
    batch,
    deliver: (envelope, signal) =>
      send(envelope.body.eventId, eventOf(envelope), 'application/cloudevents+json', signal),
    deliverAll(envelopes, signal) {
      const id = `${envelopes[0]!.body.eventId}+${envelopes.length}`
      return send(id, allOf(envelopes), 'application/cloudevents-batch+json', signal)
    },
    async close() {
      close()
    },
  }
}
