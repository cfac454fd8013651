import { openServing } from '../app/serving.ts'
import { withClosing } from '../closing.ts'
import type { Log } from '../log.ts'
import type { Settings } from '../vitals/settings.ts'
import type { KafkaFlags } from './kafka-ward.ts'
import { loaded } from './loaded.ts'

/** Reading written -> alert seen, ms. */
export interface Latency {
  readonly p50: number
  readonly p99: number
  /** alerts it was measured on */
  readonly alerts: number
}

/** The service in this process under a steady load from another one. @throws VigilError internal when the load fails */
export function pacedLatency(settings: Settings, log: Log, flags: KafkaFlags): Promise<Latency> {
  return withClosing(async (atEnd) => {
    const serving = await openServing({ settings: { ...settings, http: { ...settings.http, port: 0 } }, log }, atEnd)
    const { patients, pacedAt: perSecond, pacedSeconds: seconds } = flags
    const delays = await loaded({ kind: 'paced', kafka: settings.kafka, patients, perSecond, seconds })
    await serving.stop()
    await serving.ended
    delays.sort((a, b) => a - b)
    const quantile = (q: number) => delays[Math.min(delays.length - 1, Math.floor(q * delays.length))] ?? Number.NaN
    return { p50: quantile(0.5), p99: quantile(0.99), alerts: delays.length }
  })
}
