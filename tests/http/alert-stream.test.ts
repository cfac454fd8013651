import { mkdtempSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { type AlertStreamOptions, alertStream } from '../../src/http/alert-stream.ts'
import { type HttpListener, listen } from '../../src/http/listener.ts'
import { newToken } from '../../src/http/tokens.ts'
import { prometheusTelemetry } from '../../src/metrics/telemetry.ts'
import type { Output } from '../../src/stream/ports.ts'
import { AlertEnvelope } from '../../src/vitals/alert.ts'
import { selfTestKey } from '../../src/vitals/reading.ts'
import { alertOf, PATIENTS } from '../dashboard/testward.ts'

const idOf = (n: number) => n.toString(16).padStart(32, '0')
/** Message n: of two beds in turn, every third one high. */
const message = (n: number, more: object = {}): Output =>
  alertOf(PATIENTS[n % 2]!, { id: n, priority: n % 3 === 0 ? 'high' : 'low', ...more })

let closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.toReversed()) await close()
  closing = []
})

async function started(options: AlertStreamOptions & { tokensFile?: string } = {}) {
  const stream = alertStream(options)
  const quiet = { debug() {}, info() {}, warn() {}, error() {} }
  const listener: HttpListener = await listen({
    host: '127.0.0.1',
    port: 0,
    telemetry: prometheusTelemetry(),
    health: { live: () => ({}), ready: () => ({}) },
    routes: [stream.route],
    log: quiet,
    ...(options.tokensFile !== undefined && { tokensFile: options.tokensFile }),
  })
  closing.push(
    () => listener.close(),
    () => stream.close(),
  )
  return { stream, listener, url: `${listener.url}/api/alerts/stream` }
}

interface Event {
  readonly id?: string
  readonly event: string
  readonly data: string
}

/** A subscriber: the events it has read so far. */
async function subscribe(url: string, headers: Record<string, string> = {}) {
  const left = new AbortController()
  const answer = await fetch(url, { headers, signal: left.signal })
  const events: Event[] = []
  const reading = (async () => {
    let text = ''
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const fields = Object.fromEntries(
          text
            .slice(0, end)
            .split('\n')
            .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
        )
        if (fields['event'] !== undefined) events.push(fields as unknown as Event)
        text = text.slice(end + 2)
      }
    }
  })().catch(() => {})
  const leave = async () => {
    left.abort()
    await reading
  }
  closing.push(leave)
  return { answer, events, leave, ids: () => events.map(({ id }) => Number.parseInt(id ?? '', 16)) }
}

const subscribed = (stream: { size: number }, n: number) => expect.poll(() => stream.size).toBe(n)
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

