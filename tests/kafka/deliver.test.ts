import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { alertRecord } from '../../src/kafka/alert-record.ts'
import { readDeadLetter } from '../../src/kafka/dead-letter.ts'
import { isRejection } from '../../src/kafka/json-value.ts'
import { partitionOf } from '../../src/kafka/murmur2.ts'
import type { LogRecord } from '../../src/kafka/port.ts'
import { topicName } from '../../src/kafka/topics.ts'
import { alert, mllpReceiver, webhookReceiver } from '../delivery/receivers.ts'
import { type Running, start } from '../integration/vigil.ts'
import { brokers, open, wardSettings } from './broker.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const PATIENTS = ['p-1', 'p-2', 'p-3', 'p-4']

async function world() {
  const settings = wardSettings({ partitions: 2 })
  const kafka = await open(settings)
  closing.push(() => kafka.close())
  const writer = await kafka.writer()
  closing.push(() => writer.close())
  const say = (from: number, to: number) =>
    writer.send(
      Array.from({ length: to - from }, (_, i) =>
        PATIENTS.map((patient) => alertRecord(settings.topicPrefix, partitionOf(patient, 2), alert(patient, from + i))),
      ).flat(),
    )
  const deliver = (receivers: object[]): Running => {
    const running = start(['deliver'], {
      VIGIL_KAFKA_BROKERS: JSON.stringify(brokers),
      VIGIL_KAFKA_TOPIC_PREFIX: settings.topicPrefix,
      VIGIL_KAFKA_GROUP: settings.group,
      VIGIL_KAFKA_SESSION_TIMEOUT_MS: '6000',
      VIGIL_KAFKA_HEARTBEAT_INTERVAL_MS: '300',
      VIGIL_HTTP_PORT: '0',
      VIGIL_DELIVER_RECEIVERS: JSON.stringify(receivers),
    })
    closing.push(() => running.signal('SIGKILL'))
    return running
  }
  return { settings, kafka, say, deliver }
}

const seqs = (texts: readonly string[], patient: string) =>
  texts
    .map((it) => JSON.parse(it).data.body)
    .filter(({ subject }) => subject.patientKey === patient)
    .map(({ seq }) => seq as number)
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)
/** in order, nothing left out; what is sent again after a crash is under an id that was there */
const distinct = (numbers: readonly number[]) => [...new Set(numbers)]

