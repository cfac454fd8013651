import { withClosing } from '../closing.ts'
import { countOnly } from '../kafka/kafkajs/count-only.ts'
import { topicName } from '../kafka/topics.ts'
import type { Log } from '../log.ts'
import type { Settings } from '../vitals/settings.ts'
import { benchSettings, type KafkaFlags, workAll } from './kafka-ward.ts'
import { loaded } from './loaded.ts'
import { type Latency, pacedLatency } from './paced.ts'
import type { RanWard } from './shape.ts'

export interface KafkaBench extends RanWard {
  readonly readings: number
  readonly patients: number
  readonly partitions: number
  readonly delivery: Settings['kafka']['delivery']
  readonly readingsPerSecond: number
  /** processor time of this process for one reading, us: less at the mercy of what else runs than a rate */
  readonly cpuMicrosPerReading: number
  /** a kafkajs consumer that only counts, over the same topic in the same run */
  readonly rawConsumePerSecond: number
  readonly ratio: number
  /** the same without scores, limits, NEWS2 and alerts: for comparison with others */
  readonly stepOnly: {
    readonly readingsPerSecond: number
    readonly ratio: number
    readonly cpuMicrosPerReading: number
  }
  readonly alerts: number
  /** of the scored run, after each quarter of the readings: flat, or a leak */
  readonly residentMiB: readonly number[]
  /** reading written -> alert seen by a read-committed subscriber, ms; undefined when left out */
  readonly latencyMs: Latency | undefined
  /** the same of the first seconds of the process, which do not count above */
  readonly coldLatencyMs: Latency | undefined
  /** of the same run, in the serving process */
  readonly eventLoopDelayP99Ms: number | undefined
  readonly pacedAt: number
  readonly pacedSeconds: number
  readonly warmSeconds: number
  readonly commitIntervalMs: number
}

/** Kafka in -> alerts out, as `vigil serve` does it, beside bare consumption of the same records. */
export function benchKafka(settings: Settings, log: Log, flags: KafkaFlags): Promise<KafkaBench> {
  return withClosing(async (atEnd) => {
    const { readings, patients, partitions, pacedAt, pacedSeconds, warmSeconds } = flags
    const own = await benchSettings(settings, atEnd)
    const filled = async (what: string): Promise<Settings> => {
      const filling = own(what, partitions)
      await loaded({ kind: 'fill', kafka: filling.kafka, patients, records: readings, start: Date.UTC(2026, 0, 1) })
      return filling
    }
    const first = await filled('scored')
    const raw = await countOnly(first.kafka, log, topicName(first.kafka.topicPrefix, 'readings'), readings)
    const scored = await workAll(first, log, readings)
    const stepped = await workAll(await filled('stepped'), log, readings, false)
    const paced = pacedAt > 0 ? await pacedLatency(own('paced', partitions), log, flags) : undefined
    const rate = (seconds: number) => Math.round(readings / seconds)
    const ratio = (seconds: number) => Number((raw / seconds).toFixed(3))
    return {
      readings,
      patients,
      partitions,
      delivery: first.kafka.delivery,
      readingsPerSecond: rate(scored.seconds),
      cpuMicrosPerReading: scored.cpuMicros,
      rawConsumePerSecond: rate(raw),
      ratio: ratio(scored.seconds),
      stepOnly: {
        readingsPerSecond: rate(stepped.seconds),
        ratio: ratio(stepped.seconds),
        cpuMicrosPerReading: stepped.cpuMicros,
      },
      alerts: scored.alerts,
      residentMiB: scored.residentMiB,
      latencyMs: paced?.latencyMs,
      coldLatencyMs: paced?.coldLatencyMs,
      eventLoopDelayP99Ms: paced?.eventLoopDelayP99Ms,
      pacedAt,
      pacedSeconds,
      warmSeconds,
      commitIntervalMs: first.kafka.commitIntervalMs,
      ...scored.ran,
    }
  })
}
