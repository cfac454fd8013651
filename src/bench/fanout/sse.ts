import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { withClosing } from '../../closing.ts'
import { alertStream } from '../../http/alert-stream.ts'
import { listen } from '../../http/listener.ts'
import type { Log } from '../../log.ts'
import { prometheusTelemetry } from '../../metrics/telemetry.ts'
import type { Output } from '../../stream/ports.ts'
import { alertOf, micros } from './alerts.ts'
import type { Fanned, FanoutFlags } from './fanned.ts'
import { type OtherSide, otherSide } from './other-side.ts'
import type { Tallied } from './tally.ts'

/** Takes some alerts at once and sends them to everybody. */
interface Sender {
  readonly url: string
  send(outputs: readonly Output[]): void
  close(): Promise<void>
}

/** Alerts leave the pipeline in flushes; so many a second. */
const FLUSHES = 100
/** At once where nothing is paced, and messages that the slowest may be behind. */
const BLOCK = 100
const BEHIND = 400
/** Messages to each of a flat-out run for a second of a paced one: longer says no more. */
const FLAT_OUT = 400

async function vigilSender(log: Log): Promise<Sender> {
  const stream = alertStream()
  const http = await listen({
    host: '127.0.0.1',
    port: 0,
    telemetry: prometheusTelemetry(),
    health: { live: () => ({}), ready: () => ({}) },
    routes: [stream.route],
    log,
  })
  return {
    url: `${http.url}/api/alerts/stream`,
    send: (outputs) => void stream.deliver(outputs),
    async close() {
      await stream.close()
      await http.close()
    },
  }
}

/** The same bytes to everybody who asks, and nothing else. */
async function bareSender(): Promise<Sender> {
  const open: ServerResponse[] = []
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
    response.write('retry: 1000\n\n')
    open.push(response)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    send(outputs) {
      for (const output of outputs) {
        if (output.kind !== 'alert') continue
        const { envelope } = output
        const text = `id: ${envelope.body.eventId}\nevent: alert\ndata: ${JSON.stringify(envelope)}\n\n`
        for (const response of open) response.write(text)
      }
    },
    async close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

const outputs = (from: number, count: number): Output[] => {
  const handed = micros()
  return Array.from({ length: count }, (_, i) => ({ kind: 'alert', envelope: alertOf(from + i, handed) }))
}

async function paced(sender: Sender, messages: number, perSecond: number): Promise<void> {
  const start = performance.now()
  for (let sent = 0; sent < messages; ) {
    await sleep(Math.max(0, start + (sent / perSecond) * 1000 - performance.now()))
    const count = Math.min(messages - sent, Math.max(1, Math.round(perSecond / FLUSHES)))
    sender.send(outputs(sent, count))
    sent += count
  }
}

async function flatOut(sender: Sender, messages: number, other: OtherSide): Promise<void> {
  for (let sent = 0; sent < messages; sent += BLOCK) {
    await other.atLeast(sent - BEHIND)
    sender.send(outputs(sent, Math.min(BLOCK, messages - sent)))
  }
}

interface Race {
  readonly open: () => Promise<Sender>
  readonly subscribers: number
  readonly messages: number
  /** undefined: as fast as it is taken */
  readonly perSecond: number | undefined
}

/** @returns what arrived, deliveries a second, and processor time of one, us */
function race({ open, subscribers, messages, perSecond }: Race): Promise<Tallied & Rate> {
  return withClosing(async (atEnd) => {
    const sender = await open()
    atEnd(() => sender.close())
    const restart = perSecond !== undefined
    const world = { kind: 'subscribers', receivers: subscribers, messages, url: sender.url, restart } as const
    const other = await otherSide(world, atEnd)
    const began = micros()
    const used = process.cpuUsage()
    await (perSecond === undefined ? flatOut(sender, messages, other) : paced(sender, messages, perSecond))
    const { user, system } = process.cpuUsage(used)
    other.order({ sent: messages })
    const tallied = await other.said('tallied')
    return {
      ...tallied,
      perSecond: Math.round((tallied.delivered / (tallied.last - began)) * 1e6),
      cpuMicros: Number(((user + system) / tallied.delivered).toFixed(2)),
    }
  })
}

interface Rate {
  readonly perSecond: number
  readonly cpuMicros: number
}

/** Alerts to SSE subscribers, one of which goes away and comes back with the id of what it had last. */
export async function fanoutSse(
  log: Log,
  { subscribers, alertsPerSecond: perSecond, seconds }: FanoutFlags,
): Promise<Fanned> {
  const ours = () => vigilSender(log)
  const messages = Math.round(perSecond * seconds)
  const whole = await race({ open: ours, subscribers, messages, perSecond })
  const rssBytes = process.memoryUsage.rss()
  const flat = { subscribers, messages: Math.min(messages, Math.round(FLAT_OUT * seconds)), perSecond: undefined }
  const most = await race({ ...flat, open: ours })
  const bare = await race({ ...flat, open: bareSender })
  return {
    deliveredPerSecond: whole.perSecond,
    latencyMs: whole.latencyMs,
    lost: whole.lost + most.lost,
    doubled: whole.doubled + most.doubled,
    cpuMicrosPerDelivery: whole.cpuMicros,
    rssBytes,
    mostPerSecond: most.perSecond,
    bareMostPerSecond: bare.perSecond,
    ratio: Number((most.perSecond / bare.perSecond).toFixed(3)),
  }
}
