import { mkdtempSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterEach, expect, test } from 'vitest'
import { makeCertificates } from '../../src/broker/certificates.ts'
import { framed, MllpDecoder } from '../../src/hl7/mllp.ts'
import { openApi } from '../../src/http/openapi.ts'
import { TOPIC_ROLES, topicName } from '../../src/kafka/topics.ts'
import { mllpReceiver, webhookReceiver } from '../delivery/receivers.ts'
import { adt, MARKS, oru } from '../hl7/messages.ts'
import { type Running, start } from '../integration/vigil.ts'
import { all, brokers, open, wardSettings } from './broker.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function edge(more: Record<string, string> = {}) {
  const settings = wardSettings({ partitions: 2 })
  const common = {
    VIGIL_KAFKA_BROKERS: JSON.stringify(brokers),
    VIGIL_KAFKA_TOPIC_PREFIX: settings.topicPrefix,
    VIGIL_KAFKA_GROUP: settings.group,
    VIGIL_KAFKA_PARTITIONS: '2',
    VIGIL_HTTP_PORT: '0',
  }
  const running = start(['hl7'], {
    ...common,
    VIGIL_HL7_PORT: '0',
    VIGIL_HL7_SECRET: 'a secret of these tests',
    ...more,
  })
  closing.push(() => running.signal('SIGKILL'))
  const [, port, metrics] = await running.said(/Listening for HL7 on \S+:(\d+) \(metrics: (\S+)\)/)
  return { settings, running, port: Number(port), metrics: metrics!, common }
}

/** Send messages; resolves with as many acknowledgements. */
function exchange(socket: ReturnType<typeof connect>, texts: readonly string[]): Promise<string[]> {
  const decoder = new MllpDecoder()
  const answers: string[] = []
  return new Promise((resolve, reject) => {
    socket.on('error', reject)
    socket.on('data', (chunk: Buffer) => {
      answers.push(...decoder.take(chunk).map(String))
      if (answers.length === texts.length) resolve(answers)
    })
    socket.write(Buffer.concat(texts.map(framed)))
  })
}

async function everything(settings: ReturnType<typeof wardSettings>, role: 'readings' | 'encounters' | 'alerts') {
  const kafka = await open(settings)
  const found = []
  for (let partition = 0; partition < kafka.partitions; partition++)
    found.push(...(await all(kafka, topicName(settings.topicPrefix, role), partition)))
  await kafka.close()
  return found.map((it) => JSON.parse(it))
}

const noIdentity = (...told: unknown[]) => {
  for (const mark of MARKS) expect(JSON.stringify(told)).not.toContain(mark)
}

test('what was acknowledged is in Kafka, though the edge was killed right after; and nobody is named anywhere', async () => {
  const { settings, running, port, metrics } = await edge()
  const texts = [
    adt('A01'),
    ...Array.from({ length: 50 }, (_, i) => oru({ control: `c${i}` })),
    oru({ control: 'bad', obr: '' }),
  ]
  const socket = connect(port, '127.0.0.1')
  closing.push(() => socket.destroy())
  const answers = await exchange(socket, texts)
  const scrape = await (await fetch(metrics)).text()
  running.signal('SIGKILL')
  const { stdout, stderr } = await running.ended
  expect(answers.map((it) => /\rMSA\|(\w\w)/.exec(it)![1])).toEqual(['AA', ...Array(50).fill('CA'), 'CR'])
  const readings = await everything(settings, 'readings')
  const encounters = await everything(settings, 'encounters')
  expect(readings).toHaveLength(50)
  expect(encounters).toMatchObject([
    { action: 'admit', patientKey: readings[0].patient, encounter: readings[0].encounter },
  ])
  expect(scrape).toContain('vigil_hl7_messages_total{kind="ORU^R01",answer="CA"} 50')
  noIdentity(answers, readings, encounters, scrape, stdout, stderr)
})

