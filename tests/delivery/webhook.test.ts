import { createHmac } from 'node:crypto'
import { type CloudEvent, HTTP } from 'cloudevents'
import { afterEach, expect, test } from 'vitest'
import { webhook } from '../../src/delivery/webhook.ts'
import { AlertEnvelope } from '../../src/vitals/alert.ts'
import { alert, type Posted, webhookReceiver } from './receivers.ts'

const NOW = Date.UTC(2026, 0, 5, 13)
const SECRET = 'a secret of these tests'
const never = new AbortController().signal
const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function pair(
  answer: Parameters<typeof webhookReceiver>[0],
  secret: string | undefined = SECRET,
  timeoutMs = 2000,
) {
  const receiver = await webhookReceiver(answer)
  closing.push(receiver.close)
  return { receiver, sink: webhook({ name: 'pager', url: receiver.url, secret, timeoutMs, now: () => NOW }) }
}

/** What a receiver does that checks its messages, by Standard Webhooks. */
function genuine({ headers, body }: Posted, now: number): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = headers
  const wanted = createHmac('sha256', SECRET).update(`${id}.${timestamp}.${body}`).digest('base64')
  return signature === `v1,${wanted}` && Math.abs(now / 1000 - Number(timestamp)) < 300
}

test('a message is a signed CloudEvent that carries the envelope whole', async () => {
  const { receiver, sink } = await pair(() => 204)
  const sent = alert('p-1', 0)
  expect(await sink.deliver(sent, never)).toBeUndefined()
  const [posted] = receiver.posted
  const event = HTTP.toEvent<AlertEnvelope>({
    headers: posted!.headers,
    body: posted!.body,
  }) as CloudEvent<AlertEnvelope>
  expect(event).toMatchObject({
    id: sent.body.eventId,
    type: 'vigil.alert.start',
    subject: sent.body.alertId,
    specversion: '1.0',
  })
  expect(AlertEnvelope.parse(event.data)).toEqual(sent)
  expect(genuine(posted!, NOW)).toBe(true)
})

test('a forged body, another secret or an old message is told by its signature', async () => {
  const { receiver, sink } = await pair(() => 200)
  await sink.deliver(alert('p-1', 0), never)
  const [posted] = receiver.posted
  expect(genuine({ ...posted!, body: posted!.body.replace('medium', 'low') }, NOW)).toBe(false)
  expect(genuine(posted!, NOW + 600_000)).toBe(false)
  expect(genuine({ ...posted!, headers: { ...posted!.headers, 'webhook-id': 'other' } }, NOW)).toBe(false)
})

test('several at once are a signed batch of CloudEvents, each as it is alone', async () => {
  const { receiver, sink } = await pair(() => 204)
  const sent = [alert('p-1', 0), alert('p-2', 0), alert('p-1', 1)]
  expect(await sink.deliverAll!(sent, never)).toBeUndefined()
  for (const it of sent) await sink.deliver(it, never)
  const [posted, ...alone] = receiver.posted
  expect(posted!.headers['content-type']).toBe('application/cloudevents-batch+json; charset=utf-8')
  expect(posted!.headers['webhook-id']).toBe(`${sent[0]!.body.eventId}+3`)
  expect(genuine(posted!, NOW)).toBe(true)
  expect(JSON.parse(posted!.body)).toEqual(alone.map(({ body }) => JSON.parse(body)))
})

test('messages go on one connection; one that was closed meanwhile is no failure', async () => {
  const { receiver, sink } = await pair(() => 204)
  for (let n = 0; n < 3; n++) await sink.deliver(alert('p-1', n), never)
  expect(receiver.connections()).toBe(1)
  receiver.hangUp()
  await sink.deliver(alert('p-1', 3), never)
  expect(receiver.posted).toHaveLength(4)
})

test('a message that is given up ends its request', async () => {
  const { sink } = await pair(() => 'silence', undefined, 60_000)
  const end = new AbortController()
  const sent = sink.deliver(alert('p-1', 0), end.signal)
  setTimeout(() => end.abort(), 30)
  await expect(sent).rejects.toMatchObject({ code: 'sink-failed' })
})

test('every try of a message has the same id', async () => {
  const { receiver, sink } = await pair((_, nth) => (nth === 0 ? 500 : 200))
  await expect(sink.deliver(alert('p-1', 0), never)).rejects.toThrow()
  await sink.deliver(alert('p-1', 0), never)
  expect(receiver.posted.map(({ headers }) => headers['webhook-id'])).toEqual([alert('p-1', 0).body.eventId])
})

test.each([500, 502, 503, 429, 408, 425, 302, 'silence'] as const)('%s: it may be taken later', async (answer) => {
  const { sink } = await pair(() => answer, undefined, 300)
  await expect(sink.deliver(alert('p-1', 0), never)).rejects.toMatchObject({
    code: 'sink-failed',
    retriable: true,
    place: 'pager',
  })
})

test.each([400, 401, 404, 410, 422])('%i: it is refused for good', async (status) => {
  const { sink } = await pair(() => status)
  expect(await sink.deliver(alert('p-1', 0), never)).toEqual({ answer: `HTTP ${status}` })
})

test('nobody there: it may be taken later', async () => {
  const { receiver, sink } = await pair(() => 200)
  await receiver.close()
  await expect(sink.deliver(alert('p-1', 0), never)).rejects.toMatchObject({ retriable: true })
})
