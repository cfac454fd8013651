import { monitorEventLoopDelay } from 'node:perf_hooks'
import { openServing } from '../app/serving.ts'
import { withClosing } from '../closing.ts'
import type { Log } from '../log.ts'
import { isSelfTest } from '../vitals/reading.ts'
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

export interface Paced {
  readonly latencyMs: Latency
  /** 99th percentile of the event-loop delay of the serving process, from the first reading on while the load lasts */
  readonly eventLoopDelayP99Ms: number
}

/** The service in this process under a steady load from another one. @throws VigilError internal when the load fails */
export function pacedLatency(settings: Settings, log: Log, flags: KafkaFlags): Promise<Paced> {
  return withClosing(async (atEnd) => {
    const { patients, pacedAt: perSecond, pacedSeconds: seconds } = flags
    const delay = monitorEventLoopDelay({ resolution: 1 })
    atEnd(() => void delay.disable())
    let began = false
    const begin = () => {
      began = true
      delay.enable()
      setTimeout(() => delay.disable(), seconds * 1000).unref()
    }
    const serving = await openServing(
      {
        settings: { ...settings, http: { ...settings.http, port: 0 } },
        log,
        shown: (page) => ({
          ...page,
          wants: (patientKey, time) => page.wants(patientKey, time) || (!began && !isSelfTest(patientKey)),
          frames(reports) {
            if (!began && reports.some(({ patientKey }) => !isSelfTest(patientKey))) begin()
            page.frames(reports.filter(({ patientKey, time }) => page.wants(patientKey, time)))
          },
          watchingChanged: (patientKey, watching) => page.watchingChanged(patientKey, watching),
          left: (patientKey) => page.left(patientKey),
          deliver: (outputs) => page.deliver(outputs),
          close: () => page.close(),
        }),
      },
      atEnd,
    )
    const delays = await loaded({ kind: 'paced', kafka: settings.kafka, patients, perSecond, seconds })
    await serving.stop()
    await serving.ended
    delays.sort((a, b) => a - b)
    const quantile = (q: number) => delays[Math.min(delays.length - 1, Math.floor(q * delays.length))] ?? Number.NaN
    return {
      latencyMs: { p50: quantile(0.5), p99: quantile(0.99), alerts: delays.length },
      eventLoopDelayP99Ms: Number((delay.percentile(99) / 1e6).toFixed(2)),
    }
  })
}