test('from a monitor with a low saturation to the alert and its receivers, over TLS; nothing that comes out names anybody', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-hl7-'))
  const { ca, caFile, brokerFile, certFile, keyFile } = await makeCertificates(folder)
  const { settings, port, common } = await edge({
    VIGIL_HL7_CERT_FILE: brokerFile,
    VIGIL_HL7_KEY_FILE: brokerFile,
    VIGIL_HL7_CLIENT_CA_FILE: caFile,
  })
  const serving: Running = start(['serve'], {
    ...common,
    VIGIL_KAFKA_COMMIT_INTERVAL_MS: '100',
    VIGIL_LOG_LEVEL: 'debug',
  })
  closing.push(() => serving.signal('SIGKILL'))
  const [, page] = await serving.said(/Watching\. The ward is at (http:\/\/\S+)\//)
  const pager = await webhookReceiver(() => 204)
  const engine = await mllpReceiver(() => 'AA')
  closing.push(
    () => pager.close(),
    () => engine.close(),
  )
  const receivers = [
    { kind: 'webhook', name: 'pager', url: pager.url },
    { kind: 'hl7', name: 'engine', host: '127.0.0.1', port: engine.port },
  ]
  const delivering = start(['deliver'], { ...common, VIGIL_DELIVER_RECEIVERS: JSON.stringify(receivers) })
  closing.push(() => delivering.signal('SIGKILL'))

  // without a certificate nobody is listened to
  const stranger = connectTls({ port, host: '127.0.0.1', ca })
  await expect(exchange(stranger, [oru()])).rejects.toThrow()
  stranger.destroy()

  const socket = connectTls({ port, host: '127.0.0.1', ca, cert: readFileSync(certFile), key: readFileSync(keyFile) })
  closing.push(() => socket.destroy())
  const began = Date.now() - 60_000
  const dtm = (at: number) => `${new Date(at).toISOString().replace(/[-:T]/g, '').slice(0, 14)}+0000`
  const texts = Array.from({ length: 60 }, (_, i) =>
    oru({
      control: `c${i}`,
      obr: `OBR|1||||||${dtm(began + i * 1000)}`,
      obx: [`OBX|1|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC||${i < 10 ? 97 : 71}|262688^MDC_DIM_PERCENT^MDC^%^^UCUM`],
    }),
  )
  await exchange(socket, [adt('A01'), ...texts, oru({ control: 'bad', obr: 'OBR|1||||||CANARYNAME' })])
  await expect
    .poll(
      async () =>
        (await everything(settings, 'alerts')).map(({ data, body, code }) => code ?? data?.code ?? body?.code),
      { timeout: 30_000, interval: 500 },
    )
    .toContain('spo2-low')
  await expect.poll(() => Math.min(pager.posted.length, engine.taken.length), { timeout: 20_000 }).toBeGreaterThan(0)

  // whatever comes out: every topic as it stands there, every route, both receivers, every log
  const kafka = await open(settings)
  const topics: [string, string][] = []
  for (const role of TOPIC_ROLES)
    for (let partition = 0; partition < (role === 'status' ? 1 : kafka.partitions); partition++)
      await kafka.readAll(topicName(settings.topicPrefix, role), partition, (records) => {
        for (const { key, value, headers } of records)
          topics.push([
            role,
            [key, value, ...Object.entries(headers).flat()].map((it) => it?.toString('latin1')).join(' '),
          ])
      })
  await kafka.close()
  for (const role of ['readings', 'encounters', 'alerts', 'alerts.evidence', 'journal', 'state'])
    expect(
      topics.filter(([of]) => of === role),
      role,
    ).not.toEqual([])
  noIdentity(topics, pager.posted, engine.taken)
  const { beds } = (await (await fetch(`${page}/api/ward`)).json()) as { beds: { id: string }[] }
  const { paths } = openApi() as { paths: Record<string, object> }
  const asked = Object.keys(paths).filter(
    (path) => 'get' in paths[path]! && !path.includes('{') && !/events|stream/.test(path),
  )
  for (const path of [...asked, ...beds.map(({ id }) => `/api/beds/${id}`)]) {
    const answer = await fetch(page + path)
    expect(answer.status, path).toBe(200)
    noIdentity(await answer.text())
  }
  const processes = [serving, delivering]
  for (const it of processes) it.signal('SIGTERM')
  noIdentity(await Promise.all(processes.map(({ ended }) => ended)))
})
