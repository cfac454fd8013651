import type { AtEnd } from '../closing.ts'
import { PAGE } from '../dashboard/ward.ts'
import { listen } from '../http/listener.ts'
import type { Log } from '../log.ts'
import { eventLoopCheck } from '../metrics/health.ts'
import type { PrometheusTelemetry } from '../metrics/telemetry.ts'
import type { FrameTap, Sink } from '../stream/ports.ts'
import type { Settings } from '../vitals/settings.ts'
import { openPagedWard, type PagedWard } from './paged-ward.ts'

export interface ReplayPageOptions {
  readonly settings: Settings
  readonly port: number | undefined
  readonly telemetry: PrometheusTelemetry
  readonly log: Log
  /** told of every frame beside the page, where somebody is */
  readonly frames: FrameTap | undefined
}

/** Both are told; a frame is made for whoever wants it. */
function both(page: FrameTap & Sink, frames: FrameTap): FrameTap & Sink {
  return {
    ...page,
    wants: (patientKey) => [page.wants(patientKey), frames.wants(patientKey)].some(Boolean),
    frames(reports) {
      // a page that is full wants no more beds, though the file wants their frames
      page.frames(reports.filter(({ patientKey }) => page.wants(patientKey)))
      frames.frames(reports)
    },
  }
}

/**
 * A ward that a replay is watched on: the page of a service, on which nobody can act, for what was done stands in the recording.
 * @throws VigilError as `openWard` and `listen`
 */
export async function openReplayPage(
  { settings, port, telemetry, log, frames }: ReplayPageOptions,
  atEnd: AtEnd,
): Promise<PagedWard & { readonly url: string }> {
  const shown = (page: FrameTap & Sink) => (frames === undefined ? page : both(page, frames))
  const paged = await openPagedWard({ settings, telemetry, log, shown }, atEnd)
  const eventLoop = eventLoopCheck()
  const http = await listen({
    ...settings.http,
    port: port ?? settings.http.port,
    telemetry,
    health: { live: () => ({ eventLoop: eventLoop() }), ready: () => ({}) },
    routes: paged.page.routes,
    page: PAGE,
    log,
  })
  atEnd(() => http.close())
  return { ...paged, url: http.url }
}
