import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readAlert } from '../../src/kafka/alert-record.ts'
import { checkTestTopic } from '../../src/kafka/test-topic.ts'
import { TOPIC_ROLES } from '../../src/kafka/topics.ts'
import type { AlertEnvelope } from '../../src/vitals/alert.ts'
import { Settings } from '../../src/vitals/settings.ts'
import { start } from '../integration/vigil.ts'
import { open, wardSettings } from './broker.ts'
import { brokers, createTopics, unique } from './topics.ts'

const RECORDING = 'examples/recordings/bidmc_05_Numerics.csv'

test('a replay on the page and to a test topic: the beds and alerts of the recording, never live, until it is stopped', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'vigil-replay-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const topic = unique('replayed')
  await createTopics(brokers, [{ topic, partitions: 2 }])
  const alerts = join(folder, 'alerts.ndjson')
  const running = start(
    ['replay', RECORDING, '--page', '--port', '0', '--speed', 'max', '--to-topic', topic, '--alerts', alerts, '--json'],
    { VIGIL_KAFKA_BROKERS: brokers.join(','), VIGIL_LIMITS_ADULT: '{hr: {high: 80}, resp: {high: 15}}' },
  )
  const [, url] = await running.told(/The ward is at (\S+)\//)
  await running.said(/"alertEvents": \d+/)
  // the page plays beside the reading for topic and files
  const beds = async () => ((await (await fetch(`${url}/api/ward`)).json()) as { beds: unknown[] }).beds.length
  await expect.poll(beds, { timeout: 10_000 }).toBe(1)
  running.signal('SIGINT')
  expect(await running.ended).toMatchObject({ code: 0 })

  const said = (await readFile(alerts, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(said.length).toBeGreaterThan(0)
  const kafka = await open(wardSettings())
  onTestFinished(() => kafka.close())
  const envelopes: AlertEnvelope[] = []
  for (const partition of [0, 1])
    await kafka.readAll(topic, partition, (records) => envelopes.push(...records.map((it) => readAlert(it) as AlertEnvelope))) // biome-ignore format: one call
  expect(envelopes.map(({ body }) => body)).toEqual(said)
  expect(new Set(envelopes.map(({ mode }) => mode))).toEqual(new Set(['replay']))
})

test.each(
  TOPIC_ROLES.map((role) => `vitals.${role}`).concat('VITALS_alerts', 'vitals', '__consumer_offsets', 'no topic'),
)('is never written to: %s', (topic) => {
  expect(() => checkTestTopic(topic, Settings.parse({}))).toThrow(expect.objectContaining({ code: 'usage' }))
})

test('a topic that is not there is said, and not made', async () => {
  const topic = unique('absent')
  const running = start(['replay', RECORDING, '--to-topic', topic, '--json'], {
    VIGIL_KAFKA_BROKERS: brokers.join(','),
  })
  const { code, stderr } = await running.ended
  expect([code, stderr]).toEqual([1, expect.stringMatching(/kafka-topics.*--create --topic absent/)])
  const kafka = await open(wardSettings())
  onTestFinished(() => kafka.close())
  await expect(kafka.bounds(topic, 0)).rejects.toMatchObject({ code: expect.stringMatching(/^kafka-/) })
})
