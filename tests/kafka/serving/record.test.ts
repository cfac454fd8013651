import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { explainKept } from '../../../src/app/explain-kept.ts'
import { SHIPPED_MODELS } from '../../../src/app.ts'
import { withClosing } from '../../../src/closing.ts'
import type { KafkaClient } from '../../../src/kafka/port.ts'
import { vigil } from '../../integration/vigil.ts'
import { open, quiet, until } from '../broker.ts'
import { patientIn, ready, service, serviceSettings, T0, topicsOf } from './service.ts'

const settings = serviceSettings({ stream: { signalLostSeconds: 3600 } })
const { brokers, topicPrefix } = settings.kafka
let kafka: KafkaClient
let folder: string

beforeAll(async () => {
  kafka = await open(settings.kafka)
  folder = await mkdtemp(join(tmpdir(), 'vigil-record-'))
})
afterAll(async () => {
  await kafka?.close()
  await rm(folder, { recursive: true, force: true })
})

test('a range that is recorded, with its journal, replays into the alerts that the service raised; outside it is nothing', async () => {
  const topics = topicsOf(kafka, settings.kafka)
  const patients = [patientIn(0, 2, 'rec'), patientIn(1, 2, 'rec')]
  const fast = (second: number) => (second < 120 ? {} : { values: { hr: 150, spo2: 84 } })
  const running = await service(settings)
  await ready(running.url)
  for (const patient of patients) await topics.send(topics.readings(patient, [0, 200], fast))
  await until(
    'alerts of both',
    async () => new Set((await topics.alerts()).map((it) => it.body.subject.patientKey)).size === 2,
  )
  await until('all worked', async () => (await running.metric('vigil_readings_total')) === 400)
  const [first] = (await topics.alerts()).map(({ body }) => body)
  const { alertId, subject } = first!
  const said = { action: 'feedback', alertId, by: 'nurse-1', verdict: 'nuisance', at: T0 + 150_000 }
  await topics.send([topics.control('alerts.acks', subject.patientKey, said)])
  await until('the journal', async () => (await topics.journal()).some((it) => it.entry === 'feedback'))
  await until('all saved', async () => (await running.metric('vigil_unsaved_patients')) === 0)
  const live = (await topics.alerts()).map(({ body }) => body)
  await running.stop()

  const env = { VIGIL_KAFKA_BROKERS: brokers.join(','), VIGIL_KAFKA_TOPIC_PREFIX: topicPrefix }
  const recorded = async (from: number, to: number) => {
    const out = join(folder, 'range.ndjson')
    const ran = await vigil(
      ['record', '--from', `${T0 + from * 1000}`, '--to', `${T0 + to * 1000}`, '--out', out, '--json'],
      env,
    )
    expect(ran).toMatchObject({ code: 0 })
    return { ...JSON.parse(ran.stdout), lines: (await readFile(out, 'utf8')).trim().split('\n') }
  }
  const whole = await recorded(0, 200)
  expect(whole).toMatchObject({ readings: 400, rejected: 0 })
  expect(whole.entries).toBe((await topics.journal()).length)
  const alerts = join(folder, 'alerts.ndjson')
  expect((await vigil(['replay', join(folder, 'range.ndjson'), '--alerts', alerts, '--json'])).code).toBe(0)
  const replayed = (await readFile(alerts, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const byPatient = (bodies: readonly { subject: { patientKey: string } }[]) =>
    patients.map((patient) => bodies.filter((it) => it.subject.patientKey === patient))
  expect(byPatient(replayed)).toEqual(byPatient(live))

  // packed or in columns it is the same recording: the same alerts, byte for byte
  for (const name of ['range.parquet', 'range.ndjson.gz']) {
    const out = join(folder, name)
    const ran = await vigil(['record', '--from', `${T0}`, '--to', `${T0 + 200_000}`, '--out', out, '--json'], env)
    expect(JSON.parse(ran.stdout)).toMatchObject({ readings: 400, entries: whole.entries })
    const again = join(folder, 'again.ndjson')
    expect((await vigil(['replay', out, '--alerts', again, '--json'])).code).toBe(0)
    expect(await readFile(again, 'utf8')).toBe(await readFile(alerts, 'utf8'))
  }

  // without any recording: from the evidence that was stored as each alert opened, and what the topics hold since
  for (const id of new Set(live.map((it) => it.alertId))) {
    const told = await withClosing((atEnd) => explainKept(settings, SHIPPED_MODELS, id, quiet, atEnd))
    const messages = live.filter((it) => it.alertId === id).length
    expect([told.code, told.differsAt, told.recomputed, told.messages]).toEqual([told.code, null, messages, messages])
  }
  const { alertId: limit } = live.find(({ code }) => code === 'spo2-low')!
  const explained = await vigil(['explain', limit, '--json'], { ...env, VIGIL_LIMITS_SET: 'other' })
  expect(explained.code).toBe(1)
  const { differsAt, steps } = JSON.parse(explained.stdout)
  expect(differsAt).toBe('model')
  expect(steps[0].differences[0]).toMatchObject({ path: 'source.thresholds.set', stored: 'built-in', recomputed: 'other' }) // biome-ignore format: one difference
  const unknown = await vigil(['explain', '0123456789abcdef', '--json'], env)
  expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('data-missing')])

  const part = await recorded(50, 60)
  expect(part).toMatchObject({ readings: 20, entries: 0 })
  for (const line of part.lines) expect(JSON.parse(line).time).toBeGreaterThanOrEqual(T0 + 50_000)
}, 120_000)
