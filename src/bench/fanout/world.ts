import { Agent, createServer, get, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { alertRecord } from '../../kafka/alert-record.ts'
import { openKafka } from '../../kafka/kafkajs/client.ts'
import { partitionOf } from '../../kafka/murmur2.ts'
import { createLog } from '../../log.ts'
import type { Settings } from '../../vitals/settings.ts'
import { alertOf, micros, PATIENTS } from './alerts.ts'
import { Tally } from './tally.ts'

/** What the other side of the bench is told to be, as its one argument in JSON. */
export type World = { readonly receivers: number; readonly messages: number } & (
  | { readonly kind: 'subscribers'; readonly url: string; readonly restart: boolean }
  | { readonly kind: 'receivers'; readonly restart: boolean }
  /** receives nothing */
  | { readonly kind: 'writer' }
)

/** What it is told then. */
export type Order =
  /** write so many alerts to Kafka; paced at so many a second, or at once */
  | { readonly write: number; readonly perSecond: number | undefined; readonly kafka: Settings['kafka'] }
  /** so many messages were sent to each: say what arrived, once they have or nothing comes any more */
  | { readonly sent: number }

/** How long one that restarts is away, ms. */
const AWAY_MS = 700
/** Nothing has come for so long: what is not here is lost, ms. */
const QUIET_MS = 20_000
/** Messages after which the sender is told how far the slowest is. */
const TELL = 50

const world = JSON.parse(process.argv[2]!) as World
const tally = new Tally(world.receivers, world.messages)
let told = 0
let newest = micros()
const tell = (message: object): void => void process.send?.(message)

function arrived(receiver: number, id: string): void {
  tally.arrived(receiver, id)
  newest = micros()
  if (receiver === 0 || tally.count(receiver) % TELL === 0) {
    const least = Math.floor(tally.least / TELL)
    if (least > told) {
      told = least
      tell({ least: told * TELL })
    }
  }
}

/** Everything between two blank lines is one event; of each only its id is looked at. */
function subscribe(url: string, receiver: number, restart: boolean): void {
  const MARK = Buffer.from('\n\nid: ')
  let last: string | undefined
  let rest = Buffer.alloc(0)
  let away = false
  const connect = () => {
    const headers = last === undefined ? {} : { 'last-event-id': last }
    const request = get(url, { headers, agent: new Agent() }, (response) => {
      if (last === undefined) tell({ ready: 1 })
      else tally.back(receiver)
      response.on('data', (chunk: Buffer) => {
        const bytes = Buffer.concat([rest, chunk])
        let from = 0
        for (let at = bytes.indexOf(MARK); at >= 0 && at + 38 <= bytes.length; at = bytes.indexOf(MARK, from)) {
          const id = bytes.toString('latin1', at + 6, at + 38)
          from = at + 38
          last = id
          arrived(receiver, id)
        }
        rest = bytes.subarray(Math.max(from, bytes.length - 37))
        if (restart && !away && tally.count(receiver) > world.messages / 2) {
          away = true
          request.destroy()
          rest = Buffer.alloc(0)
          setTimeout(connect, AWAY_MS)
        }
      })
      response.on('error', () => {})
    })
    request.on('error', () => {})
  }
  connect()
}

const BATCH = 'application/cloudevents-batch+json'
const EVENT = Buffer.from('{"specversion":"1.0","id":"')

/** Ids of the events of a batch, without reading anything else of it. */
function idsOf(body: Buffer): string[] {
  const ids: string[] = []
  for (let at = body.indexOf(EVENT); at >= 0; at = body.indexOf(EVENT, at + EVENT.length))
    ids.push(body.toString('latin1', at + EVENT.length, at + EVENT.length + 32))
  return ids
}

function receive(receiver: number, restart: boolean): Server {
  let away = false
  const server = createServer((request, response) => {
    const batch = request.headers['content-type']?.startsWith(BATCH)
    const chunks: Buffer[] = []
    if (batch) request.on('data', (chunk: Buffer) => chunks.push(chunk))
    else request.resume()
    request.on('end', () => {
      response.writeHead(204).end()
      const ids = batch ? idsOf(Buffer.concat(chunks)) : [request.headers['webhook-id'] as string]
      for (const id of ids) arrived(receiver, id)
      if (!restart || away || tally.count(receiver) <= world.messages / 2) return
      away = true
      const { port } = server.address() as AddressInfo
      server.close(async () => {
        await sleep(AWAY_MS)
        server.listen(port, '127.0.0.1', () => tally.back(receiver))
      })
      server.closeAllConnections()
    })
  })
  server.listen(0, '127.0.0.1', () => tell({ port: (server.address() as AddressInfo).port, receiver }))
  return server
}

async function write(count: number, perSecond: number | undefined, kafka: Settings['kafka']): Promise<void> {
  const client = await openKafka(kafka, createLog('warn'))
  const writer = await client.writer()
  const slice = perSecond === undefined ? 500 : Math.max(1, Math.round(perSecond / 100))
  const start = performance.now()
  tell({ began: micros() })
  for (let seq = 0; seq < count; seq += slice) {
    if (perSecond !== undefined) await sleep(Math.max(0, start + (seq / perSecond) * 1000 - performance.now()))
    const handed = micros()
    const records = Array.from({ length: Math.min(slice, count - seq) }, (_, i) =>
      alertRecord(
        kafka.topicPrefix,
        partitionOf(`p-${(seq + i) % PATIENTS}`, client.partitions),
        alertOf(seq + i, handed),
      ),
    )
    await writer.send(records)
  }
  await writer.close()
  await client.close()
  tell({ written: count })
}

process.on('message', async (order: Order) => {
  if ('write' in order) return write(order.write, order.perSecond, order.kafka)
  while (tally.least < order.sent && micros() - newest < QUIET_MS * 1000) await sleep(20)
  // what is doubled comes late
  await sleep(200)
  tell({ tallied: tally.end(order.sent) })
  process.exit(0)
})
// its parent has died
process.on('disconnect', () => process.exit(1))

for (let i = 0; i < world.receivers && world.kind !== 'writer'; i++) {
  const restart = world.restart && i === 0
  if (world.kind === 'subscribers') subscribe(world.url, i, restart)
  else receive(i, restart)
}
