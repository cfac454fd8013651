import { expect, test } from 'vitest'
import { isSelfTest } from '../../../src/vitals/reading.ts'
import { open, until } from '../broker.ts'
import { CANARY, malformed, wellFormed } from '../malformed.ts'
import { ready, service, serviceSettings, T0, topicsOf } from './service.ts'

/** Each with ten good ones around it. `VIGIL_LONG=1` takes 100,000. */
const BAD = process.env['VIGIL_LONG'] ? 100_000 : 4_000
const PATIENTS = 200

test(`${BAD} malformed records among ${10 * BAD} good ones: each in the dead letters once, every good one scored, nobody named`, {
  timeout: 1_800_000,
}, async () => {
  const settings = serviceSettings({ kafka: { partitions: 4 }, stream: { signalLostSeconds: 3600 } })
  const kafka = await open(settings.kafka)
  const topics = topicsOf(kafka, settings.kafka)
  const topic = `${settings.kafka.topicPrefix}.readings`
  const [bad, good] = [malformed(11), wellFormed(12)]
  const seconds = new Map<string, number>()
  /** partition -> of each record sent there, in order, the reasons that its letter may have; undefined for a good one */
  const sent: (readonly string[] | undefined)[][] = [[], [], [], []]
  let scored = 0

  const running = await service(settings)
  await ready(running.url)
  const writer = await kafka.writer()
  for (let from = 0; from < BAD; from += 100) {
    const records = []
    for (let i = 11 * from; i < 11 * Math.min(from + 100, BAD); i++) {
      const patient = `${CANARY}-${(i * 7919) % PATIENTS}`
      const second = seconds.get(patient) ?? 0
      seconds.set(patient, second + 1)
      const partition = topics.home(patient)
      const isBad = i % 11 === 5
      const { reasons, ...record } = isBad
        ? bad(patient, T0 + second * 1000)
        : { ...good(patient, T0 + second * 1000), reasons: [], scored: true, kind: 'good' }
      sent[partition]!.push(isBad ? reasons : undefined)
      if (record.scored) scored++
      const { key, value, headers } = record
      records.push({ topic, partition, key, value, headers: headers as Record<string, Buffer> })
    }
    await writer.send(records)
  }
  await writer.close()

  const letters = async () => (await running.get('/metrics')).text
  await until('every letter', async () => (await running.metric('vigil_dead_letters_total')) >= BAD, 1_200_000)
  const own = async () =>
    (await topics.records('readings')).filter((it) => it.key !== null && isSelfTest(String(it.key))).length
  // self-test readings come in between: they are counted before and after
  await until(
    'every reading, and a frame of each',
    async () => {
      const before = await own()
      const [readings, frames] = [
        await running.metric('vigil_readings_total'),
        await running.metric('vigil_frames_total'),
      ]
      return (await own()) === before && readings - before === scored && frames - before === scored
    },
    1_200_000,
  )
  expect(await running.metric('vigil_dead_letters_total')).toBe(BAD)
  expect(await letters()).not.toContain(CANARY)
  expect((await running.get('/healthz')).status).toBe(200)
  await running.stop()
  await running.ended
  expect(running.said.join('\n')).not.toContain(CANARY)

  // self-test readings stand between them, so the offsets are looked up
  const wanted = new Map<string, readonly string[]>()
  for (const [partition, reasons] of sent.entries()) {
    const records = await topics.records('readings', [partition])
    const theirs = records.filter((it) => it.key === null || !isSelfTest(String(it.key)))
    expect(theirs).toHaveLength(reasons.length)
    theirs.forEach(({ offset }, i) => {
      if (reasons[i] !== undefined) wanted.set(`${topic}/${partition}/${offset}`, reasons[i])
    })
  }
  const found = new Map<string, number>()
  for (const { headers, partition } of await topics.records('readings.dlq')) {
    const header = (name: string) => String(headers[name])
    const place = `${header('__streams.errors.topic')}/${header('__streams.errors.partition')}/${header('__streams.errors.offset')}`
    found.set(place, (found.get(place) ?? 0) + 1)
    expect(wanted.get(place), place).toContain(header('vigil.reason'))
    expect(header('__streams.errors.partition')).toBe(String(partition))
    if (Object.entries(headers).some(([name, value]) => (name + String(value)).includes(CANARY)))
      expect.fail(`a header names somebody: ${JSON.stringify(Object.keys(headers))}`)
  }
  expect(found.size).toBe(BAD)
  expect([...found.values()].every((times) => times === 1)).toBe(true)
  await kafka.close()
})
