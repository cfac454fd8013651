import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { VigilError } from '../errors.ts'
import { controlRecord } from '../kafka/control-record.ts'
import { partitionOf } from '../kafka/murmur2.ts'
import type { NewRecord, PlainWriter } from '../kafka/port.ts'
import { topicName } from '../kafka/topics.ts'
import type { Log } from '../log.ts'
import type { Hl7Telemetry } from '../stream/ports.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import { bedKey } from '../vitals/reading.ts'
import type { Settings } from '../vitals/settings.ts'
import { type ClosedBecause, converse } from './connection.ts'
import { type Read, readMessage } from './read.ts'
import { Relay } from './relay.ts'
import { type Met, readSetting, siteReading } from './site.ts'

export interface GatewayOptions {
  readonly settings: Settings['hl7']
  readonly topicPrefix: string
  /** partitions of the readings, and of the encounters alike */
  readonly partitions: number
  readonly writer: PlainWriter
  readonly table: ChannelTable
  readonly telemetry: Hl7Telemetry
  readonly log: Log
  /** told of every patient who is met, before anything of the message is kept; undefined: nobody is to know */
  readonly met?: Met | undefined
}

export interface Gateway {
  readonly port: number
  /** why messages are not taken just now; undefined while they are */
  readonly trouble: string | undefined
  /** takes no more connections, answers what came, ends */
  close(): Promise<void>
}

/** The records of what a message says: readings and encounters, each under its patient's key. */
export function recordsOf(read: Read, topicPrefix: string, partitions: number): NewRecord[] {
  const topic = topicName(topicPrefix, 'readings')
  const records: NewRecord[] = read.readings.map((it) => {
    const key = it.patient ?? bedKey(it.unit, it.bed!)
    return { topic, partition: partitionOf(key, partitions), key, value: JSON.stringify(it) }
  })
  if (read.encounter !== undefined)
    records.push(controlRecord(topicName(topicPrefix, 'encounters'), read.encounter, partitions))
  return records
}

/**
 * The edge of Vigil for HL7 v2 over MLLP: senders come in by TCP or TLS, pseudonyms go out to Kafka, and a message is
 * acknowledged once Kafka has it.
 * @throws VigilError config-invalid (zone, secret, certificates), port-in-use
 */
export async function openGateway(options: GatewayOptions): Promise<Gateway> {
  const { settings, telemetry, log } = options
  const reading = siteReading(settings, options.table, options.met)
  const relay = new Relay({
    writer: options.writer,
    patienceMs: settings.patienceSeconds * 1000,
    now: () => performance.now(),
  })
  const sockets = new Set<Socket>()
  let serial = 0
  const instance = Date.now().toString(36)

  function keep(read: Read): Promise<void> {
    const records = recordsOf(read, options.topicPrefix, options.partitions)
    return records.length === 0 ? Promise.resolve() : relay.put(records)
  }

  function answered(read: Read, answer: string, seconds: number): void {
    telemetry.message(read.kind, answer, seconds)
    for (const code of read.unmapped) telemetry.unmapped(code)
    for (const { reason } of read.rejections) telemetry.rejected(reason)
    telemetry.disagreed(read.disagreements, read.unknownFlags)
    if (read.written !== undefined) telemetry.skew((Date.now() - read.written) / 1000)
    if (read.refusal !== undefined)
      log.warn({ kind: read.kind, place: read.refusal.place, why: read.refusal.text }, 'an HL7 message was not taken')
  }

  function welcome(socket: Socket): void {
    sockets.add(socket)
    telemetry.connections(sockets.size)
    converse(socket, {
      read: (bytes) => readMessage(bytes, reading),
      keep,
      answered,
      closed(because: ClosedBecause | undefined) {
        sockets.delete(socket)
        telemetry.connections(sockets.size)
        if (because !== undefined) telemetry.ended(because)
        if (because !== undefined) log.warn({ because }, 'an HL7 connection was ended')
      },
      messageMs: settings.messageSeconds * 1000,
      largest: settings.largestBytes,
      nextControl: () => `${instance}${(serial++).toString(36)}`,
    })
  }

  telemetry.begun()
  const server = serverOf(settings, welcome)
  server.maxConnections = settings.connections
  server.on('drop', () => telemetry.ended('full'))
  const port = await listening(server, settings)
  log.info({ port, tls: settings.certFile !== undefined }, 'HL7 over MLLP is listened to')
  return {
    port,
    get trouble() {
      return relay.trouble
    },
    async close() {
      const closed = new Promise<void>((done) => server.close(() => done()))
      for (const socket of sockets) socket.pause()
      await relay.close()
      // a turn, in which the last answers are written
      await new Promise((turn) => setImmediate(turn))
      for (const socket of sockets) socket.end(() => socket.destroy())
      setTimeout(() => {
        for (const socket of sockets) socket.destroy()
      }, 500).unref()
      await closed
    },
  }
}

function serverOf({ certFile, keyFile, clientCaFile }: Settings['hl7'], welcome: (socket: Socket) => void): Server {
  const half = { allowHalfOpen: true }
  const alone = (setting: string) =>
    new VigilError('config-invalid', 'hl7.certFile and hl7.keyFile belong together, and hl7.clientCaFile needs both', { place: setting }) // biome-ignore format: one sentence
  if (certFile === undefined) {
    if ((keyFile ?? clientCaFile) !== undefined) throw alone('hl7.certFile')
    return createServer(half, welcome)
  }
  if (keyFile === undefined) throw alone('hl7.keyFile')
  const ca = clientCaFile === undefined ? undefined : readSetting(clientCaFile, 'hl7.clientCaFile')
  try {
    const server = createTlsServer(
      { ...half, cert: readSetting(certFile, 'hl7.certFile'), key: readSetting(keyFile, 'hl7.keyFile'), minVersion: 'TLSv1.2', ...(ca !== undefined && { ca, requestCert: true, rejectUnauthorized: true }) },
      (socket: TLSSocket) => welcome(socket),
    ) // biome-ignore format: the options in one line
    // a handshake that fails is one peer's matter
    server.on('tlsClientError', () => undefined)
    return server
  } catch (cause) {
    if (cause instanceof VigilError) throw cause
    throw new VigilError('config-invalid', 'hl7.certFile and hl7.keyFile are no certificate with its key', {
      place: 'hl7.certFile',
      cause,
    })
  }
}

function listening(server: Server, { host, port }: Settings['hl7']): Promise<number> {
  return new Promise((done, fail) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE'
      const why = taken
        ? `port ${port} is in use; choose another with hl7.port`
        : `cannot listen (hl7.host, hl7.port): ${cause.code ?? 'unknown'}`
      fail(new VigilError(taken ? 'port-in-use' : 'config-invalid', why, { place: `${host}:${port}`, cause }))
    })
    server.listen(port, host, () => {
      const address = server.address()
      done(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}
