import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Broker } from '../../../src/broker/broker.ts'
import { CLIENT_NAME } from '../../../src/broker/certificates.ts'
import { openBroker } from '../../../src/broker/open-broker.ts'
import { openKafka } from '../../../src/kafka/kafkajs/client.ts'
import { all, type KafkaSettings, open, quiet, until, wardSettings, witness } from '../broker.ts'

const PASSWORD = 'a "quoted" pass\\word'
const WARD = { group: 'ward', topicPrefix: 'ward' }

describe('a broker that lets in whom it knows, and allows what is listed', () => {
  let broker: Broker
  let folder: string
  let passwordFile: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vigil-secure-'))
    passwordFile = join(folder, 'password')
    writeFileSync(passwordFile, `${PASSWORD}\n`)
    broker = await openBroker({
      listeners: ['tls', 'mutual-tls', 'scram', 'plain'],
      users: { vigil: PASSWORD, stranger: PASSWORD, reader: PASSWORD },
      denying: true,
      say: () => {},
    })
    const topics = { resource: 'topic', names: ['ward.'], prefixed: true } as const
    // What docs/kafka.md lists, and nothing else.
    const allowed = (user: string) => [
      { user, ...topics, operations: ['Read', 'Write', 'Create', 'Describe', 'DescribeConfigs'] },
      { user, resource: 'group', names: ['ward'], operations: ['Read'] } as const,
      {
        user,
        resource: 'transactional-id',
        names: ['ward-'],
        prefixed: true,
        operations: ['Write', 'Describe'],
      } as const,
    ]
    await broker.allow([
      ...allowed('vigil'),
      ...allowed(CLIENT_NAME),
      { user: 'reader', ...topics, operations: ['Read', 'Describe', 'DescribeConfigs'] },
    ])
  }, 120_000)
  afterAll(async () => {
    await broker?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const at = (listener: 'tls' | 'mutual-tls' | 'scram' | 'plain', changes: Partial<KafkaSettings> = {}) =>
    wardSettings({
      brokers: [broker.listeners[listener]!],
      tls: true,
      caFile: broker.certificates!.caFile,
      ...WARD,
      ...changes,
    })
  const scram = (changes: Partial<KafkaSettings> = {}) =>
    at('scram', { saslMechanism: 'scram-sha-512', saslUsername: 'vigil', saslPasswordFile: passwordFile, ...changes })
  async function failure(settings: KafkaSettings) {
    const since = Date.now()
    const error = await openKafka(settings, quiet).then(
      async (kafka) => {
        await kafka.close()
        return undefined
      },
      (reason: { code: string; retriable: boolean; message: string }) => reason,
    )
    expect(Date.now() - since).toBeLessThan(10_000)
    return error
  }

  it('does everything by SCRAM, with the rights that are listed', async () => {
    const kafka = await open(scram())
    const writer = await kafka.fence(0)
    await writer.commit(
      [{ topic: 'ward.alerts', partition: 0, key: 'p', value: 'alert' }],
      [{ topic: 'ward.readings', partition: 0, offset: 0 }],
    )
    const events = witness(['ward.readings'])
    const member = await kafka.join({ topics: ['ward.readings'] }, events)
    const plain = await kafka.writer()
    await plain.send([{ topic: 'ward.readings', partition: 1, key: 'p', value: 'reading' }])
    await until('the reading', () => events.seen.length === 1)
    await until('the alert', async () => (await all(kafka, 'ward.alerts')).length === 1)
    await member.leave()
    await Promise.all([plain.close(), writer.close()])
    await kafka.close()
  })

  it.each(['scram-sha-256', 'plain', 'certificate'] as const)('lets in by %s', async (how) => {
    const { certFile, keyFile } = broker.certificates!
    const settings = {
      'scram-sha-256': scram({ saslMechanism: 'scram-sha-256' }),
      plain: at('plain', { saslMechanism: 'plain', saslUsername: 'vigil', saslPassword: PASSWORD }),
      certificate: at('mutual-tls', { certFile, keyFile }),
    }[how]
    const kafka = await open(settings)
    await (await kafka.fence(1)).close()
    await kafka.close()
  })

  it.each<[string, () => KafkaSettings]>([
    [
      'a wrong password',
      () => at('scram', { saslMechanism: 'scram-sha-512', saslUsername: 'vigil', saslPassword: 'wrong' }),
    ],
    ['an unknown user', () => scram({ saslUsername: 'nobody' })],
    ['PLAIN where only SCRAM is', () => scram({ saslMechanism: 'plain' })],
    ['no certificate where one is asked for', () => at('mutual-tls')],
    ['a broker of a foreign authority', () => wardSettings({ brokers: [broker.listeners.tls!], tls: true, ...WARD })],
  ])('says so of %s, at once', async (_what, settings) => {
    const error = await failure(settings())
    expect(error).toMatchObject({ code: 'kafka-auth', retriable: false })
    expect(error!.message).not.toContain(PASSWORD)
  })

  it('says what is missing to whom has no rights', async () => {
    const stranger = await failure(scram({ saslUsername: 'stranger' }))
    expect(stranger).toMatchObject({ code: 'kafka-unauthorised', retriable: false })
    expect(stranger!.message).toContain('ward.')
    const kafka = await open(scram({ saslUsername: 'reader' }))
    await expect(kafka.fence(0)).rejects.toMatchObject({ code: 'kafka-unauthorised' })
    await expect(kafka.fence(0)).rejects.toThrow(/transactional ids/)
    await expect(kafka.join({ topics: ['ward.readings'] }, witness(['ward.readings']))).rejects.toThrow(/kafka.group/)
    await expect(kafka.writer()).rejects.toMatchObject({ code: 'kafka-unauthorised' })
    await kafka.close()
  })
})
