import { readFileSync } from 'node:fs'
import net from 'node:net'
import tls from 'node:tls'
import type { ISocketFactory, KafkaConfig, SASLOptions } from 'kafkajs'
import { VigilError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import type { Settings } from '../../vitals/settings.ts'
import { logLevel } from './library.ts'

/** What kafkajs says to its log that may be told: the rest could name a member's host, a record or a secret. */
const TOLD = ['broker', 'groupId', 'retryCount', 'retryTime', 'error', 'topic', 'partition', 'generationId'] as const

type Entry = { namespace: string; log: { message: string; [key: string]: unknown } }

/**
 * kafkajs' log as ours, for debugging only: it calls every retry an error and every join news, and whoever called hears
 * of what matters by a coded error.
 */
function logTo(log: Log): (entry: Entry) => void {
  return ({ namespace, log: { message, ...extra } }) => {
    const told: Record<string, unknown> = { client: namespace || 'kafkajs' }
    for (const key of TOLD) {
      const value = extra[key]
      if (value !== undefined) told[key] = value instanceof Error ? value.message : value
    }
    log.debug(told, `kafka: ${message}`)
  }
}

function fileOf(path: string, setting: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new VigilError('config-invalid', `kafka.${setting}: the file cannot be read`, { place: path, cause })
  }
}

function tlsOf(settings: Settings['kafka']): KafkaConfig['ssl'] {
  const { tls, caFile, certFile, keyFile } = settings
  if (!tls) {
    if (caFile ?? certFile ?? keyFile)
      throw new VigilError('config-invalid', 'kafka.caFile, kafka.certFile and kafka.keyFile need kafka.tls: true')
    return false
  }
  if ((certFile === undefined) !== (keyFile === undefined))
    throw new VigilError('config-invalid', 'kafka.certFile and kafka.keyFile go together')
  return {
    ...(caFile !== undefined && { ca: [fileOf(caFile, 'caFile')] }),
    ...(certFile !== undefined && { cert: fileOf(certFile, 'certFile') }),
    ...(keyFile !== undefined && { key: fileOf(keyFile, 'keyFile') }),
  }
}

function saslOf(settings: Settings['kafka']): SASLOptions | undefined {
  const { saslMechanism: mechanism, saslUsername: username, saslPassword, saslPasswordFile } = settings
  if (mechanism === undefined) {
    if (username ?? saslPassword ?? saslPasswordFile)
      throw new VigilError('config-invalid', 'kafka.saslUsername and its password need kafka.saslMechanism')
    return undefined
  }
  if (saslPassword !== undefined && saslPasswordFile !== undefined)
    throw new VigilError('config-invalid', 'kafka.saslPassword and kafka.saslPasswordFile exclude each other')
  const password =
    saslPasswordFile === undefined ? saslPassword : fileOf(saslPasswordFile, 'saslPasswordFile').split(/\r?\n/, 1)[0]
  if (!username || !password)
    throw new VigilError('config-invalid', 'kafka.saslMechanism needs kafka.saslUsername and a password')
  return { mechanism, username, password } as SASLOptions
}

/** ms of silence after which a connection is probed */
const KEEP_ALIVE_MS = 60_000

/** kafkajs' own, but that a request does not wait for the acknowledgement of the one before it (Nagle): a commit sends two at once. */
const openSocket: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const servername = net.isIP(host) === 0 ? { servername: host } : {}
  const socket = ssl
    ? tls.connect({ host, port, ...servername, ...ssl }, onConnect)
    : net.connect({ host, port }, onConnect)
  return socket.setKeepAlive(true, KEEP_ALIVE_MS).setNoDelay()
}

/** ms until a connection that is not answered is given up */
const CONNECT_MS = 3000

/**
 * Vigil's settings as kafkajs wants them. Retries begin after 15 ms, since most of them wait for the end of a
 * transaction, and go on for about 2 s: whoever called decides whether to try for longer.
 * @throws VigilError `config-invalid` when the settings do not fit together or a file cannot be read
 */
export function libraryConfig(settings: Settings['kafka'], log: Log): KafkaConfig {
  const sasl = saslOf(settings)
  const odd = settings.brokers.find((broker) => !/^[^:\s]+:\d{1,5}$/.test(broker))
  if (odd !== undefined) throw new VigilError('config-invalid', 'kafka.brokers takes HOST:PORT', { place: odd })
  return {
    brokers: settings.brokers,
    clientId: settings.clientId,
    ssl: tlsOf(settings) ?? false,
    ...(sasl && { sasl }),
    socketFactory: openSocket,
    connectionTimeout: Math.min(CONNECT_MS, settings.requestTimeoutMs),
    authenticationTimeout: settings.requestTimeoutMs,
    requestTimeout: settings.requestTimeoutMs,
    retry: { initialRetryTime: 15, factor: 0.2, multiplier: 2, maxRetryTime: 500, retries: 7 },
    logLevel: logLevel.INFO,
    logCreator: () => logTo(log) as never,
  }
}
