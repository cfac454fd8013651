import type { Observable } from 'rxjs'
import type { AtEnd } from '../../closing.ts'
import type { ReplayView } from '../../dashboard/protocol.ts'
import { PAGE } from '../../dashboard/ward.ts'
import { listen } from '../../http/listener.ts'
import { steering } from '../../http/steering.ts'
import type { Playhead } from '../../ingest/playhead.ts'
import type { Log } from '../../log.ts'
import { eventLoopCheck } from '../../metrics/health.ts'
import type { PrometheusTelemetry } from '../../metrics/telemetry.ts'
import type { Source } from '../../stream/ports.ts'
import type { ChannelTable } from '../../vitals/channels.ts'
import type { Settings } from '../../vitals/settings.ts'
import { openPagedWard } from '../paged-ward.ts'
import { Player } from './player.ts'
import type { SnapshotStore } from './snapshot-store.ts'
import type { Survey } from './survey.ts'

/** How often the pages are told where the replay is, ms. */
const TELL_MS = 500

export interface ReplayPageOptions {
  readonly settings: Settings
  readonly port: number | undefined
  readonly telemetry: PrometheusTelemetry
  readonly log: Log
  /** the recording from an offset on, let go by a moment */
  readonly open: (table: ChannelTable, skip: number, moment: Playhead) => Source
  readonly survey: Survey
  readonly store: SnapshotStore
  readonly speed: number | 'max'
  /** event time at which it begins, ms; undefined: at the first input */
  readonly from: number | undefined
}

/** A recording on a page, on which nobody can act, for what was done stands in it, and everybody may go to any moment. */
export interface ReplayPage {
  readonly url: string
  readonly player: Player
  /** show it until it is stopped @throws VigilError as the source and the pipeline */
  run(stopped: Observable<unknown>): Promise<void>
}

/** @throws VigilError as `openWard` and `listen` */
export async function openReplayPage(options: ReplayPageOptions, atEnd: AtEnd): Promise<ReplayPage> {
  const { settings, port, telemetry, log, open, survey, store, speed, from } = options
  let shows: Player | undefined
  const where = (): ReplayView => ({
    start: survey.start,
    end: survey.end,
    complete: survey.complete,
    at: shows?.at ?? null,
    seeking: shows?.seeking ?? false,
    sought: shows?.sought ?? 0,
    playing: shows?.playing ?? false,
    speed: shows?.speed ?? speed,
  })
  const replay = () => ({ ...where(), marks: [...survey.marks.values()] })
  const paged = await openPagedWard({ settings, telemetry, log, replay }, atEnd)
  const { served, page } = paged
  const player = new Player({
    paged,
    run: { telemetry: paged.run.telemetry, maxBatch: paged.run.maxBatch },
    open: (skip, moment) => open(served.table, skip, moment),
    store,
    speed,
    from,
    log,
  })
  shows = player
  let told = ''
  const tell = () => {
    const view = where()
    const text = JSON.stringify(view)
    if (text !== told) page.tell('replay', view)
    told = text
    const marks = survey.news()
    if (marks.length > 0) page.tell('marks', marks)
  }
  const telling = setInterval(tell, TELL_MS)
  const changes = player.changed.subscribe(tell)
  atEnd(() => {
    clearInterval(telling)
    changes.unsubscribe()
  })
  const eventLoop = eventLoopCheck()
  const steered = {
    get playing() {
      return player.playing
    },
    seek(at: number) {
      void player.seek(at)
      return player.sought
    },
    play: (playing: boolean, at?: number | 'max') => player.play(playing, at),
  }
  const http = await listen({
    ...settings.http,
    port: port ?? settings.http.port,
    telemetry,
    health: { live: () => ({ eventLoop: eventLoop() }), ready: () => ({}) },
    routes: [...page.routes, { kind: 'action', path: '/api/replay', act: steering(steered) }],
    page: PAGE,
    log,
  })
  atEnd(() => http.close())
  return { url: http.url, player, run: (stopped) => player.run(stopped) }
}
