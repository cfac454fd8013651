import { expect, test } from 'vitest'
import { freePorts } from '../../../src/broker/free-ports.ts'
import { brokers } from '../broker.ts'
import { child, serviceSettings } from './service.ts'

const [free] = await freePorts(1)

test.each([
  ['no broker', { brokers: [`127.0.0.1:${free}`] }, /vigil: kafka-unreachable: .*check kafka\.brokers/],
  [
    'a missing topic',
    { createTopics: false },
    /vigil: kafka-topics: missing: t-\w+\.readings, .*make them, or set kafka\.createTopics/,
  ],
  ['TLS to a plain listener', { tls: true }, /vigil: kafka-(unreachable|auth): .*kafka\.tls/],
  [
    'a log-in to a listener without',
    { saslMechanism: 'plain' as const, saslUsername: 'u', saslPassword: 'CANARY' },
    /vigil: kafka-(auth|unreachable): .*kafka\.sasl/,
  ],
  ['too many replicas', { replication: 3 }, /vigil: kafka-topics: .*lower kafka\.replication/],
])('%s is said with its code and the remedy within 10 s', async (_what, kafka, said) => {
  const running = await child(serviceSettings({ kafka: { brokers, ...kafka } }))
  const since = Date.now()
  const { code, stderr, stdout } = await running.ended
  expect(code).toBe(1)
  expect(stderr).toMatch(said)
  expect(stderr + stdout).not.toContain('CANARY')
  expect(stderr).not.toMatch(/\n\s+at /)
  // the start of the process and of the model are in it
  expect(Date.now() - since).toBeLessThan(15_000)
})
