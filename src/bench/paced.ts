import { spawn } from 'node:child_process'
import { openServing } from '../app/serving.ts'
import { withClosing } from '../closing.ts'
import { VigilError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Settings } from '../vitals/settings.ts'
import type { KafkaFlags } from './kafka.ts'
import type { Load } from './load.ts'

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
    const load: Load = {
      kafka: settings.kafka,
      patients: flags.patients,
      perSecond: flags.pacedAt,
      seconds: flags.pacedSeconds,
    }
    const delays = await loaded(load)
    await serving.stop()
    await serving.ended
    delays.sort((a, b) => a - b)
    const quantile = (q: number) => delays[Math.min(delays.length - 1, Math.floor(q * delays.length))] ?? Number.NaN
    return { p50: quantile(0.5), p99: quantile(0.99), alerts: delays.length }
  })
}

async function loaded(load: Load): Promise<number[]> {
  const file = new URL('./load.js', import.meta.url)
  const child = spawn(process.execPath, [file.pathname, JSON.stringify(load)], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  const code = await new Promise((resolve) => child.on('close', resolve))
  if (code !== 0) throw new VigilError('internal', `the load process ended with ${code}`)
  return JSON.parse(text) as number[]
}
