import { readFileSync } from 'node:fs'
import type { SASLOptions } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Broker, SecureListener } from '../../src/broker/broker.ts'
import { CLIENT_NAME } from '../../src/broker/certificates.ts'
import { openBroker } from '../../src/broker/open-broker.ts'
import { consume, createTopics, kafkaAt, produce } from './topics.ts'

const PASSWORD = 'a "quoted" pass\\word'

describe('a broker with every secure listener and an authoriser', () => {
  let broker: Broker
  beforeAll(async () => {
    broker = await openBroker({
      listeners: ['tls', 'mutual-tls', 'scram', 'plain'],
      users: { nurse: PASSWORD, ward: 'other' },
      denying: true,
      say: () => {},
    })
    await createTopics(broker.brokers, [{ topic: 'ward.readings' }, { topic: 'secret' }])
    const topic = { resource: 'topic', names: ['ward.'], prefixed: true, operations: ['Read', 'Write'] } as const
    const group = { resource: 'group', names: ['reader'], prefixed: true, operations: ['Read'] } as const
    const idempotent = { resource: 'cluster', operations: ['IdempotentWrite'] } as const
    const users = ['nurse', CLIENT_NAME]
    await broker.allow(users.flatMap((user) => [topic, group, idempotent].map((rule) => ({ user, ...rule }))))
  })
  afterAll(() => broker?.stop())

  const at = (listener: SecureListener, more: Parameters<typeof kafkaAt>[1] = {}) =>
    kafkaAt([broker.listeners[listener]!], { ssl: { ca: broker.certificates!.ca }, ...more })
  const scram = (username: string, password: string, mechanism: 'scram-sha-512' | 'scram-sha-256' = 'scram-sha-512') =>
    at('scram', { sasl: { mechanism, username, password } as SASLOptions })

  test.each(['scram-sha-256', 'scram-sha-512'] as const)('%s lets a known user in', async (mechanism) => {
    await produce(scram('nurse', PASSWORD, mechanism), 'ward.readings', [mechanism])
  })

  test('the same user by PLAIN, and a client by its certificate; all of it is read again', async () => {
    await produce(at('plain', { sasl: { mechanism: 'plain', username: 'nurse', password: PASSWORD } }), 'ward.readings', ['plain'])
    const { ca, certFile, keyFile } = broker.certificates!
    const ssl = { ca, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') }
    await produce(at('mutual-tls', { ssl }), 'ward.readings', ['certificate'])
    expect(await consume(scram('nurse', PASSWORD), 'ward.readings', 4)).toEqual([
      'scram-sha-256',
      'scram-sha-512',
      'plain',
      'certificate',
    ])
  })

  test('a wrong password, an unknown user, no certificate and a foreign authority are refused', async () => {
    await expect(produce(scram('nurse', 'wrong'), 'ward.readings', ['x'])).rejects.toThrow(/authentication failed/i)
    await expect(produce(scram('nobody', PASSWORD), 'ward.readings', ['x'])).rejects.toThrow(/authentication failed/i)
    await expect(produce(at('mutual-tls'), 'ward.readings', ['x'])).rejects.toThrow()
    await expect(produce(at('tls', { ssl: true }), 'ward.readings', ['x'])).rejects.toThrow(/certificate/i)
  })

  test('who is in may still do nothing that no rule allows', async () => {
    await expect(produce(scram('nurse', PASSWORD), 'secret', ['x'])).rejects.toThrow(/not authorized/i)
    await expect(produce(scram('ward', 'other'), 'ward.readings', ['x'])).rejects.toThrow(/not authorized/i)
  })
}) // biome-ignore format: long lines of one listener each
