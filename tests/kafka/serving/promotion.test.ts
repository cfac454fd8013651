import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { SHIPPED_MODELS } from '../../../src/app.ts'
import { type Other, otherVersion } from '../../../src/bench/other-version.ts'
import { sendOrder } from '../../../src/commands/model-orders.ts'
import { readAliases } from '../../../src/inference/registry/aliases.ts'
import { challenge, promote } from '../../../src/inference/registry/promotion.ts'
import { bedside } from '../../../src/training/recipes/bedside.ts'
import type { ModelOrder } from '../../../src/vitals/model-order.ts'
import { Settings } from '../../../src/vitals/settings.ts'
import { open, quiet, until } from '../broker.ts'
import { patientIn, ready, service, serviceSettings, topicsOf } from './service.ts'

const SHIPPED = `bedside@${bedside.version}`

/** A registry with the shipped model and one of another size that knows nothing. */
async function registry(other: Partial<Other> = {}): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'vigil-registry-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  await otherVersion(SHIPPED_MODELS, 'bedside', dir, { version: '2.0.0', hidden: 24, layers: 1, seed: 7, ...other })
  await promote(dir, 'bedside', bedside.version)
  return dir
}

/** the heart stands still for the last ten seconds of each minute */
const ill = (second: number) => ({ values: { hr: second % 60 < 50 ? 70 + (second % 3) : 0 } })

async function ward(dir: string, models: object = {}) {
  const given = serviceSettings({ stream: { signalLostSeconds: 3600 } })
  const settings = Settings.parse({ ...given, models: { dir, ...models } })
  const kafka = await open(settings.kafka)
  onTestFinished(() => kafka.close())
  const topics = topicsOf(kafka, settings.kafka)
  const patients = [patientIn(0, 2), patientIn(1, 2), patientIn(1, 2, 'q')]
  let sent = 0
  return {
    settings,
    topics,
    patients,
    async feed(from: number, to: number) {
      for (const patient of patients) await topics.send(topics.readings(patient, [from, to], ill))
      sent += patients.length * (to - from)
    },
    /** self-tests are readings, too */
    worked: (running: { metric(name: string): Promise<number> }) =>
      until(
        'all is worked',
        async () => {
          const [read, waiting] = [
            await running.metric('vigil_readings_total'),
            await running.metric('vigil_lag_records'),
          ]
          return read >= sent && !(waiting > 0)
        },
        60_000,
      ),
    order: (action: ModelOrder['action'], model = 'bedside@2.0.0') =>
      sendOrder(settings.kafka, quiet, { detector: 'bedside', action, model, at: Date.now(), by: 'test' }),
    seenBy: async () =>
      (await topics.journal()).flatMap((it) =>
        it.entry === 'seen-by' && patients.includes(it.patientKey) ? [{ who: it.patientKey, ...it }] : [],
      ),
  }
}

/** A network so large that every machine is slow with it takes a minute and a half: with VIGIL_LONG. */
const LONG = process.env['VIGIL_LONG'] !== undefined

