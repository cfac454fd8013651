import { setTimeout as sleep } from 'node:timers/promises'
import { openServing } from '../app/serving.ts'
import { SHIPPED_MODELS } from '../app.ts'
import { type AtEnd, withClosing } from '../closing.ts'
import { VigilError } from '../errors.ts'
import { openModel } from '../inference/model-store.ts'
import type { Log } from '../log.ts'
import type { Output } from '../stream/ports.ts'
import { isSelfTest } from '../vitals/reading.ts'
import type { Settings } from '../vitals/settings.ts'
import { benchSettings } from './kafka-ward.ts'
import { loaded } from './loaded.ts'
import { type RanWard, ranModel } from './shape.ts'
import { watching } from './watching.ts'

export interface CatchUpFlags {
  /** one reading a second each, all the time: so many readings a second */
  readonly patients: number
  readonly partitions: number
  /** how long nobody watches while readings go on */
  readonly pauseSeconds: number
  /** before and after, with somebody who watches */
  readonly liveSeconds: number
}

export interface CatchUpBench extends CatchUpFlags, RanWard {
  /** from the start of the new process to the moment at which no patient looked at was later than `CAUGHT_UP_MS` */
  readonly secondsToCaughtUp: number
  /** of them, until the first reading of the backlog was scored: model, group, fence, restore */
  readonly secondsToFirst: number
  /** readings that waited, and those that came meanwhile, over those that came meanwhile */
  readonly catchUpFactor: number
  readonly readings: number
  /** readings less those that were scored: 0, or something was dropped */
  readonly readingsMissing: number
  readonly episodes: number
  /** episodes less the alerts of them: 0, or an alert was lost */
  readonly alertsMissing: number
  /** alerts of a backlog, which say that they are late */
  readonly lateAlerts: number
}

/** A patient whose newest scored reading is no older is watched live: the load writes each within its second. */
const CAUGHT_UP_MS = 2000
/** Patients looked at, of all partitions. */
const LOOKED_AT = 64
/** How often the clock is looked at, ms. */
const LOOK_MS = 50
/** How long catching up may take, in pauses, and what is waited for beside, ms. */
const PATIENCE = 4
const PATIENCE_MS = 60_000

/** A service that is away for a while: how fast it works what waits while new readings keep coming, and whether all of it. */
export function benchCatchUp(settings: Settings, log: Log, flags: CatchUpFlags): Promise<CatchUpBench> {
  return withClosing(async (atEnd) => {
    const { patients, partitions, pauseSeconds, liveSeconds } = flags
    const { manifest } = await openModel(settings.models.dir ?? SHIPPED_MODELS, settings.models.serve[0]!)
    const own = (await benchSettings(settings, atEnd))('catchup', partitions)
    const given = { ...own, http: { ...own.http, port: 0 } }
    const seen = lookOut(patients)
    const serve = (atEnd: AtEnd) => openServing({ settings: given, log, shown: watching(seen) }, atEnd)
    const caughtUp = async (what: string, patienceMs: number) => {
      for (const until = performance.now() + patienceMs; seen.latest(Date.now()) > CAUGHT_UP_MS; await sleep(LOOK_MS))
        if (performance.now() > until) throw new VigilError('internal', `${what} in ${patienceMs / 1000} s`)
    }
    const enough = new AbortController()
    atEnd(() => enough.abort())
    const load = (seconds: number) => loaded({ kind: 'live', kafka: own.kafka, patients, seconds }, enough.signal)

    const { writing } = await withClosing(async (atEnd) => {
      const serving = await serve(atEnd)
      const writing = load((PATIENCE + 2) * pauseSeconds + 2 * liveSeconds + PATIENCE_MS / 500)
      writing.catch(() => {})
      await caughtUp('nothing was scored', PATIENCE_MS)
      await sleep(liveSeconds * 1000)
      await serving.stop()
      await serving.ended
      // in an object: a promise given back is waited for
      return { writing }
    })
    await sleep(pauseSeconds * 1000)
    const began = performance.now()
    seen.forget()
    const serving = await serve(atEnd)
    await caughtUp('the backlog was not caught up', PATIENCE * pauseSeconds * 1000 + PATIENCE_MS)
    const secondsToCaughtUp = (performance.now() - began) / 1000
    await sleep(liveSeconds * 1000)
    enough.abort()
    const { readings, episodes } = await writing
    for (const until = performance.now() + PATIENCE_MS; seen.scored < readings; await sleep(LOOK_MS))
      if (performance.now() > until) break
    await serving.stop()
    await serving.ended
    const round = (value: number) => Number(value.toFixed(2))
    return {
      patients,
      partitions,
      pauseSeconds,
      liveSeconds,
      secondsToCaughtUp: round(secondsToCaughtUp),
      secondsToFirst: round((seen.first - began) / 1000),
      catchUpFactor: round((pauseSeconds + secondsToCaughtUp) / secondsToCaughtUp),
      readings,
      readingsMissing: readings - seen.scored,
      episodes,
      alertsMissing: episodes - seen.alerts,
      lateAlerts: seen.lateAlerts,
      ...ranModel(manifest, settings, settings.inference.providers[0]!),
    }
  })
}

/** Looks at how late some patients are, and at every alert. */
function lookOut(patients: number) {
  /** patient -> event time of the newest frame, ms; only of those looked at */
  const newest = new Map<string, number>()
  const looked = Math.min(patients, LOOKED_AT)
  const counts = { scored: 0, alerts: 0, lateAlerts: 0, first: Number.NaN }
  return {
    /** frames of all patients: every reading closes one */
    get scored() {
      return counts.scored
    },
    get alerts() {
      return counts.alerts
    },
    get lateAlerts() {
      return counts.lateAlerts
    },
    /** when the first frame was seen since everything was forgotten, of `performance.now` */
    get first() {
      return counts.first
    },
    seen(patientKey: string) {
      if (!isSelfTest(patientKey)) counts.scored++
    },
    wants: (patientKey: string) => !isSelfTest(patientKey) && Number(patientKey.slice(2)) < looked,
    frames(reports: readonly { readonly patientKey: string; readonly time: number }[]) {
      if (Number.isNaN(counts.first)) counts.first = performance.now()
      for (const { patientKey, time } of reports) newest.set(patientKey, time)
    },
    deliver(outputs: readonly Output[]) {
      for (const output of outputs) {
        if (output.kind !== 'alert') continue
        const { body, late } = output.envelope
        if (late !== undefined) counts.lateAlerts++
        if (body.phase === 'start' && body.channels.some(({ channel }) => channel === 'temp')) counts.alerts++
      }
    },
    forget() {
      newest.clear()
      counts.first = Number.NaN
    },
    /** how old the oldest of the newest frames is, ms; for ever while one has none */
    latest: (now: number): number =>
      newest.size < looked ? Number.POSITIVE_INFINITY : now - Math.min(...newest.values()),
  }
}
