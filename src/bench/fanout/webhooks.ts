import { Agent, request } from 'node:http'
import { openDeliveries } from '../../app/deliveries.ts'
import { withClosing } from '../../closing.ts'
import { cloudEvent, webhook } from '../../delivery/webhook.ts'
import type { Log } from '../../log.ts'
import { prometheusTelemetry } from '../../metrics/telemetry.ts'
import type { Settings } from '../../vitals/settings.ts'
import { alertOf, micros } from './alerts.ts'
import type { FanoutFlags, Webhooks } from './fanned.ts'
import { otherSide } from './other-side.ts'

/** A POST that takes longer has failed, ms. */
const TIMEOUT_MS = 10_000
/** POSTs of one receiver on their way at once, as many as a follower's. */
const AT_ONCE = 16

interface Run {
  /** with topics and groups of this run alone */
  readonly settings: Settings
  readonly log: Log
  readonly receivers: number
  readonly messages: number
  /** undefined: as fast as they are taken */
  readonly perSecond: number | undefined
  /** messages of one POST at most */
  readonly batch: number
}

/** Alerts from Kafka to webhooks, as `vigil deliver` follows them; when paced, one of them closes and comes back. */
function delivered({ settings, log, receivers, messages, perSecond, batch }: Run) {
  return withClosing(async (atEnd) => {
    const restart = perSecond !== undefined
    const other = await otherSide({ kind: 'receivers', receivers, messages, restart }, atEnd)
    // who receives much would hold up who writes at a pace
    const writer = await otherSide({ kind: 'writer', receivers: 0, messages }, atEnd)
    const told = other.ports.map((port, i) => ({
      receiver: webhook({
        name: `r${i}`,
        url: `http://127.0.0.1:${port}/alerts`,
        secret: 'a secret of this bench',
        timeoutMs: TIMEOUT_MS,
        batch,
      }),
      wanted: {},
    }))
    const { kafka } = settings
    const { ended } = await openDeliveries({ kafka, told, telemetry: prometheusTelemetry().deliveries, log }, atEnd)
    const used = process.cpuUsage()
    writer.order({ write: messages, perSecond, kafka })
    await Promise.race([writer.said('written'), ended])
    other.order({ sent: messages })
    const tallied = await Promise.race([other.said('tallied'), ended])
    const { user, system } = process.cpuUsage(used)
    return {
      ...tallied,
      rssBytes: process.memoryUsage.rss(),
      perSecond: Math.round((tallied.delivered / (tallied.last - writer.began)) * 1e6),
      cpuMicros: Number(((user + system) / tallied.delivered).toFixed(2)),
    }
  })
}

/** The same bytes by bare node:http on connections that are kept, as many on their way at once; nothing reads Kafka. */
function bare(receivers: number, messages: number, batch: number): Promise<number> {
  return withClosing(async (atEnd) => {
    const other = await otherSide({ kind: 'receivers', receivers, messages, restart: false }, atEnd)
    const agent = new Agent({ keepAlive: true })
    atEnd(() => agent.destroy())
    const began = micros()
    const events = Array.from({ length: messages }, (_, seq) => alertOf(seq, began))
    const type = batch === 1 ? 'application/cloudevents+json' : 'application/cloudevents-batch+json'
    const bodies = Array.from({ length: Math.ceil(messages / batch) }, (_, i) => {
      const some = events.slice(i * batch, (i + 1) * batch)
      const text = some.map((it) => JSON.stringify(cloudEvent(it))).join(',')
      return { id: some[0]!.body.eventId, body: batch === 1 ? text : `[${text}]` }
    })
    const post = (port: number, { id, body }: (typeof bodies)[number]) =>
      new Promise<void>((done, failed) => {
        const headers = { 'content-type': type, 'webhook-id': id, 'content-length': Buffer.byteLength(body) }
        request({ host: '127.0.0.1', port, method: 'POST', agent, headers }, (answer) => {
          answer.resume().on('end', done)
        })
          .on('error', failed)
          .end(body)
      })
    const work = async (port: number) => {
      let next = 0
      const one = async () => {
        while (next < bodies.length) await post(port, bodies[next++]!)
      }
      await Promise.all(Array.from({ length: batch === 1 ? AT_ONCE : 1 }, one))
    }
    await Promise.all(other.ports.map(work))
    other.order({ sent: messages })
    const { delivered: count, last } = await other.said('tallied')
    return Math.round((count / (last - began)) * 1e6)
  })
}

/** Messages to each of a flat-out run for a second of a paced one, in batches and one by one: longer says no more. */
const FLAT_OUT = { batched: 500, single: 30 } as const

/** @param own settings with topics and groups of one run alone, by its name */
export async function fanoutWebhooks(
  own: (what: string) => Settings,
  log: Log,
  { subscribers: receivers, alertsPerSecond, seconds, batch }: FanoutFlags,
): Promise<Webhooks> {
  const messages = Math.round(alertsPerSecond * seconds)
  const run = (what: string, count: number, size: number, perSecond?: number) =>
    delivered({ settings: own(what), log, receivers, messages: count, batch: size, perSecond })
  const flat = async (what: string, size: number, perRun: number) => {
    const count = Math.max(1, Math.min(messages, Math.round(perRun * seconds)))
    const most = await run(what, count, size)
    const bareMostPerSecond = await bare(receivers, count, size)
    const ratio = Number((most.perSecond / bareMostPerSecond).toFixed(3))
    return { lost: most.lost, doubled: most.doubled, mostPerSecond: most.perSecond, bareMostPerSecond, ratio }
  }
  const whole = await run('paced', messages, batch, alertsPerSecond)
  const batched = await flat('batched', batch, FLAT_OUT.batched)
  const single = await flat('single', 1, FLAT_OUT.single)
  return {
    deliveredPerSecond: whole.perSecond,
    latencyMs: whole.latencyMs,
    cpuMicrosPerDelivery: whole.cpuMicros,
    rssBytes: whole.rssBytes,
    ...batched,
    lost: whole.lost + batched.lost + single.lost,
    doubled: whole.doubled + batched.doubled + single.doubled,
    single: { mostPerSecond: single.mostPerSecond, bareMostPerSecond: single.bareMostPerSecond, ratio: single.ratio },
  }
}
