import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { framed } from '../../src/hl7/mllp.ts'
import { alertRecord } from '../../src/kafka/alert-record.ts'
import { partitionOf } from '../../src/kafka/murmur2.ts'
import { TOPIC_ROLES } from '../../src/kafka/topics.ts'
import { alert, mllpReceiver, webhookReceiver } from '../delivery/receivers.ts'
import { MARKS, oru } from '../hl7/messages.ts'
import { start } from '../integration/vigil.ts'
import { all, brokers, open, wardSettings } from './broker.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

test('a record number comes back at the receivers that ask for it, and stands nowhere else', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-vault-'))
  closing.push(() => rmSync(folder, { recursive: true, force: true }))
  const settings = wardSettings({ partitions: 2 })
  const file = join(folder, 'vault')
  const env = {
    VIGIL_KAFKA_BROKERS: JSON.stringify(brokers),
    VIGIL_KAFKA_TOPIC_PREFIX: settings.topicPrefix,
    VIGIL_KAFKA_GROUP: settings.group,
    VIGIL_KAFKA_PARTITIONS: '2',
    VIGIL_HTTP_PORT: '0',
    VIGIL_LOG_LEVEL: 'debug',
    VIGIL_VAULT_FILE: file,
    VIGIL_VAULT_KEY: 'c4'.repeat(32),
  }
  const edge = start(['hl7'], { ...env, VIGIL_HL7_PORT: '0', VIGIL_HL7_SECRET: 'a secret of these tests' })
  closing.push(() => edge.signal('SIGKILL'))
  const [, port, edgeMetrics] = await edge.said(/Listening for HL7 on \S+:(\d+) \(metrics: (\S+)\)/)
  const kafka = await open(settings)
  closing.push(() => kafka.close())
  const everything = async () => {
    const found: string[] = []
    for (const role of TOPIC_ROLES)
      for (const partition of role === 'status' ? [0] : [0, 1])
        await kafka.readAll(`${settings.topicPrefix}.${role}`, partition, (records) =>
          found.push(...records.map(({ key, value, headers }) => [key, value, ...Object.values(headers)].join(' '))),
        )
    return found
  }
  const socket = connect(Number(port), '127.0.0.1')
  closing.push(() => socket.destroy())
  const answer = new Promise((resolve) => socket.once('data', resolve))
  socket.write(framed(oru()))
  const acknowledged = String(await answer)
  const readings = [0, 1].map((partition) => all(kafka, `${settings.topicPrefix}.readings`, partition))
  const [reading] = (await Promise.all(readings)).flat()
  const { patient } = JSON.parse(reading!)

  const told = await webhookReceiver((_, nth) => (nth === 1 ? 422 : 204))
  const plain = await webhookReceiver(() => 204)
  const engine = await mllpReceiver(() => 'AA')
  for (const it of [told, plain, engine]) closing.push(() => it.close())
  const delivering = start(['deliver'], {
    ...env,
    VIGIL_DELIVER_RECEIVERS: JSON.stringify([
      { kind: 'webhook', name: 'told', url: told.url, identify: true },
      { kind: 'webhook', name: 'plain', url: plain.url },
      { kind: 'hl7', name: 'engine', host: '127.0.0.1', port: engine.port, identify: true },
    ]),
  })
  closing.push(() => delivering.signal('SIGKILL'))
  const [, metrics] = await delivering.said(/metrics: (\S+)\)/)
  const writer = await kafka.writer()
  closing.push(() => writer.close())
  const subject = { ...alert(patient, 0).body.subject, keyedBy: 'patient' as const }
  await writer.send([0, 1, 2].map((n) => alertRecord(settings.topicPrefix, partitionOf(patient, 2), alert(patient, n, { subject })))) // biome-ignore format: one call
  await expect.poll(() => [told.posted.length, plain.posted.length, engine.taken.length], { timeout: 30_000 }).toEqual([2, 3, 3]) // biome-ignore format: one line

  for (const { body } of told.posted)
    expect(JSON.parse(body)).toMatchObject({ recordnumber: 'CANARY-NUMBER-1', recordauthority: 'Hospital', data: { body: { subject: { patientKey: patient } } } }) // biome-ignore format: one event
  for (const text of engine.taken) expect(text).toContain(`PID|||CANARY-NUMBER-1^^^Hospital^MR~${patient}^^^VIGIL^PI|`)
  const scrapes = await Promise.all([edgeMetrics, metrics].map(async (url) => (await fetch(url!)).text()))
  // the refused one is a dead letter by the time the position is past it
  await expect.poll(async () => (await everything()).some((it) => it.includes('told answers HTTP 422')), { timeout: 15_000 }).toBe(true) // biome-ignore format: one line
  for (const running of [edge, delivering]) running.signal('SIGTERM')
  const ended = await Promise.all([edge.ended, delivering.ended])
  const elsewhere = JSON.stringify([
    acknowledged,
    plain.posted,
    scrapes,
    await everything(),
    ended.map(({ stdout, stderr }) => [stdout, stderr]),
    readFileSync(file, 'utf8'),
  ])
  for (const mark of MARKS) expect(elsewhere).not.toContain(mark)
  // nothing but the number and who assigned it: no name, no birthday, at nobody's
  const said = JSON.stringify([told.posted, engine.taken])
  for (const mark of MARKS.slice(1)) expect(said).not.toContain(mark)
})

test.each([
  ['{"kind":"webhook","name":"a","url":"http://pager.example/","identify":true}', /not https/],
  ['{"kind":"hl7","name":"a","host":"10.0.0.1","port":2575,"identify":true}', /by TLS alone/],
])('record numbers go over no wire in clear: %s', async (receiver, why) => {
  const running = start(['deliver'], {
    VIGIL_KAFKA_BROKERS: JSON.stringify(brokers),
    VIGIL_KAFKA_TOPIC_PREFIX: wardSettings().topicPrefix,
    VIGIL_VAULT_FILE: '/tmp/none',
    VIGIL_VAULT_KEY: 'c4'.repeat(32),
    VIGIL_DELIVER_RECEIVERS: `[${receiver}]`,
  })
  expect(await running.ended).toMatchObject({ code: 1, stderr: expect.stringMatching(why) })
})
