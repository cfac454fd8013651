import { setTimeout } from 'node:timers/promises'
import type { Log } from '../log.ts'
import type { KafkaTelemetry } from '../stream/ports.ts'
import type { Heartbeat } from '../vitals/heartbeat.ts'
import type { Watching } from '../vitals/watching.ts'
import { heartbeatRecord } from './heartbeat-record.ts'
import type { KafkaWard } from './kafka-ward.ts'
import { endsOf, lag } from './lag.ts'
import type { KafkaClient, PlainWriter } from './port.ts'
import { selfTestEvery, selfTestReading } from './self-test.ts'
import { topicName } from './topics.ts'

export interface HeartbeatOptions {
  readonly plain: PlainWriter
  readonly client: Pick<KafkaClient, 'bounds'>
  readonly around: Pick<KafkaWard, 'live' | 'end' | 'unsaved' | 'selfTestOverdue'>
  readonly beds: () => Readonly<Record<Watching, number>>
  readonly topicPrefix: string
  readonly models: () => readonly { readonly name: string; readonly version: string }[]
  readonly instance: string
  /** wall-clock silence after which a bed is blind, s */
  readonly signalLostSeconds: number
  readonly telemetry: KafkaTelemetry
  readonly log: Log
  /** told after each try: why nobody may be watching, undefined when all is well */
  readonly told: (trouble: string | undefined) => void
  /** what is wrong with this process beside Kafka */
  readonly trouble: () => string | undefined
  /** wall clock, ms */
  readonly now: () => number
}

/** A heartbeat comes this often, and whoever hears none for three is not told any more. */
const EVERY_MS = 5000
const CONFIRM_SECONDS = 15
const LATE_MS = 4000
/** The heartbeat with which the self-test patients have their first reading. */
const FIRST_TEST = 2

/**
 * What this process says of itself: a heartbeat in the status topic, a reading of each own partition's self-test patient,
 * lag and unsaved states as metrics.
 */
export function heartbeats(options: HeartbeatOptions): { close(): Promise<void> } {
  const { around, client, plain, telemetry, log, told, trouble } = options
  const readings = topicName(options.topicPrefix, 'readings')
  /** every how many heartbeats the self-test patients have a reading */
  const testEvery = Math.floor((selfTestEvery(options.signalLostSeconds) * 1000) / EVERY_MS)
  let testedAt = options.now()
  let seq = 0
  let beating: Promise<void> | undefined

  async function beat(): Promise<void> {
    const now = options.now()
    const partitions = around.live.map(({ partition }) => partition)
    telemetry.dirty(around.unsaved)
    if (around.selfTestOverdue) telemetry.selfTest(undefined)
    const beds = options.beds()
    const heartbeat: Heartbeat = {
      seq: seq++,
      instance: options.instance,
      at: now,
      partitions,
      bedsLive: beds.watching,
      bedsWarmingUp: beds.warming,
      bedsDegraded: beds.degraded,
      bedsStale: beds.blind,
      models: options.models().map(({ name, version }) => ({ name, version })),
      lagMs: null,
      confirmTimeoutS: CONFIRM_SECONDS,
    }
    const tests =
      seq % testEvery === FIRST_TEST % testEvery
        ? partitions.map((it) => selfTestReading(readings, it, now, testedAt))
        : []
    // before the self-test readings are in the topic: they are not worked yet
    const ends = endsOf(around, readings, now)
    try {
      await inTime(plain.send([heartbeatRecord(options.topicPrefix, 0, heartbeat), ...tests]))
      // a still heart that Kafka did not take is still the next time
      if (tests.length > 0) testedAt = now
      telemetry.lag(await inTime(lag({ around, client, topic: readings, ends })))
      told(trouble())
    } catch (error) {
      log.warn({ error: (error as Error).message }, 'the heartbeat did not reach Kafka')
      told('Kafka did not take the heartbeat')
    }
  }

  const timer = setInterval(() => {
    // one that takes long stands for those that would have come meanwhile
    beating ??= beat().finally(() => {
      beating = undefined
    })
  }, EVERY_MS)
  return {
    async close() {
      clearInterval(timer)
      await beating
    },
  }
}

/** A heartbeat that takes longer than it should come does not count as one; kafkajs would try for minutes. */
async function inTime<T>(sent: Promise<T>): Promise<T> {
  sent.catch(() => {})
  const late = setTimeout(LATE_MS, undefined, { ref: false }).then((): never => {
    throw new Error(`no answer within ${LATE_MS / 1000} s`)
  })
  late.catch(() => {})
  return Promise.race([sent, late])
}
