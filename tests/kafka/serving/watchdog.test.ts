import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { openBroker } from '../../../src/broker/open-broker.ts'
import { open, until } from '../broker.ts'
import { child, patientIn, ready, serviceSettings, T0, topicsOf } from './service.ts'

/** A webhook that writes down what it is told. */
async function webhook() {
  const notices: { kind: string; reason: string; instance: string }[] = []
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const part of request.setEncoding('utf8')) text += part
    notices.push(JSON.parse(text))
    response.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { notices, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

test('a broker that freezes, dies and comes back: the webhook is told twice each time, and the service goes on', {
  timeout: 240_000,
}, async () => {
  const broker = await openBroker({ own: true, proxies: 1, say: () => {} })
  onTestFinished(() => broker.stop())
  const [proxy] = broker.proxies
  const { notices, url: watchdogUrl } = await webhook()
  const settings = serviceSettings({
    kafka: { brokers: [proxy!.address], watchdogUrl, requestTimeoutMs: 3000 },
    stream: { signalLostSeconds: 3600 },
  })
  const patient = patientIn(0, 2)
  const running = await child(settings)
  const [, url] = await running.said(/The ward is at (\S+)\/ /)
  await ready(url!)
  const beside = await open({ ...settings.kafka, brokers: [...broker.brokers] })
  onTestFinished(() => beside.close())
  const topics = topicsOf(beside, settings.kafka)
  const kinds = () => notices.map((it) => it.kind)
  const still = (second: number) => ({ values: { hr: second % 60 < 50 ? 70 : 0 } })
  /** something was said of the still heart at or after this second */
  const said = async (second: number) =>
    (await topics.alerts()).some(({ body }) => body.code === 'asystole' && body.times.event >= T0 + second * 1000)

  await topics.send(topics.readings(patient, [0, 60], still))
  await until('the first alert', () => said(50))

  proxy!.freeze()
  await until('not watching', () => kinds().length === 1, 60_000)
  expect(notices[0]).toMatchObject({ kind: 'not-watching', reason: expect.stringContaining('Kafka') })
  proxy!.thaw()
  await until('watching', () => kinds().length === 2, 60_000)
  await topics.send(topics.readings(patient, [60, 120], still))
  await until('the second alert', () => said(110), 30_000)

  await broker.kill()
  await until('not watching again', () => kinds().length === 3, 60_000)
  await broker.start()
  await until('watching again', () => kinds().length === 4, 60_000)
  expect(kinds()).toEqual(['not-watching', 'watching', 'not-watching', 'watching'])
  await topics.send(topics.readings(patient, [120, 180], still))
  await until('the third alert', () => said(170), 30_000)
  expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/^vigil_not_watching 0$/m)

  // told to stop while nothing answers, it ends all the same
  proxy!.freeze()
  const since = Date.now()
  running.signal('SIGTERM')
  expect(await running.ended).toMatchObject({ code: 0 })
  expect(Date.now() - since).toBeLessThan(10_000)
})