describe('the stream of alerts', () => {
  test('gives each message from now on as its envelope, once, with its id', async () => {
    const { stream, url } = await started()
    await stream.deliver([message(1)])
    const it = await subscribe(url)
    expect(it.answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    await subscribed(stream, 1)
    await stream.deliver([message(2), message(3)])
    await stream.deliver([message(3)])
    await stream.deliver([message(4)])
    await expect.poll(it.ids).toEqual([2, 3, 4])
    const envelope = AlertEnvelope.parse(JSON.parse(it.events[0]!.data))
    expect(envelope.body.eventId).toBe(idOf(2))
    expect(it.events.every(({ event }) => event === 'alert')).toBe(true)
  })

  test.each(['header', 'parameter'])('gives what was missed since the id in the %s, then goes on', async (where) => {
    const { stream, url } = await started()
    const first = await subscribe(url)
    await subscribed(stream, 1)
    await stream.deliver(range(1, 5).map((n) => message(n)))
    await expect.poll(first.ids).toEqual([1, 2, 3, 4])
    await first.leave()
    await stream.deliver(range(5, 3000).map((n) => message(n)))
    const again =
      where === 'header'
        ? await subscribe(url, { 'last-event-id': idOf(4) })
        : await subscribe(`${url}?lastEventId=${idOf(4)}`)
    await expect.poll(() => again.events.length, { timeout: 10_000 }).toBe(2995)
    await stream.deliver([message(3000)])
    await expect.poll(() => again.ids().at(-1)).toBe(3000)
    expect(again.ids()).toEqual(range(5, 3001))
  })

  test('says where something is missing, and gives what it still has', async () => {
    const { stream, url } = await started({ window: 10 })
    await stream.deliver(range(1, 31).map((n) => message(n)))
    const it = await subscribe(url, { 'last-event-id': idOf(5) })
    await expect.poll(() => it.events.length).toBe(11)
    expect(it.events[0]).toMatchObject({ event: 'gap' })
    expect(it.ids().slice(1)).toEqual(range(21, 31))
    const edge = await subscribe(url, { 'last-event-id': idOf(21) })
    await expect.poll(edge.ids).toEqual(range(22, 31))
  })

  test('filters by unit, bed and priority; several of one are an or', async () => {
    const { stream, url } = await started()
    const [one, two] = PATIENTS
    const high = await subscribe(`${url}?priority=high`)
    const both = await subscribe(`${url}?priority=high&priority=low&bed=${two!.bed}&unit=${two!.unit}`)
    const none = await subscribe(`${url}?unit=nowhere`)
    await subscribed(stream, 3)
    await stream.deliver(range(1, 13).map((n) => message(n)))
    await expect.poll(high.ids).toEqual([3, 6, 9, 12])
    await expect.poll(both.ids).toEqual([1, 3, 5, 7, 9, 11])
    expect(one!.bed).not.toBe(two!.bed)
    expect(none.events).toEqual([])
  })

  test.each(['unitt=ICU', 'priority=urgent', '__proto__=1', 'priority=high&priority=loud'])(
    '%s is refused, not silence',
    async (query) => {
      const { url } = await started()
      const answer = await fetch(`${url}?${query}`)
      expect(answer.status).toBe(400)
      expect(((await answer.json()) as { error: string }).error).not.toContain('loud')
    },
  )

  test('is for who may read', async () => {
    const tokensFile = join(mkdtempSync(join(tmpdir(), 'vigil-sse-')), 'tokens.yaml')
    const { token, entry } = newToken('archive', 'subscriber')
    writeFileSync(tokensFile, JSON.stringify({ tokens: [entry] }))
    const { stream, url } = await started({ tokensFile })
    expect((await fetch(url)).status).toBe(401)
    const it = await subscribe(url, { authorization: `Bearer ${token}` })
    expect(it.answer.status).toBe(200)
    await subscribed(stream, 1)
  })

  test("never shows Vigil's own self-test", async () => {
    const { stream, url } = await started()
    const it = await subscribe(url)
    await subscribed(stream, 1)
    const self = message(1)
    if (self.kind === 'alert') self.envelope.body.subject.patientKey = selfTestKey(0)
    await stream.deliver([self, message(2)])
    await expect.poll(it.ids).toEqual([2])
  })

  test('a subscriber that never reads costs what its socket holds, is let go, and harms nobody', async () => {
    const { stream, listener, url } = await started({ beatMs: 50, patienceMs: 300, window: 2000 })
    const good = await subscribe(url)
    const deaf = connect(listener.port, '127.0.0.1')
    deaf.pause()
    deaf.on('error', () => {})
    closing.push(async () => void deaf.destroy())
    deaf.write(`GET /api/alerts/stream HTTP/1.1\r\nhost: 127.0.0.1:${listener.port}\r\n\r\n`)
    await subscribed(stream, 2)
    const long = { label: 'x'.repeat(80), explanation: { text: 'y'.repeat(10_000), method: 'none' } }
    let sent = 0
    // far more than any socket buffers, in steps that the good one keeps up with
    while (stream.dropped === 0 && sent < 20_000) {
      await stream.deliver(range(sent + 1, sent + 201).map((n) => message(n, long)))
      sent += 200
      await expect.poll(() => good.events.length, { timeout: 10_000 }).toBe(sent)
    }
    await expect.poll(() => stream.dropped, { timeout: 10_000 }).toBe(1)
    expect(stream.size).toBe(1)
    expect(good.ids()).toEqual(range(1, sent + 1))
  })

  test('ends with the process', async () => {
    const { stream, url } = await started()
    const it = await subscribe(url)
    await subscribed(stream, 1)
    await stream.close()
    await it.leave()
    expect(stream.size).toBe(0)
  })
})
