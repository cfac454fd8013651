import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { openKafka } from '../../../src/kafka/kafkajs/client.ts'
import { libraryConfig } from '../../../src/kafka/kafkajs/connection.ts'
import { KafkaLibrary } from '../../../src/kafka/kafkajs/library.ts'
import type { KafkaClient } from '../../../src/kafka/port.ts'
import { type KafkaSettings, open, quiet, wardSettings } from '../broker.ts'

const servers: { server: Server; sockets: Set<Socket> }[] = []
async function listen(answer: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    answer(socket)
  })
  servers.push({ server, sockets })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `127.0.0.1:${(server.address() as { port: number }).port}`
}
afterEach(async () => {
  for (const { server, sockets } of servers.splice(0)) {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
})

/** Opens, and says how it failed and after how many ms. */
async function failure(settings: KafkaSettings) {
  const since = Date.now()
  const error = await openKafka(settings, quiet).then(
    (kafka) => kafka.close(),
    (reason: { code: string; retriable: boolean; message: string }) => reason,
  )
  return { ms: Date.now() - since, error: error as { code: string; retriable: boolean; message: string } }
}

/** An answer to the request that asks for versions, whatever its own: only what is listed, at version 0. */
function answerVersions(apis: readonly number[]) {
  return (socket: Socket) =>
    socket.on('data', (request) => {
      const body = Buffer.alloc(4 + 2 + 4 + apis.length * 6 + 4)
      body.writeInt32BE(request.readInt32BE(8), 0)
      body.writeInt32BE(apis.length, 6)
      apis.forEach((api, at) => {
        body.writeInt16BE(api, 10 + at * 6)
      })
      const size = Buffer.alloc(4)
      size.writeInt32BE(body.length)
      socket.write(Buffer.concat([size, body]))
    })
}

describe('no way to a broker is a coded error within 10 s', () => {
  const cases: [string, () => Promise<Partial<KafkaSettings>>, string][] = [
    ['nobody listens', async () => ({ brokers: ['127.0.0.1:1'] }), 'kafka-unreachable'],
    ['no such host', async () => ({ brokers: ['no-such-host.invalid:9092'] }), 'kafka-unreachable'],
    ['it never answers', async () => ({ brokers: [await listen(() => {})] }), 'kafka-unreachable'],
    ['it hangs up at once', async () => ({ brokers: [await listen((socket) => socket.end())] }), 'kafka-unreachable'],
    [
      'it speaks no TLS',
      async () => ({ brokers: [await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))], tls: true }),
      'kafka-auth',
    ],
    ['it is too old', async () => ({ brokers: [await listen(answerVersions([0, 1, 2, 3, 18]))] }), 'kafka-unsupported'],
  ]
  it.each(cases)('%s', { timeout: 15_000 }, async (_name, changes, code) => {
    const { ms, error } = await failure(wardSettings(await changes()))
    expect(error).toMatchObject({ code, retriable: code === 'kafka-unreachable' })
    expect(ms).toBeLessThan(10_000)
  })
})

describe('settings that do not fit together', () => {
  const password = 'no-secret-is-told'
  it.each<[Partial<KafkaSettings>, RegExp]>([
    [{ caFile: '/nowhere' }, /need kafka.tls/],
    [{ tls: true, caFile: '/nowhere' }, /caFile/],
    [{ tls: true, certFile: '/nowhere' }, /go together/],
    [{ saslUsername: 'u', saslPassword: password }, /need kafka.saslMechanism/],
    [{ saslMechanism: 'plain', saslUsername: 'u' }, /a password/],
    [{ saslMechanism: 'plain', saslUsername: 'u', saslPassword: password, saslPasswordFile: '/nowhere' }, /exclude/],
  ])('%j', async (changes, words) => {
    const { error } = await failure(wardSettings(changes))
    expect(error).toMatchObject({ code: 'config-invalid' })
    expect(error.message).toMatch(words)
    expect(error.message).not.toContain(password)
  })
})

describe('topics', () => {
  const clients: KafkaClient[] = []
  const opened = async (settings: KafkaSettings) => {
    const kafka = await open(settings)
    clients.push(kafka)
    return kafka
  }
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((kafka) => kafka.close()))
  })
  const make = async (
    settings: KafkaSettings,
    topic: string,
    numPartitions: number,
    config: Record<string, string> = {},
  ) => {
    const admin = new KafkaLibrary(libraryConfig(settings, quiet)).admin()
    await admin.connect()
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }))
    await admin.createTopics({
      topics: [{ topic, numPartitions, replicationFactor: 1, configEntries }],
    })
    await admin.disconnect()
  }

  it('are made, also by two processes at once, and fit the next time', async () => {
    const settings = wardSettings({ partitions: 3 })
    const both = await Promise.all([opened(settings), opened(settings)])
    expect(both.map((kafka) => kafka.partitions)).toEqual([3, 3])
    const again = await opened({ ...settings, createTopics: false, partitions: 9 })
    expect(again.partitions).toBe(3)
    expect(await again.bounds(`${settings.topicPrefix}.state`, 2)).toEqual({ first: 0, next: 0 })
  })

  it('that Vigil makes have as many partitions as the readings that are there', async () => {
    const settings = wardSettings()
    await make(settings, `${settings.topicPrefix}.readings`, 7)
    expect((await opened(settings)).partitions).toBe(7)
  })

  it('that are missing, or do not fit, are an error that says what to do', async () => {
    const missing = wardSettings({ createTopics: false })
    expect((await failure(missing)).error).toMatchObject({ code: 'kafka-topics', retriable: false })
    const settings = wardSettings()
    await make(settings, `${settings.topicPrefix}.state`, 4, { 'cleanup.policy': 'delete' })
    await make(settings, `${settings.topicPrefix}.encounters`, 2)
    const { error } = await failure(settings)
    expect(error).toMatchObject({ code: 'kafka-topics', retriable: false })
    expect(error.message).toContain(`--entity-name ${settings.topicPrefix}.state --add-config cleanup.policy=compact`)
    expect(error.message).toContain(`--topic ${settings.topicPrefix}.encounters --partitions 4`)
  })

  it('that the broker refuses are an error too', async () => {
    const { error } = await failure(wardSettings({ replication: 5 }))
    expect(error).toMatchObject({ code: 'kafka-topics', retriable: false })
    expect(error.message).toContain('kafka.replication')
    expect((await failure(wardSettings({ topicPrefix: 'no good name' }))).error).toMatchObject({ code: 'kafka-topics' })
  })
})
