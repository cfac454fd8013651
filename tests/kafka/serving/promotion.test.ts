import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { SHIPPED_MODELS } from '../../../src/app.ts'
import { type Other, otherVersion } from '../../../src/bench/other-version.ts'
import { sendOrder } from '../../../src/commands/model-orders.ts'
import type { ModelOrder } from '../../../src/vitals/model-order.ts'
import { Settings } from '../../../src/vitals/settings.ts'
import { open, quiet, until } from '../broker.ts'
import { patientIn, ready, service, serviceSettings, topicsOf } from './service.ts'

/** A registry with the shipped model and one of another size that knows nothing. */
async function registry(other: Partial<Other> = {}): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'vigil-registry-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  await otherVersion(SHIPPED_MODELS, 'bedside', dir, { version: '2.0.0', hidden: 24, layers: 1, seed: 7, ...other })
  const { writeFile } = await import('node:fs/promises')
  await writeFile(join(dir, 'aliases.json'), JSON.stringify({ bedside: { champion: '1.0.0' } }))
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
    worked: (running: { metric(name: string): Promise<number> }) =>
      until('all is worked', async () => (await running.metric('vigil_readings_total')) === sent),
    order: (action: ModelOrder['action'], model = 'bedside@2.0.0') =>
      sendOrder(settings.kafka, quiet, { detector: 'bedside', action, model, at: Date.now(), by: 'test' }),
    seenBy: async () =>
      (await topics.journal()).flatMap((it) => (it.entry === 'seen-by' ? [{ who: it.patientKey, ...it }] : [])),
  }
}

describe('a version of another size', () => {
  test('is warmed, sees the patients in shadow, takes over and gives back; alerts go on, and no bed begins cold', async () => {
    const { settings, topics, patients, feed, worked, order, seenBy } = await ward(await registry())
    const running = await service(settings)
    await ready(running.url)
    await feed(0, 120)
    await worked(running)
    await order('shadow')
    await until('the shadow', async () => (await seenBy()).length === patients.length)
    expect((await seenBy()).map(({ champion, shadow, warmedFrom }) => ({ champion, shadow, warmedFrom }))).toEqual(
      Array(3).fill({ champion: 'bedside@1.0.0', shadow: 'bedside@2.0.0', warmedFrom: 0 }),
    )
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
})
