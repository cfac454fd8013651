import { setTimeout } from 'node:timers/promises'
import { openServing } from '../app/serving.ts'
import { SHIPPED_MODELS } from '../app.ts'
import { withClosing } from '../closing.ts'
import { openModel } from '../inference/model-store.ts'
import type { Log } from '../log.ts'
import type { Settings } from '../vitals/settings.ts'
import { benchSettings } from './kafka-ward.ts'
import { residentBytes } from './resident.ts'
import { type RanWard, ranModel } from './shape.ts'

export interface IdleBench extends RanWard {
  readonly partitions: number
  readonly seconds: number
  /** share of one core that the whole process takes, %: group, writers, heartbeats, self-tests */
  readonly cpuPercent: number
  readonly rssBytes: number
}

/** Until connections, code and caches are as they stay: what is done every 5 or 10 s is compiled for half a minute. */
const SETTLE_MS = 25_000

/** The service with nothing to watch. */
export function benchIdle(settings: Settings, log: Log, partitions: number, seconds: number): Promise<IdleBench> {
  return withClosing(async (atEnd) => {
    const { manifest } = await openModel(settings.models.dir ?? SHIPPED_MODELS, settings.models.serve[0]!)
    const own = (await benchSettings(settings, atEnd))('idle', partitions)
    const serving = await openServing({ settings: { ...own, http: { ...own.http, port: 0 } }, log }, atEnd)
    await setTimeout(SETTLE_MS)
    const began = process.cpuUsage()
    const from = performance.now()
    await setTimeout(seconds * 1000)
    const { user, system } = process.cpuUsage(began)
    const micros = (performance.now() - from) * 1000
    const rssBytes = await residentBytes()
    await serving.stop()
    await serving.ended
    const cpuPercent = Number((((user + system) / micros) * 100).toFixed(2))
    const ran = ranModel(manifest, settings, settings.inference.providers[0]!)
    return { partitions, seconds, cpuPercent, rssBytes, ...ran }
  })
}
