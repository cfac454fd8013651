import { lastValueFrom } from 'rxjs'
import { INSTANCE } from '../app.ts'
import type { AtEnd } from '../closing.ts'
import { PAGE } from '../dashboard/ward.ts'
import { fhirFeed } from '../fhir/feed.ts'
import { actions } from '../http/actions.ts'
import { alertStream } from '../http/alert-stream.ts'
import { listen } from '../http/listener.ts'
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
import type { Settings } from '../vitals/settings.ts'
import { openPagedWard } from './paged-ward.ts'
import { withoutSelfTest } from './without-self-test.ts'

export interface ServingOptions {
  readonly settings: Settings
  readonly log: Log
  /** connects to Kafka; kafkajs by default. Fault harnesses put themselves in between */
  readonly connect?: (settings: Settings['kafka'], log: Log) => Promise<KafkaClient>
}

export interface Serving {
  /** where its page and its metrics are */
  readonly url: string
  /** resolves after `stop`, rejects when the world is broken for good */
  readonly ended: Promise<void>
  /** finish what was taken in, save everything, leave the group */
  stop(): Promise<void>
}

/**
 * Vigil as a service on Kafka, watching from its return on. What it opens it hands to `atEnd`.
 * @throws VigilError
 */
export async function openServing(
  { settings, log, connect = openKafka }: ServingOptions,
  atEnd: AtEnd,
): Promise<Serving> {
  const telemetry = prometheusTelemetry()
  const ready = readiness(['model', 'kafka'])
  const eventLoop = eventLoopCheck()
  const paged = await openPagedWard({ settings, telemetry, log, partitioned: true, shown: withoutSelfTest }, atEnd)
  const { served, page, shown, models, run } = paged
  ready.set('model', true, models)

  const { kafka } = settings
  const client = await connect(kafka, log)
  atEnd(() => client.close())
  const plain = await client.writer()
  atEnd(() => plain.close())
  const topic = (role: Parameters<typeof topicName>[1]) => topicName(kafka.topicPrefix, role)
  const around = new KafkaWard(
    {
      client,
      ward: served.ward,
      settings: kafka,
      partitions: client.partitions,
      decode: recordDecoder({ table: served.table, topic: topic('readings'), eventTypes: kafka.eventTypes }),
      controls: new Map([
        [topic('encounters'), controlDecoder(topic('encounters'), decodeEncounter)],
        [topic('alerts.acks'), controlDecoder(topic('alerts.acks'), decodeAcknowledgement)],
      ]),
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
    models: served.models,
    instance: INSTANCE,
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
  return { url: http.url, ended, stop: () => around.stop() }
}
