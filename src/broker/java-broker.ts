import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cacheFolder } from '../cache-folder.ts'
import { VigilError } from '../errors.ts'
import { ACL_COMMAND, aclArguments } from './access-rules.ts'
import { LOOPBACK } from './address.ts'
import type { Broker, BrokerOptions, Say } from './broker.ts'
import { type Certificates, makeCertificates } from './certificates.ts'
import { freePorts } from './free-ports.ts'
import { type FreezingProxy, freezingProxy } from './freezing-proxy.ts'
import { kafkaJars } from './jars.ts'
import { classOf, findJava, type Jvm, startJvm } from './jvm.ts'
import { output } from './output.ts'
import { brokerProperties, type Ports, propertiesFile, SCRAM_MECHANISMS } from './properties.ts'

/** What it prints once every listener of its serves: an open port alone may be another's, or too early. */
const STARTED = 'Kafka Server started'
/** From the start of Java to that; a slow disk recovers a log in seconds. */
const START_MS = 60_000
/** A broker that does not end politely in this time is killed. */
const POLITE_MS = 15_000
/** Somebody may take a port that was free a moment ago. */
const TRIES = 3
const TOOL_MS = 60_000

/**
 * A broker in a Java process of our own, on 127.0.0.1, with its data in a temporary folder.
 * @throws VigilError `broker-unavailable` without Java or its jars, `broker-failed` when it does not start
 */
export async function javaBroker(options: BrokerOptions, say: Say): Promise<Broker> {
  const java = await findJava(process.env).catch((cause: Error) => {
    throw new VigilError('broker-unavailable', cause.message, { cause })
  })
  const jars = await kafkaJars(cacheFolder(process.env), say)
  for (let attempt = 1; ; attempt++) {
    try {
      return await openOnce(java, jars, options)
    } catch (error) {
      const lost = (error as Error).message.includes('Address already in use')
      if (!lost || options.port !== undefined || attempt === TRIES) throw error
      say('a port that was free was taken meanwhile: trying others')
    }
  }
}

async function choosePorts(options: BrokerOptions): Promise<{ ports: Ports; proxies: FreezingProxy[] }> {
  const secure = options.listeners ?? []
  const [plaintext = 0, controller = 0, ...others] = await freePorts(2 + secure.length + (options.proxies ?? 0))
  const behind = others.slice(secure.length)
  const proxies = await Promise.all(behind.map((port) => freezingProxy(`${LOOPBACK}:${port}`)))
  const ports = {
    plaintext: options.port ?? plaintext,
    controller,
    secure: Object.fromEntries(secure.map((listener, i) => [listener, others[i]!])),
    proxied: behind.map((port, i) => ({ port, told: proxies[i]!.address })),
  }
  return { ports, proxies }
}

async function openOnce(java: string, jars: string, options: BrokerOptions): Promise<Broker> {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-broker-'))
  const { ports, proxies } = await choosePorts(options)
  let jvm: Jvm | undefined
  let certificates: Certificates | undefined
  const server = `${LOOPBACK}:${ports.plaintext}`
  const file = join(folder, 'server.properties')

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const ending = jvm
    jvm = undefined
    if (ending === undefined) return
    ending.kill(signal)
    const harder = setTimeout(() => ending.kill('SIGKILL'), POLITE_MS)
    await ending.ended
    clearTimeout(harder)
  }

  async function start(): Promise<void> {
    if (jvm !== undefined) return
    const starting = await startJvm(java, classOf(jars, 'kafka.Kafka', [file]), folder)
    jvm = starting
    const late = setTimeout(() => starting.kill('SIGKILL'), START_MS)
    const up = await starting.said(STARTED)
    clearTimeout(late)
    if (up) return
    jvm = undefined
    const why = tellingLine(await starting.ended)
    throw new VigilError('broker-failed', `the broker did not start: ${why}`, { place: server })
  }

  async function stop(): Promise<void> {
    await end('SIGKILL') // nothing of it is kept
    await Promise.all(proxies.map((proxy) => proxy.close()))
    rmSync(folder, { recursive: true, force: true })
  }

  try {
    const data = join(folder, 'data')
    mkdirSync(data)
    if (options.listeners?.length) certificates = await makeCertificates(folder)
    const properties = brokerProperties(options, ports, data, certificates)
    writeFileSync(file, propertiesFile(properties), { mode: 0o600 })
    await format(java, jars, file, options)
    await start()
    return {
      how: 'java',
      brokers: [server],
      listeners: Object.fromEntries(Object.entries(ports.secure).map(([name, port]) => [name, `${LOOPBACK}:${port}`])),
      proxies,
      certificates,
      properties,
      async allow(rules) {
        for (const rule of rules) await tool(java, classOf(jars, ACL_COMMAND, aclArguments(server, rule)))
      },
      kill: () => end('SIGKILL'),
      start,
      async restart() {
        await end('SIGTERM')
        await start()
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** A new, empty log, with the users that SCRAM listeners know from the start. */
async function format(java: string, jars: string, file: string, options: BrokerOptions): Promise<void> {
  const users = options.listeners?.includes('scram') ? Object.entries(options.users ?? {}) : []
  const scram = users.flatMap(([name, password]) =>
    SCRAM_MECHANISMS.flatMap((mechanism) => ['--add-scram', `${mechanism}=[name="${name}",password="${password}"]`]),
  )
  const id = randomBytes(16).toString('base64url').replace(/^-/, 'A') // one that begins with a dash reads as a flag
  await tool(java, classOf(jars, 'kafka.tools.StorageTool', ['format', '-t', id, '-c', file, ...scram]))
}

async function tool(java: string, args: readonly string[]): Promise<void> {
  await output(java, args, { timeoutMs: TOOL_MS }).catch((cause: Error) => {
    throw new VigilError('broker-failed', `a tool of Kafka failed: ${cause.message}`, { cause })
  })
}

function tellingLine(printed: string): string {
  const lines = printed.split('\n').filter((line) => line.trim() !== '')
  return (
    lines.find((line) => /Address already in use/.test(line)) ??
    lines.find((line) => /Exception|ERROR/.test(line)) ??
    'it said nothing'
  )
}
