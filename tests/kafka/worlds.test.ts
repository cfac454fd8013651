import { createHash, randomBytes } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openServing } from '../../src/app/serving.ts'
import { SHIPPED_MODELS } from '../../src/app.ts'
import { withClosing } from '../../src/closing.ts'
import { readAlert } from '../../src/kafka/alert-record.ts'
import { isRejection } from '../../src/kafka/json-value.ts'
import { partitionOf } from '../../src/kafka/murmur2.ts'
import type { KafkaClient } from '../../src/kafka/port.ts'
import type { Log } from '../../src/log.ts'
import { bedside } from '../../src/training/recipes/bedside.ts'
import type { AlertBody } from '../../src/vitals/alert.ts'
import { Settings } from '../../src/vitals/settings.ts'
import { brokers, open, quiet, until } from './broker.ts'
import { kafkaAt } from './topics.ts'

const T0 = Date.UTC(2026, 0, 1)
const PATIENT = 'p-1'
const folder = mkdtempSync(join(tmpdir(), 'vigil-worlds-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The shipped registry with its model under another version. */
function registryOf(version: string): string {
  const dir = join(folder, version)
  const bundle = join(dir, 'bedside', version)
  cpSync(join(SHIPPED_MODELS, 'bedside', bedside.version), bundle, { recursive: true })
  const manifest = JSON.parse(readFileSync(join(bundle, 'manifest.json'), 'utf8')) as { version: string }
  const text = JSON.stringify({ ...manifest, version })
  writeFileSync(join(bundle, 'manifest.json'), text)
  const sum = createHash('sha256').update(text).digest('hex')
  const sums = readFileSync(join(bundle, 'SHA256SUMS'), 'utf8').replace(/^\S+( [ *]manifest\.json)$/m, `${sum}$1`)
  writeFileSync(join(bundle, 'SHA256SUMS'), sums)
  writeFileSync(join(dir, 'aliases.json'), JSON.stringify({ bedside: { champion: version } }))
  return dir
}

/** A ward of one patient, and services that watch it one after the other. */
async function stage() {
  const id = randomBytes(4).toString('hex')
  const settingsOf = (models: object = {}) =>
    Settings.parse({
      models,
      kafka: { brokers, group: `w-${id}`, topicPrefix: `w-${id}`, heartbeatIntervalMs: 300, sessionTimeoutMs: 6000 },
      limits: { adult: { spo2: { low: 90, holdSeconds: 2, priority: 'high' } } },
      http: { port: 0 },
    })
  const { kafka } = settingsOf()
  const client = await open(kafka)
  const writer = await client.writer()
  const partition = partitionOf(PATIENT, client.partitions)
  const topic = `${kafka.topicPrefix}.readings`
  let second = 0

  const said = {
    /** codes and messages of errors in the log */
    errors: [] as string[],
    warnings: [] as string[],
  }
  const log = {
    ...quiet,
    error: (_: unknown, text: string) => void said.errors.push(text),
    warn: (_: unknown, text: string) => void said.warnings.push(text),
  } as unknown as Log
  return {
    kafka,
    client,
    partition,
    topic,
    said,
    settingsOf,
    /** a set a second */
    async send(seconds: number, spo2: number): Promise<void> {
      const readings = Array.from({ length: seconds }, () => ({
        patient: PATIENT,
        time: T0 + second++ * 1000,
        complete: true,
        values: { hr: 70, pulse: 70, spo2, resp: 16 },
      }))
      await writer.send(readings.map((it) => ({ topic, partition, key: PATIENT, value: JSON.stringify(it) })))
    },
    /** watch until something holds, then stop politely */
    serve: (settings: Settings, holds: () => Promise<boolean>, during = async () => {}) =>
      withClosing(async (atEnd) => {
        const serving = await openServing({ settings, log }, atEnd)
        await during()
        await until('what the service ought to do', holds, 90_000)
        await serving.stop()
        await serving.ended
      }),
    alerts: () => alertsIn(client, `${kafka.topicPrefix}.alerts`, partition),
    async close(): Promise<void> {
      await writer.close()
      await client.close()
    },
  }
}

async function alertsIn(client: KafkaClient, topic: string, partition: number): Promise<AlertBody[]> {
  const bodies: AlertBody[] = []
  await client.readAll(topic, partition, (records) => {
    for (const record of records) {
      const alert = readAlert(record)
      if (!isRejection(alert)) bodies.push(alert.body)
    }
  })
  return bodies
}

const phases = (bodies: readonly AlertBody[], code: string) =>
  bodies.filter((it) => it.code === code).map(({ phase }) => phase)
const PATIENCE = { timeout: 400_000 }

describe('a world that changed under the states', () => {
  test(
    'another version of the model, and back: it begins cold, the open alert goes on, and none is raised twice',
    PATIENCE,
    async () => {
      const ward = await stage()
      const older = ward.settingsOf()
      const newer = ward.settingsOf({ dir: registryOf('9.9.9') })
      const low = (phase: string) => async () => phases(await ward.alerts(), 'spo2-low').includes(phase as never)
      const worked = (offset: number) => async () =>
        ((await ward.client.committed([ward.topic], ward.partition))[0] ?? 0) >= offset
      await ward.send(20, 80)
      await ward.serve(older, low('start'))
      await ward.send(20, 80)
      await ward.serve(newer, worked(40))
      await ward.send(20, 80)
      await ward.serve(older, worked(60))
      await ward.send(60, 97)
      await ward.serve(newer, low('end'))
      const bodies = await ward.alerts()
      expect(phases(bodies, 'spo2-low').filter((it) => it === 'start')).toHaveLength(1)
      expect(phases(bodies, 'spo2-low').filter((it) => it === 'end')).toHaveLength(1)
      expect(new Set(bodies.map(({ eventId }) => eventId)).size).toBe(bodies.length)
      // the registry keeps every version that a saved state names; where somebody took one away it is said
      const begun =
        /^bedside begins anew: the registry has no bedside@(1\.0\.1, only 9\.9\.9|9\.9\.9, only 1\.0\.0, 1\.0\.1)$/
      expect(ward.said.errors.length).toBeGreaterThan(0)
      for (const error of ward.said.errors) expect(error).toMatch(begun)
      await ward.close()
    },
  )

  test(
    'a changelog that was deleted: said loudly, the patients begin cold, and what was said is not said again',
    PATIENCE,
    async () => {
      const ward = await stage()
      await ward.send(20, 80)
      await ward.serve(ward.settingsOf(), async () => phases(await ward.alerts(), 'spo2-low').includes('start'))
      const before = await ward.alerts()
      const admin = kafkaAt(brokers).admin()
      await admin.connect()
      await admin.deleteTopics({ topics: [`${ward.kafka.topicPrefix}.state`] })
      await admin.disconnect()
      await ward.send(5, 97)
      const worked = async () => ((await ward.client.committed([ward.topic], ward.partition))[0] ?? 0) >= 25
      await ward.serve(ward.settingsOf(), worked)
      expect(await ward.alerts()).toEqual(before)
      expect(ward.said.errors.join()).toMatch(/has no checkpoint, though the group has worked/)
      await ward.close()
    },
  )

  test(
    'alerts that the broker refuses: nothing of them is passed over, and all is said once it takes them',
    PATIENCE,
    async () => {
      const ward = await stage()
      const admin = kafkaAt(brokers).admin()
      await admin.connect()
      const limit = (value: string) =>
        admin.alterConfigs({
          validateOnly: false,
          resources: [
            {
              type: 2,
              name: `${ward.kafka.topicPrefix}.alerts`,
              configEntries: [
                { name: 'max.message.bytes', value },
                { name: 'retention.ms', value: '604800000' },
              ],
            },
          ],
        })
      await limit('200')
      await ward.send(20, 80)
      await ward.serve(
        ward.settingsOf(),
        async () => phases(await ward.alerts(), 'spo2-low').includes('start'),
        async () => {
          await until('a refused commit', () => ward.said.warnings.some((it) => /MESSAGE_TOO_LARGE/.test(it)), 90_000)
          expect(await ward.alerts()).toEqual([])
          await limit('1000000')
        },
      )
      expect(phases(await ward.alerts(), 'spo2-low')).toEqual(['start'])
      await admin.disconnect()
      await ward.close()
    },
  )

  test(
    'topics with another number of partitions: refused before anything is read, with what to change',
    PATIENCE,
    async () => {
      const ward = await stage()
      const admin = kafkaAt(brokers).admin()
      await admin.connect()
      await admin.createPartitions({ topicPartitions: [{ topic: ward.topic, count: ward.client.partitions + 2 }] })
      await admin.disconnect()
      await expect(ward.serve(ward.settingsOf(), async () => true)).rejects.toMatchObject({ code: 'kafka-topics' })
      await ward.close()
    },
  )
})
