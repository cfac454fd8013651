import { lastValueFrom } from 'rxjs'
import { openWard } from '../app.ts'
import { openBroker } from '../broker/open-broker.ts'
import { type AtEnd, withClosing } from '../closing.ts'
import { KafkaWard } from '../kafka/kafka-ward.ts'
import { openKafka } from '../kafka/kafkajs/client.ts'
import { partitionOf } from '../kafka/murmur2.ts'
import type { NewRecord } from '../kafka/port.ts'
import { recordDecoder } from '../kafka/record-decoder.ts'
import { topicName } from '../kafka/topics.ts'
import type { Log } from '../log.ts'
import { prometheusTelemetry } from '../metrics/telemetry.ts'
import { pipeline } from '../stream/pipeline.ts'
import type { Settings } from '../vitals/settings.ts'
import { alertCounter } from './alert-counter.ts'
import { type RanWard, ranWard } from './shape.ts'

export interface KafkaFlags {
  readonly readings: number
  readonly patients: number
  readonly partitions: number
  /** readings a second of the latency run; 0 leaves it out */
  readonly pacedAt: number
  /** from the end of the warm-up on */
  readonly pacedSeconds: number
  /** of the latency run before anything of it counts */
  readonly warmSeconds: number
}

/** Settings for topics and a group of this run alone, on one broker: `KAFKA_BROKERS`, else one of its own. */
export async function benchSettings(
  settings: Settings,
  atEnd: AtEnd,
): Promise<(what: string, partitions: number) => Settings> {
  const broker = await openBroker()
  atEnd(() => broker.stop())
  return (what, partitions) => {
    const name = `bench-${process.pid}-${Date.now().toString(36)}-${what}`
    const kafka = {
      ...settings.kafka,
      brokers: [...broker.brokers],
      topicPrefix: name,
      group: name,
      partitions,
      replication: 1,
    }
    return { ...settings, kafka }
  }
}

/** A temperature of 36 to 37 degrees says in its thousandths at which ms of its second a reading was written. */
export const STAMP_FROM = 36
/** Seconds from one episode of a patient to its next: with its start and its end, one reading in a hundred alerts. */
const EPISODE = 200

/** Whether a patient's reading of a second is the first of an episode. */
export const beginsEpisode = (patient: number, second: number): boolean => (second + patient) % EPISODE === 0

/**
 * One set of a patient as a record of about 110 bytes. In one second of an episode's cycle a thermometer reads 42, which is
 * an alert at once, and in the next 37, after which it ends.
 * @param time event time, ms
 */
export function benchReading(
  topic: string,
  partitions: number,
  patient: number,
  second: number,
  time: number,
  others: Readonly<Record<string, number>> = {},
): NewRecord {
  const key = `p-${String(patient).padStart(7, '0')}`
  const walk = (rest: number, span: number, stride: number) => rest + ((patient * 7 + second * stride) % span)
  const phase = (second + patient) % EPISODE
  const temp = beginsEpisode(patient, second) ? { temp: 42 } : phase === 1 ? { temp: 37 } : {}
  const values = {
    hr: walk(68, 5, 1),
    pulse: walk(68, 4, 1),
    spo2: walk(95, 3, 2),
    resp: walk(14, 4, 3),
    ...temp,
    ...others,
  }
  return {
    topic,
    partition: partitionOf(key, partitions),
    key,
    value: JSON.stringify({ patient: key, time, complete: true, values }),
  }
}

/** A ward on Kafka in this process, until everything that stood in its readings is worked and committed. */
export interface Worked {
  /** from the first record to the last commit */
  readonly seconds: number
  /** from the subscription to the first record of the last partition */
  readonly secondsToLive: number
  /** processor time of this process, all its threads, for one reading, us */
  readonly cpuMicros: number
  readonly alerts: number
  /** resident memory after each quarter of the readings, MiB: flat, or a leak */
  readonly residentMiB: readonly number[]
  readonly bytesRestored: number
  readonly ran: RanWard
}

/**
 * @param records in the readings topic
 * @param scoring false: frames are stepped, and nothing is said of them
 */
export function workAll(settings: Settings, log: Log, records: number, scoring = true): Promise<Worked> {
  return withClosing(async (atEnd) => {
    const { kafka } = settings
    const client = await openKafka(kafka, log)
    atEnd(() => client.close())
    const telemetry = prometheusTelemetry()
    let began = 0
    let cpu = process.cpuUsage()
    let left = records
    let bytesRestored = 0
    const residentMiB: number[] = []
    const served = await openWard({ settings, telemetry, log, partitioned: true, scoring })
    atEnd(() => served.close())
    const counter = alertCounter()
    const topic = topicName(kafka.topicPrefix, 'readings')
    const decode = recordDecoder({ table: served.table, topic, eventTypes: kafka.eventTypes })
    const subscribed = performance.now()
    let live = 0
    const around = new KafkaWard({
      client,
      ward: served.ward,
      settings: kafka,
      partitions: client.partitions,
      maxBatch: settings.inference.maxBatch,
      decode(record) {
        if (began === 0) {
          began = performance.now()
          cpu = process.cpuUsage()
        }
        if (--left % Math.ceil(records / 4) === 0) residentMiB.push(Math.round(process.memoryUsage.rss() / 2 ** 20))
        if (left === 0) void around.stop()
        return decode(record)
      },
      controls: new Map(),
      telemetry: {
        ...telemetry.kafka,
        restored(_, bytes) {
          live = performance.now()
          bytesRestored += bytes
        },
      },
      log,
      now: Date.now,
    })
    const flushes = pipeline(around.source, served.ward, {
      sinks: [counter],
      committer: around.committer,
      telemetry,
      maxBatch: settings.inference.maxBatch,
      maxWaitMs: settings.inference.maxWaitMs,
      signalLostSeconds: undefined,
      now: Date.now,
    })
    try {
      await lastValueFrom(flushes, { defaultValue: undefined })
    } catch (error) {
      // else its membership keeps the process alive
      await around.stop()
      throw error
    }
    const { user, system } = process.cpuUsage(cpu)
    return {
      cpuMicros: Number(((user + system) / records).toFixed(2)),
      seconds: (performance.now() - began) / 1000,
      secondsToLive: (live - subscribed) / 1000,
      alerts: counter.events,
      residentMiB,
      bytesRestored,
      ran: ranWard(served, settings),
    }
  })
}
