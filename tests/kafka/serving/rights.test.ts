import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AccessRule } from '../../../src/broker/access-rules.ts'
import type { Broker } from '../../../src/broker/broker.ts'
import { openBroker } from '../../../src/broker/open-broker.ts'
import type { KafkaClient } from '../../../src/kafka/port.ts'
import { open, until } from '../broker.ts'
import { child, patientIn, ready, serviceSettings, topicsOf } from './service.ts'

const PASSWORD = 'CANARY "quoted" pass\\word'

/** What docs/kafka.md lists, one line each; nothing else is allowed. */
const RIGHTS: Readonly<Record<string, Omit<AccessRule, 'user'>>> = {
  read: {
    resource: 'topic',
    names: ['readings', 'encounters', 'alerts.acks', 'models', 'state'].map((it) => `ward.${it}`),
    operations: ['Read'],
  },
  write: {
    resource: 'topic',
    names: [
      'readings',
      'state',
      'alerts',
      'alerts.test',
      'alerts.evidence',
      'journal',
      'readings.dlq',
      'status',
      'models',
    ].map((it) => `ward.${it}`),
    operations: ['Write'],
  },
  configs: { resource: 'topic', names: ['ward.'], prefixed: true, operations: ['DescribeConfigs'] },
  group: { resource: 'group', names: ['ward'], operations: ['Read'] },
  'transactional id': {
    resource: 'transactional-id',
    names: ['ward-'],
    prefixed: true,
    operations: ['Write', 'Describe'],
  },
}

/** user -> what it lacks of the list */
const LACKING = {
  group: { right: 'group', without: undefined, code: 'kafka-unauthorised', says: /group/ },
  writer: { right: 'transactional id', without: undefined, code: 'kafka-unauthorised', says: /transactional ids/ },
  mute: { right: 'write', without: 'ward.alerts', code: 'kafka-unauthorised', says: /ward\.alerts\b/ },
  forgetful: { right: 'read', without: 'ward.state', code: 'kafka-unauthorised', says: /ward\.state/ },
} as const

describe('TLS, SCRAM and an authoriser that allows what is listed and nothing else', () => {
  let broker: Broker
  let kafka: KafkaClient
  let folder: string
  const settingsOf = (user: string) =>
    serviceSettings({
      kafka: {
        brokers: [broker.listeners.scram!],
        group: 'ward',
        topicPrefix: 'ward',
        tls: true,
        caFile: broker.certificates!.caFile,
        saslMechanism: 'scram-sha-512',
        saslUsername: user,
        saslPasswordFile: join(folder, 'password'),
        createTopics: false,
      },
      stream: { signalLostSeconds: 3600 },
    })

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vigil-rights-'))
    await writeFile(join(folder, 'password'), `${PASSWORD}\n`)
    const users = ['vigil', ...Object.keys(LACKING)]
    broker = await openBroker({
      listeners: ['scram'],
      users: Object.fromEntries(users.map((it) => [it, PASSWORD])),
      denying: true,
      say: () => {},
    })
    // the topics' owner makes them, by the plaintext listener of the administrator
    const own = serviceSettings({ kafka: { brokers: [...broker.brokers], topicPrefix: 'ward', group: 'owner' } })
    kafka = await open(own.kafka)
    await broker.allow(
      users.flatMap((user) => {
        const lack = (
          LACKING as Readonly<Record<string, { readonly right: string; readonly without: string | undefined }>>
        )[user]
        return Object.entries(RIGHTS).flatMap(([right, rule]) => {
          if (lack?.right !== right) return [{ user, ...rule }]
          const names = rule.names!.filter((it) => it !== lack.without)
          return lack.without === undefined ? [] : [{ user, ...rule, names }]
        })
      }),
    )
  }, 240_000)
  afterAll(async () => {
    await kafka?.close()
    await broker?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  test('the whole service runs with the list', async () => {
    const settings = settingsOf('vigil')
    const topics = topicsOf(kafka, settings.kafka)
    const running = await child(settings)
    const [, url] = await running.said(/The ward is at (\S+)\/ /)
    await ready(url!)
    const patient = patientIn(0, 2)
    await topics.send(topics.readings(patient, [0, 60], (s) => ({ values: { hr: s < 30 ? 70 : 0 } })))
    await topics.send(topics.readings(patient, [60, 61], undefined, { key: null }))
    await topics.send([
      topics.control('alerts.acks', patient, { action: 'ack', at: 1, alertId: 'f'.repeat(32), by: 'n' }),
    ])
    await until('an alert', async () => (await topics.alerts()).length > 0)
    await until('a dead letter', async () => (await topics.letters()).length > 0)
    await until('a heartbeat and a self-test reading', async () => {
      const [beats, all] = [await topics.records('status'), await topics.records('readings')]
      return beats.length > 0 && all.some((it) => String(it.key).includes('self-test'))
    })
    running.signal('SIGTERM')
    const { code, stderr, stdout } = await running.ended
    expect(code).toBe(0)
    expect(stderr + stdout).not.toContain('CANARY')
    expect(stderr).not.toMatch(/did not reach Kafka|commit failed/)
    // the log has no warning but that of unchecked configurations, had that right been missing
    expect(stderr).not.toMatch(/DescribeConfigs/)
  })

  test.each(Object.entries(LACKING))('without one of them it says which: %s', async (user, { code, says }) => {
    const settings = settingsOf(user)
    const topics = topicsOf(kafka, settings.kafka)
    const running = await child(settings)
    const feeding = setInterval(() => {
      const patient = patientIn(1, 2, user)
      const second = Math.floor(Date.now() / 1000) % 1e6
      void topics.send(topics.readings(patient, [second, second + 2], () => ({ values: { hr: 0 } }))).catch(() => {})
    }, 1000)
    const { code: exit, stderr } = await running.ended
    clearInterval(feeding)
    expect(exit).toBe(1)
    const last = stderr.trim().split('\n').at(-1)!
    expect(last).toMatch(new RegExp(`^vigil: ${code}: `))
    expect(last).toMatch(says)
    expect(stderr).not.toContain('CANARY')
  })
})