describe('a version of another size', () => {
  test('is warmed, sees the patients in shadow, takes over and gives back; alerts go on, and no bed begins cold', async () => {
    const { settings, topics, patients, feed, worked, order, seenBy } = await ward(await registry())
    const running = await service(settings)
    await ready(running.url)
    await feed(0, 120)
    await worked(running)
    // what cannot be read is a dead letter, what cannot be followed is said; neither holds up what comes after it
    const topic = `${settings.kafka.topicPrefix}.models`
    await topics.send([{ topic, partition: 0, key: 'bedside', value: '{"detector":' }])
    await order('promote', 'bedside@9.9.9')
    await order('rollback')
    await order('shadow')
    await until('the shadow', async () => (await seenBy()).length === patients.length)
    expect((await seenBy()).map(({ champion, shadow, warmedFrom }) => ({ champion, shadow, warmedFrom }))).toEqual(
      Array(3).fill({ champion: SHIPPED, shadow: 'bedside@2.0.0', warmedFrom: 0 }),
    )
    expect(await running.metric('vigil_dead_letters_total', 'not-json')).toBe(1)
    expect(await running.metric('vigil_model_orders_total', 'action="promote",outcome="refused"')).toBe(2)
    expect(await running.metric('vigil_model_orders_total', 'action="rollback",outcome="refused"')).toBe(2)
    await feed(120, 140)
    await worked(running)
    await order('promote')
    await until('the swap', async () => (await seenBy()).length === 2 * patients.length)
    await feed(140, 200)
    await worked(running)
    expect(await running.metric('vigil_beds', 'watching="warming"')).toBe(0)
    expect(await running.metric('vigil_model_info', 'version="2.0.0"')).toBe(1)
    await order('rollback')
    await until('the way back', async () => (await seenBy()).length === 3 * patients.length)
    await feed(200, 260)
    await worked(running)
    expect(await running.metric('vigil_beds', 'watching="warming"')).toBe(0)
    await running.stop()
    const starts = (await topics.alerts()).filter(({ body }) => body.code === 'asystole' && body.phase === 'start')
    expect(starts).toHaveLength(3)
  })

  test('whoever takes a partition over goes on with its champion, also in a process whose registry calls another so', async () => {
    const dir = await registry()
    const { settings, patients, feed, worked, order, seenBy } = await ward(dir)
    const first = await service(settings)
    await ready(first.url)
    await feed(0, 90)
    await worked(first)
    await order('promote')
    await until('the swap', async () => (await seenBy()).length === patients.length)
    await feed(90, 100)
    await worked(first)
    await first.stop()
    const next = await service(settings)
    await ready(next.url)
    expect(await next.metric('vigil_unreadable_states_total')).toBe(0)
    expect(await next.metric('vigil_model_info', 'version="2.0.0"')).toBe(1)
    expect(await next.metric('vigil_beds', 'watching="warming"')).toBe(0)
    await feed(100, 110)
    await until('all is worked', async () => (await next.metric('vigil_readings_total')) >= 30)
    // the former champion is still there to be gone back to
    await order('rollback')
    await until('the way back', async () => (await seenBy()).length === 2 * patients.length)
    expect(await next.metric('vigil_beds', 'watching="warming"')).toBe(0)
    await next.stop()
  })

  test('a champion that alarms far more than the former one, foresees no numbers or is slow goes back by itself, and the registry knows', async () => {
    const policy = { q: 0.9, n: 1, of: 1, clearSeconds: 1, drift: 1 }
    const stays: Other['manifest'] = (manifest) => ({ ...manifest, policy: { ...policy, q: 1e-12 } })
    const dir = await registry({ manifest: (manifest) => ({ ...manifest, warmupSteps: 5, policy }) })
    const others = [
      { version: '3.0.0', hidden: 8, layers: 1, seed: 7, overflows: true },
      ...(LONG ? [{ version: '4.0.0', hidden: 1024, layers: 2, seed: 7, manifest: stays }] : []),
    ] satisfies Other[]
    for (const other of others) await otherVersion(SHIPPED_MODELS, 'bedside', dir, other)
    const { settings, patients, feed, worked, order, seenBy } = await ward(dir, {
      bandOnsets: 1,
      bandStepSeconds: 5e-4,
    })
    const running = await service(settings)
    await ready(running.url)
    await feed(0, 60)
    await worked(running)
    const rounds = [
      { version: '2.0.0', seconds: 340, why: /out of its band: \d+ episodes began, of the former champion \d+/ },
      { version: '3.0.0', seconds: 120, why: /out of its band: \d+ of \d+ forecasts are no finite numbers/ },
      {
        version: '4.0.0',
        seconds: 120,
        why: /out of its band: a step takes [\d.]+ s, of the former champion [\d.]+ s/,
      },
    ].slice(0, LONG ? 3 : 2)
    let [at, told] = [60, 0]
    const everyoneIsTold = async (what: string) => {
      told += patients.length
      await until(what, async () => (await seenBy()).length === told, 60_000)
    }
    for (const { version, seconds, why } of rounds) {
      await promote(dir, 'bedside', version)
      await order('promote', `bedside@${version}`)
      await everyoneIsTold(`the swap to ${version}`)
      await feed(at, at + seconds)
      at += seconds
      await everyoneIsTold(`the way back from ${version}`)
      const back = (await seenBy()).filter(({ champion, shadow }) => champion === SHIPPED && shadow === undefined)
      const everyone = Array<string[]>(told / 2 / patients.length)
        .fill(patients)
        .flat()
      expect(back.map(({ who }) => who).toSorted()).toEqual(everyone.toSorted())
      expect(running.said.join('\n')).toMatch(why)
      await until('the registry', async () => (await readAliases(dir))['bedside']?.['champion'] === bedside.version)
      await worked(running)
    }
    expect(await running.metric('vigil_model_promotions_total', 'way="back"')).toBe(2 * rounds.length)
    await running.stop()
  })

  test('a challenger that the registry names goes into shadow, and what it would say is counted', async () => {
    const dir = await registry()
    await challenge(dir, 'bedside', '2.0.0')
    const { settings, patients, topics, feed, worked, seenBy } = await ward(dir)
    const running = await service(settings)
    await ready(running.url)
    await feed(0, 30)
    await worked(running)
    await until('the shadow', async () => (await seenBy()).length === patients.length, 60_000)
    await feed(30, 120)
    await worked(running)
    const metric = (name: string) => running.metric(`vigil_model_${name}_shadow_total`, 'version="2.0.0"')
    await until('counts', async () => (await metric('frames')) >= 90 * patients.length)
    expect(await metric('agreement')).toBe(await metric('frames'))
    expect(await metric('broken_forecasts')).toBe(0)
    expect(await running.metric('vigil_score_shadow', 'quantile="0.5"')).toBeGreaterThanOrEqual(0)
    await running.stop()
    // whatever it thinks, nobody is told
    expect((await topics.alerts()).filter(({ body }) => body.source.version === '2.0.0')).toEqual([])
  })
})
