import { describe, expect, onTestFinished, test } from 'vitest'
import { VigilError } from '../../../src/errors.ts'
import { openKafka } from '../../../src/kafka/kafkajs/client.ts'
import type { GroupEvents } from '../../../src/kafka/port.ts'
import { bedside } from '../../../src/training/recipes/bedside.ts'
import { open, until } from '../broker.ts'
import { kafkaAt } from '../topics.ts'
import { child, patientIn, ready, service, serviceSettings, topicsOf } from './service.ts'

const QUIET = { stream: { signalLostSeconds: 3600 } }
/** the heart stands still for the last ten seconds of each minute */
const ill = (second: number) => ({ values: { hr: second % 60 < 50 ? 70 + (second % 3) : 0 } })

/** A service's topics, seen from beside it. */
async function beside(settings: ReturnType<typeof serviceSettings>) {
  const kafka = await open(settings.kafka)
  onTestFinished(() => kafka.close())
  const topics = topicsOf(kafka, settings.kafka)
  const bodies = async () => (await topics.alerts()).map((it) => JSON.stringify(it.body)).toSorted()
  const patients = [patientIn(0, 2), patientIn(1, 2), patientIn(1, 2, 'q')]
  const feed = async (from: number, to: number) => {
    for (const patient of patients) await topics.send(topics.readings(patient, [from, to], ill))
  }
  /** everything that was sent is worked and committed */
  const worked = (running: { metric(name: string): Promise<number> }, readings: number) =>
    until('all is worked and saved', async () => {
      const [read, unsaved] = [await running.metric('vigil_readings_total'), (await topics.states()).size]
      return read >= readings && unsaved >= patients.length
    })
  return { topics, bodies, patients, feed, worked }
}

async function admin<T>(
  settings: ReturnType<typeof serviceSettings>,
  work: (admin: ReturnType<ReturnType<typeof kafkaAt>['admin']>) => Promise<T>,
) {
  const one = kafkaAt(settings.kafka.brokers).admin()
  await one.connect()
  try {
    return await work(one)
  } finally {
    await one.disconnect()
  }
}

