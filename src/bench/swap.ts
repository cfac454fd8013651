import { setTimeout as sleep } from 'node:timers/promises'
import { openServing } from '../app/serving.ts'
import { SHIPPED_MODELS } from '../app.ts'
import { withClosing } from '../closing.ts'
import { sendOrder } from '../commands/model-orders.ts'
import { VigilError } from '../errors.ts'
import { openModel } from '../inference/model-store.ts'
import { promote } from '../inference/registry/promotion.ts'
import type { Log } from '../log.ts'
import { channelTable } from '../vitals/channels.ts'
import type { ModelOrder } from '../vitals/model-order.ts'
import { isSelfTest } from '../vitals/reading.ts'
import type { Settings } from '../vitals/settings.ts'
import { benchSettings, STAMP_FROM } from './kafka-ward.ts'
import { loaded } from './loaded.ts'
import { otherVersion } from './other-version.ts'
import { scratch } from './scratch.ts'
import { type RanWard, ranModel } from './shape.ts'
import { watching } from './watching.ts'

export interface SwapFlags {
  readonly patients: number
  readonly partitions: number
  /** s of each phase; of the first one three times as long */
  readonly seconds: number
  /** of the other version's network */
  readonly hidden: number
  readonly layers: number
}

/** From the moment at which a reading was handed over to be written to the moment at which its tick was scored, ms. */
export interface Lateness {
  readonly ticks: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** What the ward does meanwhile: in each phase ticks come to be scored, and the process takes a share of one core. */
export const PHASES = ['alone', 'warming', 'shadow', 'promoted', 'back'] as const
export type Phase = (typeof PHASES)[number]

export interface SwapBench extends RanWard {
  readonly patients: number
  readonly partitions: number
  /** s of each phase */
  readonly seconds: number
  readonly champion: string
  /** the version that takes over and gives back; hidden and layers are its network's */
  readonly other: string
  readonly lateness: Readonly<Record<Phase, Lateness>>
  /** processor time of the process by phase, all its threads, % of one core */
  readonly cpuPercent: Readonly<Record<Phase, number>>
  readonly ticksLaterThan1s: number
  /** readings that were written and whose tick nobody scored, and ticks that were scored twice */
  readonly ticksMissing: number
  readonly ticksTwice: number
  /** ticks scored while their bed was warming up, from the first promotion on */
  readonly ticksWarming: number
  /** from the order to the last partition that followed it, s: with the warm-up, and warm */
  readonly warmUpSeconds: number
  readonly promotionSeconds: number
  readonly rollbackSeconds: number
}

/** Ticks of each patient before the clock of the first phase starts: connections and code are as they stay. */
const SETTLED = 5
/** After the last reading, ms. */
const DRAIN_MS = 3000
/** How long an order may take to be followed in every partition, ms. */
const PATIENCE_MS = 120_000

/** A ward of many patients whose model's versions change hands, and how late each tick is meanwhile. */
export function benchSwap(settings: Settings, log: Log, flags: SwapFlags): Promise<SwapBench> {
  return withClosing(async (atEnd) => {
    const { patients, partitions, seconds, hidden, layers } = flags
    const dir = await scratch('swap', atEnd)
    const { manifest } = await openModel(SHIPPED_MODELS, 'bedside')
    const other = await otherVersion(SHIPPED_MODELS, 'bedside', dir, { version: '0.0.1', hidden, layers, seed: 1 })
    await promote(dir, 'bedside', manifest.version)
    const own = (await benchSettings(settings, atEnd))('swap', partitions)
    const given: Settings = {
      ...own,
      models: { ...own.models, dir, serve: ['bedside'], closelySeconds: 0 },
      http: { ...own.http, port: 0 },
    }
    const { channels } = channelTable()
    const watched = tickWatch(
      patients,
      channels.findIndex(({ name }) => name === 'temp'),
    )
    const events = { warmed: 0, champions: 0 }
    const listening = hearing(log, (message) => {
      if (message === 'a version was warmed') events.warmed++
      if (message === 'another champion') events.champions++
    })
    const serving = await openServing({ settings: given, log: listening, shown: watched.tap }, atEnd)
    const total = 3 * seconds + 3 * seconds + 60
    const enough = new AbortController()
    atEnd(() => enough.abort())
    const load = loaded({ kind: 'stamped', kafka: own.kafka, patients, seconds: total }, enough.signal)
    load.catch(() => {})
    const order = async (action: ModelOrder['action'], done: () => number): Promise<number> => {
      const began = performance.now()
      const at = Date.now()
      await sendOrder(own.kafka, log, { detector: manifest.detector, action, model: other, at, by: 'bench' })
      while (done() < partitions) {
        if (performance.now() - began > PATIENCE_MS)
          throw new VigilError('internal', `the order to ${action} was not followed in time`)
        await sleep(20)
      }
      return (performance.now() - began) / 1000
    }
    await watched.begun()
    watched.phase('alone')
    await sleep(3000 * seconds)
    watched.phase('warming')
    const warmUpSeconds = await order('shadow', () => events.warmed)
    watched.phase('shadow')
    await sleep(1000 * seconds)
    watched.phase('promoted')
    const promotionSeconds = await order('promote', () => events.champions)
    await sleep(1000 * seconds)
    watched.phase('back')
    events.champions = 0
    const rollbackSeconds = await order('rollback', () => events.champions)
    await sleep(1000 * seconds)
    watched.phase('after')
    enough.abort()
    const { readings: written } = await load
    await sleep(DRAIN_MS)
    const found = watched.end(written)
    await serving.stop()
    await serving.ended
    const champion = `bedside@${manifest.version}`
    const round = (value: number) => Number(value.toFixed(3))
    return {
      patients,
      partitions,
      seconds,
      champion,
      other,
      ...found,
      warmUpSeconds: round(warmUpSeconds),
      promotionSeconds: round(promotionSeconds),
      rollbackSeconds: round(rollbackSeconds),
      ...ranModel(manifest, settings, settings.inference.providers[0]!),
      hidden,
      layers,
    }
  })
}

/** A log that is also heard by its messages; of warnings about another champion nothing is written. */
function hearing(log: Log, heard: (message: unknown) => void): Log {
  const through =
    (write: Log['info']): Log['info'] =>
    (...of: unknown[]) => {
      heard(of[1])
      if (of[1] !== 'another champion') (write as (...of: unknown[]) => void).apply(log, of)
    }
  return { debug: through(log.debug), info: through(log.info), warn: through(log.warn), error: through(log.error) }
}

/** Sees every tick of every patient that is scored, and when. @param stamp the channel that says when it was written */
function tickWatch(patients: number, stamp: number) {
  const lateness: Partial<Record<typeof phase, number[]>> = {}
  const cpu: Partial<Record<typeof phase, number>> = {}
  /** patient -> newest tick, ms since 1970 */
  const newest = new Float64Array(patients).fill(Number.NaN)
  const counts = { ticksTwice: 0, ticksWarming: 0 }
  let phase: Phase | 'before' | 'after' = 'before'
  let since = { usage: process.cpuUsage(), at: performance.now() }
  let seen = 0
  const turn = (next: typeof phase) => {
    const { user, system } = process.cpuUsage(since.usage)
    cpu[phase] = Number((((user + system) / (1000 * (performance.now() - since.at))) * 100).toFixed(1))
    since = { usage: process.cpuUsage(), at: performance.now() }
    phase = next
  }
  return {
    tap: watching({
      wants: (patientKey) => !isSelfTest(patientKey),
      frames(reports) {
        const now = Date.now()
        for (const { patientKey, time, watching, values } of reports) {
          const patient = Number(patientKey.slice(2))
          seen++
          if (time <= newest[patient]!) counts.ticksTwice++
          newest[patient] = time
          if (phase === 'promoted' || phase === 'back') counts.ticksWarming += watching === 'warming' ? 1 : 0
          lateness[phase] ??= []
          lateness[phase]!.push(now - time - 1000 * (values[stamp]! - STAMP_FROM))
        }
      },
    }),
    /** Until every patient has been seen. */
    async begun(): Promise<void> {
      while (seen < SETTLED * patients) await sleep(50)
    },
    phase: turn,
    /** @param written readings of the load */
    end(written: number) {
      const of = (name: Phase): Lateness => {
        const sorted = Float64Array.from(lateness[name] ?? []).sort()
        const at = (q: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0)
        return { ticks: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) }
      }
      const late = PHASES.reduce((sum, name) => sum + (lateness[name] ?? []).filter((ms) => ms > 1000).length, 0)
      return {
        lateness: Object.fromEntries(PHASES.map((name) => [name, of(name)])) as Record<Phase, Lateness>,
        cpuPercent: Object.fromEntries(PHASES.map((name) => [name, cpu[name] ?? 0])) as Record<Phase, number>,
        ticksLaterThan1s: late,
        ticksMissing: written - seen,
        ...counts,
      }
    },
  }
}