test('a receiver that is down misses nothing, and holds up nobody else; what one refuses is a dead letter', async () => {
  const { settings, kafka, say, deliver } = await world()
  const well = await webhookReceiver(({ body }) => (JSON.parse(body).id === alert('p-2', 5).body.eventId ? 422 : 204))
  closing.push(() => well.close())
  const gone = await webhookReceiver(() => 204)
  await gone.close()
  // takes several at once, and none of those among which is the one that it refuses
  const bulk = await webhookReceiver(({ body }) =>
    body.includes(`"id":"${alert('p-2', 5).body.eventId}"`) ? 422 : 204,
  )
  closing.push(() => bulk.close())
  const engine = await mllpReceiver(() => 'AA')
  closing.push(() => engine.close())
  const folder = mkdtempSync(join(tmpdir(), 'vigil-deliver-'))
  writeFileSync(join(folder, 'secret'), 'a secret of these tests\n')
  const running = deliver([
    { kind: 'webhook', name: 'well', url: well.url, secretFile: join(folder, 'secret') },
    { kind: 'webhook', name: 'gone', url: gone.url },
    { kind: 'webhook', name: 'bulk', url: bulk.url, batch: 7 },
    { kind: 'hl7', name: 'engine', host: '127.0.0.1', port: engine.port },
    { kind: 'webhook', name: 'other-unit', url: well.url.replace('alerts', 'other'), units: ['ER'] },
  ])
  const [, metrics] = await running.said(/metrics: (\S+)\)/)
  await say(0, 20)
  await expect.poll(() => well.posted.length, { timeout: 20_000 }).toBe(79)
  await expect.poll(() => engine.taken.length, { timeout: 20_000 }).toBe(80)
  for (const patient of PATIENTS)
    expect(
      seqs(
        well.posted.map(({ body }) => body),
        patient,
      ),
    ).toEqual(upTo(20).filter((n) => patient !== 'p-2' || n !== 5))
  const events = () => bulk.posted.flatMap(({ body }) => [JSON.parse(body)].flat().map((it) => JSON.stringify(it)))
  await expect.poll(() => events().length, { timeout: 20_000 }).toBe(79)
  for (const patient of PATIENTS)
    expect(seqs(events(), patient)).toEqual(upTo(20).filter((n) => patient !== 'p-2' || n !== 5))
  expect(bulk.posted.some(({ headers }) => headers['content-type']?.includes('cloudevents-batch'))).toBe(true)
  await expect
    .poll(async () => (await fetch(metrics!)).text(), { timeout: 20_000 })
    .toContain('vigil_receiver_reachable{receiver="gone"} 0')

  const back = await webhookReceiver(() => 204, gone.port)
  closing.push(() => back.close())
  await expect.poll(() => back.posted.length, { timeout: 60_000 }).toBeGreaterThanOrEqual(80)
  for (const patient of PATIENTS)
    expect(
      distinct(
        seqs(
          back.posted.map(({ body }) => body),
          patient,
        ),
      ),
    ).toEqual(upTo(20))

  const letters: LogRecord[] = []
  await expect
    .poll(
      async () => {
        letters.length = 0
        for (const partition of [0, 1])
          await kafka.readAll(topicName(settings.topicPrefix, 'readings.dlq'), partition, (records) =>
            letters.push(...records),
          )
        return letters.length
      },
      { timeout: 20_000 },
    )
    .toBe(2)
  const said = letters.map((it) => {
    const letter = readDeadLetter(it)
    if (isRejection(letter)) throw new Error(letter.detail)
    expect(letter).toMatchObject({ original: true, letters: [{ reason: 'undeliverable' }] })
    return letter.letters[0]!.detail
  })
  expect(said.toSorted()).toEqual(['bulk answers HTTP 422', 'well answers HTTP 422'])
  running.signal('SIGTERM')
  expect((await running.ended).code).toBe(0)
})

test('killed in the middle, and begun again: nothing is lost, what is sent twice has one id', async () => {
  const { say, deliver } = await world()
  const receiver = await webhookReceiver(() => 204)
  closing.push(() => receiver.close())
  const to = [{ kind: 'webhook', name: 'pager', url: receiver.url }]
  const first = deliver(to)
  await first.said(/Delivering/)
  await say(0, 100)
  await expect.poll(() => receiver.posted.length, { timeout: 20_000 }).toBeGreaterThan(40)
  first.signal('SIGKILL')
  await first.ended
  const second = deliver(to)
  await second.said(/Delivering/)
  await say(100, 120)
  const done = () =>
    PATIENTS.every(
      (patient) =>
        distinct(
          seqs(
            receiver.posted.map(({ body }) => body),
            patient,
          ),
        ).length === 120,
    )
  await expect.poll(done, { timeout: 40_000 }).toBe(true)
  for (const patient of PATIENTS)
    expect(
      distinct(
        seqs(
          receiver.posted.map(({ body }) => body),
          patient,
        ),
      ),
    ).toEqual(upTo(120))
})

test.each([
  ['[{"kind":"webhook","name":"x","url":"ftp://nowhere"}]', 'deliver.receivers.0.url'],
  ['[{"kind":"webhook","name":"x","url":"http://127.0.0.1:1/","secretFile":"/nowhere"}]', 'secret of x'],
])('receivers %s are refused at the start', async (receivers, why) => {
  const running = start(['deliver'], {
    VIGIL_KAFKA_BROKERS: JSON.stringify(brokers),
    VIGIL_DELIVER_RECEIVERS: receivers,
  })
  const { code, stderr } = await running.ended
  expect(code).toBe(1)
  expect(stderr).toContain(why)
})