describe('a service that ends and begins again', () => {
  test('SIGTERM ends it with 0 within 10 s, and the next one has nothing to work again', async () => {
    const settings = serviceSettings(QUIET)
    const { topics, bodies, feed } = await beside(settings)
    const running = await child(settings)
    const [, url] = await running.said(/The ward is at (\S+)\/ /)
    await ready(url!)
    await feed(0, 120)
    await until('alerts', async () => (await bodies()).length > 3)
    const since = Date.now()
    running.signal('SIGTERM')
    expect(await running.ended).toMatchObject({ code: 0, signal: null })
    expect(Date.now() - since).toBeLessThan(10_000)
    const [states, said] = [await topics.states(), await bodies()]

    const next = await service(settings)
    await ready(next.url)
    const left = 3 * 120 - (await rest(topics))
    await next.stop()
    expect(left).toBe(360)
    expect([await topics.states(), await bodies()]).toEqual([states, said])
  })

  /** readings beyond the checkpoints */
  async function rest(topics: Awaited<ReturnType<typeof beside>>['topics']): Promise<number> {
    let left = 0
    for (const { key, value, partition } of await topics.records('state')) {
      if (key?.[0] !== 0xff || !String(key).endsWith('checkpoint')) continue
      const { snapshotOffset } = JSON.parse(String(value))
      left = (await topics.records('readings', [partition])).filter((it) => it.offset >= snapshotOffset).length
    }
    return left
  }

  test('at least once: the same alerts under the same ids, and all of them', async () => {
    const runs = []
    for (const delivery of ['exactly-once', 'at-least-once'] as const) {
      const settings = serviceSettings({ ...QUIET, kafka: { delivery } })
      const { bodies, feed, topics } = await beside(settings)
      await feed(0, 240)
      for (let i = 0; i < 2; i++) {
        const running = await service(settings)
        await ready(running.url)
        if (i === 0) await until('alerts', async () => (await bodies()).length > 0)
        else await until('the rest', async () => (await rest(topics)) === 0)
        await running.stop()
      }
      runs.push([...new Set(await bodies())])
    }
    expect(runs[0]!.length).toBeGreaterThan(10)
    expect(runs[1]).toEqual(runs[0])
  })

  test('a model of another version takes the patients over, and back; that is journaled, and no alert is said twice', async () => {
    const settings = serviceSettings(QUIET)
    const { topics, feed, patients, bodies } = await beside(settings)
    const builds = [settings, { ...settings, models: { ...settings.models, serve: ['bedside@1.0.0'] } }, settings]
    for (const [i, build] of builds.entries()) {
      const running = await service(build)
      await ready(running.url)
      await feed(60 * i, 60 * (i + 1))
      await until('all is worked', async () => (await running.metric('vigil_readings_total')) === 180)
      expect(await running.metric('vigil_unreadable_states_total')).toBe(0)
      await running.stop()
      const entries = (await topics.journal()).filter((it) => it.entry === 'watched-by')
      expect(entries.map((it) => it.patientKey).toSorted()).toEqual(Array(i).fill(patients).flat().toSorted())
    }
    const versions = (await topics.journal()).flatMap((it) =>
      it.entry === 'watched-by' ? it.models.map((each) => each.version) : [],
    )
    expect(versions.toSorted()).toEqual([...Array(3).fill('1.0.0'), ...Array(3).fill(bedside.version)])
    const said = await bodies()
    expect(new Set(said).size).toBe(said.length)
    // the grid, the limits and open alerts went on: asystole latches, so each patient has one episode in all three
    const starts = (await topics.alerts()).filter(({ body }) => body.code === 'asystole' && body.phase === 'start')
    expect(starts).toHaveLength(3)
  })

  test('a deleted changelog is said, and no alert is said twice', async () => {
    const settings = serviceSettings(QUIET)
    const { feed, bodies } = await beside(settings)
    const first = await service(settings)
    await ready(first.url)
    await feed(0, 120)
    await until('all is worked', async () => (await first.metric('vigil_readings_total')) === 360)
    await first.stop()
    const said = await bodies()
    await admin(settings, (it) => it.deleteTopics({ topics: [`${settings.kafka.topicPrefix}.state`] }))
    const next = await service(settings)
    await ready(next.url)
    expect(next.said.join('\n')).toMatch(/has no checkpoint, though the group has worked: its patients begin cold/)
    expect(await bodies()).toEqual(said)
    await feed(120, 180)
    await until('new ones', async () => (await bodies()).length > said.length)
    await next.stop()
    const all = await bodies()
    expect(new Set(all).size).toBe(all.length)
  })

  test('readings that were made anew under an old changelog end it, with what to do', async () => {
    const settings = serviceSettings(QUIET)
    const { feed } = await beside(settings)
    const first = await service(settings)
    await ready(first.url)
    await feed(0, 30)
    await until('all is worked', async () => (await first.metric('vigil_readings_total')) === 90)
    await first.stop()
    await admin(settings, (it) => it.deleteTopics({ topics: [`${settings.kafka.topicPrefix}.readings`] }))
    const running = await child(settings)
    const { code, stderr } = await running.ended
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /vigil: kafka-topics: .*it was made anew; delete t-\w+\.state with it \(t-\w+\.readings\/\d\)/,
    )
  })

  test('a lost signal is journaled once, over a restart too', async () => {
    const settings = serviceSettings({ stream: { signalLostSeconds: 2 } })
    const { topics, patients } = await beside(settings)
    const lost = async () =>
      (await topics.journal()).filter((it) => it.entry === 'signal-lost' && it.patientKey === patients[0])
    const first = await service(settings)
    await ready(first.url)
    await topics.send(topics.readings(patients[0]!, [0, 10]))
    await until('it is found silent', async () => (await lost()).length === 1)
    await first.stop()
    const next = await service(settings)
    await ready(next.url)
    expect(await next.metric('vigil_beds', 'watching="blind"')).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 5000))
    expect(await lost()).toHaveLength(1)
    await next.stop()
  })

  test('a membership that is lost for good ends it: not alive, then an error', async () => {
    const settings = serviceSettings(QUIET)
    let told: GroupEvents | undefined
    const running = await service(settings, {
      async connect(kafka, log) {
        const client = await openKafka(kafka, log)
        const join: typeof client.join = (options, events) => {
          told = events
          return client.join(options, events)
        }
        return { ...client, join }
      },
    })
    await ready(running.url)
    expect((await running.get('/healthz')).status).toBe(200)
    told!.crashed(new VigilError('kafka-unauthorised', 'the right was taken away'), false)
    expect(await running.get('/healthz')).toMatchObject({ status: 503 })
    await expect(running.ended).rejects.toMatchObject({ code: 'kafka-unauthorised' })
  })
})
