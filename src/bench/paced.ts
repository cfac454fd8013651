import { monitorEventLoopDelay } from 'node:perf_hooks'
import { openServing } from '../app/serving.ts'
import { withClosing } from '../closing.ts'
import type { Log } from '../log.ts'
import { isSelfTest } from '../vitals/reading.ts'
import type { Settings } from '../vitals/settings.ts'
import { loaded } from './loaded.ts'
import { scraped } from './scraped.ts'
import { watching } from './watching.ts'

/** Reading written -> alert seen, ms. */
export interface Latency {
  readonly p50: number
  readonly p99: number
  /** alerts it was measured on */
  readonly alerts: number
}

export interface PacedFlags {
  readonly patients: number
  /** readings a second, of all patients together */
  readonly pacedAt: number
  /** from the end of the warm-up on */
  readonly pacedSeconds: number
  /** before anything counts: code is being compiled, every patient is new, connections are made */
  readonly warmSeconds: number
}

export interface Paced {
  /** readings a second that the load got written */
  readonly writtenPerSecond: number
  readonly latencyMs: Latency
  /** the same of what was written during the warm-up: the first seconds of a process that knows nobody */
  readonly coldLatencyMs: Latency
  /** rows of a step, mean over the run: batches grow with the load */
  readonly rowsPerStep: number
  /** 99th percentile of the event-loop delay of the serving process, from the first reading on while the load lasts */
  readonly eventLoopDelayP99Ms: number
}

/** The service in this process under a steady load from another one. @throws VigilError internal when the load fails */
export function pacedLatency(settings: Settings, log: Log, flags: PacedFlags): Promise<Paced> {
  return withClosing(async (atEnd) => {
    const { patients, pacedAt: perSecond, pacedSeconds, warmSeconds } = flags
    const seconds = warmSeconds + pacedSeconds
    const delay = monitorEventLoopDelay({ resolution: 1 })
    atEnd(() => void delay.disable())
    let began = false
    const serving = await openServing(
      {
        settings: { ...settings, http: { ...settings.http, port: 0 } },
        log,
        shown: watching({
          wants: (patientKey) => !began && !isSelfTest(patientKey),
          frames() {
            if (began) return
            began = true
            delay.enable()
            setTimeout(() => delay.disable(), seconds * 1000).unref()
          },
        }),
      },
      atEnd,
    )
    const load = { kind: 'paced', kafka: settings.kafka, patients, perSecond, seconds } as const
    const { writtenPerSecond, heard } = await loaded(load)
    const [rows, steps] = await scraped(serving.url, 'vigil_step_rows_sum', 'vigil_step_rows_count')
    await serving.stop()
    await serving.ended
    const warmMs = warmSeconds * 1000
    return {
      writtenPerSecond,
      latencyMs: latencyOf(heard.filter(([after]) => after >= warmMs).map(([, ms]) => ms)),
      coldLatencyMs: latencyOf(heard.filter(([after]) => after < warmMs).map(([, ms]) => ms)),
      rowsPerStep: Number((rows! / steps!).toFixed(1)),
      eventLoopDelayP99Ms: Number((delay.percentile(99) / 1e6).toFixed(2)),
    }
  })
}

/** @param delays ms, in any order */
export function latencyOf(delays: readonly number[]): Latency {
  const sorted = delays.toSorted((a, b) => a - b)
  const quantile = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN
  return { p50: quantile(0.5), p99: quantile(0.99), alerts: sorted.length }
}
