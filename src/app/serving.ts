import { lastValueFrom } from 'rxjs'
import { INSTANCE, SHIPPED_MODELS, servedModel } from '../app.ts'
import type { AtEnd } from '../closing.ts'
import { PAGE } from '../dashboard/ward.ts'
import { fhirFeed } from '../fhir/feed.ts'
import { actions } from '../http/actions.ts'
import { alertStream } from '../http/alert-stream.ts'
import { listen } from '../http/listener.ts'
import { rollback } from '../inference/registry/promotion.ts'
import { decodeAcknowledgement, decodeEncounter } from '../ingest/decode-control.ts'
import { controlDecoder, controlRecord } from '../kafka/control-record.ts'
import { heartbeats } from '../kafka/heartbeats.ts'
import { KafkaWard } from '../kafka/kafka-ward.ts'
import { openKafka } from '../kafka/kafkajs/client.ts'
import type { KafkaClient } from '../kafka/port.ts'
import { recordDecoder } from '../kafka/record-decoder.ts'
import { topicName } from '../kafka/topics.ts'
import { Watchdog } from '../kafka/watchdog.ts'
import type { Log } from '../log.ts'
import { eventLoopCheck, readiness } from '../metrics/health.ts'
import { prometheusTelemetry } from '../metrics/telemetry.ts'
import { pipeline } from '../stream/pipeline.ts'
import type { FrameTap, Sink } from '../stream/ports.ts'
import type { Settings } from '../vitals/settings.ts'
import { challengerOf } from './challenger.ts'
import { driftFile } from './drift-file.ts'
import { openPagedWard } from './paged-ward.ts'
import { reloadPolicy } from './policy-reload.ts'
import { withoutSelfTest } from './without-self-test.ts'

export interface ServingOptions {
  readonly settings: Settings
  readonly log: Log
  /** what of the ward the page is shown, besides Vigil's own self-test patients; all of it by default. Benches look in here */
  readonly shown?: (page: FrameTap & Sink) => FrameTap & Sink
  /** connects to Kafka; kafkajs by default. Fault harnesses put themselves in between */
  readonly connect?: (settings: Settings['kafka'], log: Log) => Promise<KafkaClient>
}

export interface Serving {
  /** where its page and its metrics are */
  readonly url: string
  /** resolves after `stop`, rejects when the world is broken for good */
  readonly ended: Promise<void>
  /** Read the settings again, by `load`: other limits and alert rules hold from here on. What cannot be read changes nothing. */
  reload(load: () => Settings): Promise<void>
  /** finish what was taken in, save everything, leave the group */
  stop(): Promise<void>
}

/**
 * Vigil as a service on Kafka, watching from its return on. What it opens it hands to `atEnd`.
 * @throws VigilError
 */
export async function openServing(
  { settings, log, connect = openKafka, shown: within = (page) => page }: ServingOptions,
  atEnd: AtEnd,
): Promise<Serving> {
  const telemetry = prometheusTelemetry()
  const ready = readiness(['model', 'kafka'])
  const eventLoop = eventLoopCheck()
  const paged = await openPagedWard(
    { settings, telemetry, log, partitioned: true, shown: (page) => within(withoutSelfTest(page)) },
    atEnd,
  )
  const { served, page, shown, run } = paged
  ready.set('model', true, paged.models)

  const { kafka } = settings
  const client = await connect(kafka, log)
  atEnd(() => client.close())
  const plain = await client.writer()
  atEnd(() => plain.close())
  const { models } = settings
  let serving = served.models
  const topic = (role: Parameters<typeof topicName>[1]) => topicName(kafka.topicPrefix, role)
  const around = new KafkaWard(
    {
      client,
      ward: served.ward,
      settings: kafka,
      partitions: client.partitions,
      maxBatch: settings.inference.maxBatch,
      decode: recordDecoder({ table: served.table, topic: topic('readings'), eventTypes: kafka.eventTypes }),
      controls: new Map([
        [topic('encounters'), controlDecoder(topic('encounters'), decodeEncounter)],
        [topic('alerts.acks'), controlDecoder(topic('alerts.acks'), decodeAcknowledgement)],
      ]),
      promotions: {
        like: { table: served.table, settings, maxBatch: settings.inference.maxBatch },
        topics: { readings: topic('readings'), models: topic('models') },
        windowMs: models.rollbackHours * 3_600_000,
        closelyMs: models.closelySeconds * 1000,
        band: { onsetFactor: models.bandOnsets, broken: models.bandBroken, stepSeconds: models.bandStepSeconds },
        open: served.open,
        challenger: (name) => challengerOf(models, name),
        drifted: driftFile(models.driftFile, log, Date.now),
        wentBack: async (name) => void (await rollback(settings.models.dir ?? SHIPPED_MODELS, name)),
        serving(champions) {
          serving = [...champions, ...served.risks].map(servedModel)
          telemetry.serving(serving)
          page.serving(serving)
        },
        plain,
        telemetry: telemetry.versions,
      },
      telemetry: telemetry.kafka,
      log,
      now: Date.now,
    },
    kafka.delivery === 'at-least-once' ? plain : undefined,
  )
  const alerts = alertStream()
  atEnd(() => alerts.close())
  const fhir = fhirFeed({ channels: served.table.channels, models: served.models, beds: page.newest })
  const http = await listen({
    ...settings.http,
    telemetry,
    health: {
      live: () => ({ eventLoop: eventLoop(), pipeline: telemetry.progress(), kafka: around.alive() }),
      ready: () => ({ ...ready.ready(), kafka: around.ready() }),
    },
    routes: [
      ...page.routes,
      alerts.route,
      ...fhir.routes,
      {
        kind: 'action',
        path: '/api/actions',
        act: actions({
          target: page.target,
          submit: (message) => plain.send([controlRecord(topic('alerts.acks'), message, client.partitions)]),
        }),
      },
    ],
    page: PAGE,
    log,
  })
  atEnd(() => http.close())
  const watchdog = new Watchdog({
    url: kafka.watchdogUrl,
    instance: INSTANCE,
    told: telemetry.kafka.watching,
    log,
    now: Date.now,
  })
  atEnd(() => watchdog.close())
  const beats = heartbeats({
    told: (trouble) => watchdog.sign(trouble),
    trouble: () => [telemetry.progress(), around.alive()].find(({ ok }) => !ok)?.reason,
    plain,
    client,
    around,
    beds: () => served.ward.watching,
    topicPrefix: kafka.topicPrefix,
    models: () => serving,
    instance: INSTANCE,
    signalLostSeconds: settings.stream.signalLostSeconds,
    telemetry: telemetry.kafka,
    log,
    now: Date.now,
  })
  atEnd(() => beats.close())
  const flushes = pipeline(around.source, served.ward, {
    ...run,
    sinks: [shown, alerts, fhir],
    committer: around.committer,
  })
  const ended = lastValueFrom(flushes, { defaultValue: undefined }).then(
    () => {},
    async (error: unknown) => {
      await around.stop()
      throw error
    },
  )
  ended.catch(() => {})
  const { policies } = telemetry
  policies.holds(() => {
    const { id, limits } = served.ward.policies.current
    const { set, version } = limits
    return { id, set, version, partitions: around.live.map(({ partition }) => partition) }
  })
  const reloading = { ward: served.ward, settings, change: around.changePolicy.bind(around), telemetry: policies, log } // biome-ignore format: one line
  return {
    url: http.url,
    ended,
    reload: (load) => reloadPolicy(reloading, load),
    stop: () => around.stop(),
  }
}
