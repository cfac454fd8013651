import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { KafkaClient } from '../../../src/kafka/port.ts'
import { start, vigil } from '../../integration/vigil.ts'
import { open, until } from '../broker.ts'
import { patientIn, ready, serviceSettings, T0, topicsOf } from './service.ts'

const settings = serviceSettings({ stream: { signalLostSeconds: 3600 }, limits: { set: 'calm' } })
const strict = { set: 'strict', version: '2', adult: { hr: { high: 100 } } }
let kafka: KafkaClient
let folder: string

beforeAll(async () => {
  kafka = await open(settings.kafka)
  folder = await mkdtemp(join(tmpdir(), 'vigil-policy-'))
})
afterAll(async () => {
  await kafka?.close()
  await rm(folder, { recursive: true, force: true })
})

test('a changed file of settings holds from SIGHUP on, in the journal of every patient; a wrong one changes nothing; a replay says the same', async () => {
  const topics = topicsOf(kafka, settings.kafka)
  const [first, second] = [patientIn(0, 2, 'hup'), patientIn(1, 2, 'hup')]
  const late = patientIn(0, 2, 'hup-late')
  const fast = () => ({ values: { hr: 110 } })
  const config = join(folder, 'settings.json')
  const write = (limits: object) => writeFile(config, JSON.stringify({ ...settings, limits }))
  await write(settings.limits)
  const running = start(['serve', '--config', config])
  const [, url] = await running.said(/The ward is at (\S+)\//)
  const metrics = async () => (await (await fetch(`${url}/metrics`)).text()).split('\n')
  const has = (text: string) => async () => (await metrics()).some((line) => line.startsWith(text))
  const policies = async () => (await metrics()).filter((line) => line.startsWith('vigil_policy_info{'))
  try {
    await ready(url!)
    for (const patient of [first, second]) await topics.send(topics.readings(patient, [0, 60], fast))
    await until('the first minute is worked', has('vigil_readings_total 120'))
    const before = await policies()
    expect(before).toHaveLength(2)
    for (const line of before) expect(line).toMatch(/policy="[0-9a-f]{12}",set="calm",version="1",partition="[01]"} 1$/)

    await write({ adult: { hr: { low: 200 } } })
    running.signal('SIGHUP')
    await until('the refusal', has('vigil_policy_reloads_total{outcome="refused"} 1'))
    expect(await policies()).toEqual(before)
    await write({ adult: { heart: { low: 20 } } })
    running.signal('SIGHUP')
    await until('another', has('vigil_policy_reloads_total{outcome="refused"} 2'))
    expect(await policies()).toEqual(before)

    await write(strict)
    running.signal('SIGHUP')
    await until('the change', has('vigil_policy_reloads_total{outcome="changed"} 1'))
    for (const line of await policies()) expect(line).toContain('set="strict",version="2"')
    for (const patient of [first, second]) await topics.send(topics.readings(patient, [60, 120], fast))
    await topics.send(topics.readings(late, [0, 60], fast))
    await until('all is worked', has('vigil_readings_total 300'))
    await until('all is saved', has('vigil_unsaved_patients 0'))
  } finally {
    running.signal('SIGTERM')
  }
  const { stderr } = await running.ended
  expect(stderr).toMatch(/refused, the old ones hold: .*low must be below high/)
  expect(stderr).toMatch(/refused, the old ones hold: .*no channel/)

  const entries = (await topics.journal()).flatMap((it) => (it.entry === 'policy' ? [it] : []))
  expect(entries.map(({ patientKey }) => patientKey).toSorted()).toEqual([first, second, late].toSorted())
  for (const { patientKey, policy, at } of entries) {
    expect(policy).toMatchObject({ set: 'strict', limits: { adult: { hr: { low: 50, high: 100 } } } })
    expect(at).toBe(patientKey === late ? T0 : T0 + 59_000)
  }
  const live = (await topics.alerts()).map(({ body }) => body)
  const ours = live.filter(({ code }) => code === 'hr-high')
  expect(ours.map((it) => [it.subject.patientKey, (it.times.detected - T0) / 1000, it.source.thresholds.set]).toSorted()).toEqual([[first, 64, 'strict'], [second, 64, 'strict'], [late, 5, 'strict']].toSorted()) // biome-ignore format: one row a patient

  // a replay of the journal, begun under the settings of before or of after, says the same of everybody
  const { brokers, topicPrefix } = settings.kafka
  const env = { VIGIL_KAFKA_BROKERS: brokers.join(','), VIGIL_KAFKA_TOPIC_PREFIX: topicPrefix }
  const range = join(folder, 'range.ndjson')
  const said = join(folder, 'said.ndjson')
  expect(await vigil(['record', '--from', `${T0}`, '--to', `${T0 + 120_000}`, '--out', range], env)).toMatchObject({ code: 0 }) // biome-ignore format: one command
  expect(await vigil(['replay', range, '--alerts', said], { VIGIL_LIMITS_SET: 'calm' })).toMatchObject({ code: 0 })
  const replayed = (await readFile(said, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  for (const patient of [first, second, late]) {
    const own = (bodies: typeof live) => bodies.filter(({ subject }) => subject.patientKey === patient)
    expect(own(replayed)).toEqual(own(live))
  }
})
