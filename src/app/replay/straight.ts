import { statSync } from 'node:fs'
import { openWard, type Served } from '../../app.ts'
import type { AtEnd } from '../../closing.ts'
import { VigilError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { type PrometheusTelemetry, prometheusTelemetry } from '../../metrics/telemetry.ts'
import type { FrameTap } from '../../stream/ports.ts'
import { restoreSnapshot, type Snapshot } from '../../stream/snapshot.ts'
import type { Settings } from '../../vitals/settings.ts'
import { challengerOf } from '../challenger.ts'
import { openPagedWard, type PagedWard, type PageMemory } from '../paged-ward.ts'
import { type SnapshotStore, snapshotsInFolder, snapshotsInMemory } from './snapshot-store.ts'
import { type FramesFrom, tapsOf } from './told.ts'

/** What of a replay's command line says what its ward is. */
export interface StraightFlags {
  readonly page?: boolean
  readonly snapshots?: string
  readonly from?: number
  readonly to?: number
  readonly mapping?: string
  readonly zeros?: string
  readonly speed?: number | 'max'
}

/** The ward of the straight way, with its snapshots. */
export interface Straight {
  readonly served: Served
  /** with what a page remembers, where snapshots are taken */
  readonly paged: PagedWard | undefined
  readonly telemetry: PrometheusTelemetry
  readonly store: SnapshotStore | undefined
  /** where it goes on */
  readonly base: Snapshot<PageMemory> | undefined
  /** frames since `--from` */
  told(): number
}

/** @throws VigilError as `openWard`; usage when recordings cannot be read twice */
export async function openStraight(
  recordings: readonly string[],
  flags: StraightFlags,
  settings: Settings,
  log: Log,
  frames: FrameTap | undefined,
  atEnd: AtEnd,
): Promise<Straight> {
  const telemetry = prometheusTelemetry()
  if (flags.page !== true && flags.snapshots === undefined) {
    const served = await openWard({
      settings,
      telemetry,
      log,
      unpaced: (flags.speed ?? 'max') === 'max',
      challenger: (name) => challengerOf(settings.models, name),
      ...(frames !== undefined && { tap: () => frames }),
    })
    atEnd(() => served.close())
    return { served, paged: undefined, telemetry, store: undefined, base: undefined, told: () => 0 }
  }
  const once = recordings.find((path) => !statSync(path).isFile())
  if (once !== undefined)
    throw new VigilError('usage', 'a recording that can be read only once has no page and no snapshots: keep it as a file', { place: once }) // biome-ignore format: one sentence
  let from = Number.NEGATIVE_INFINITY
  let taps: FramesFrom | undefined
  const paged = await openPagedWard(
    {
      settings,
      telemetry,
      log,
      fallsBack: false,
      shown(page) {
        taps = tapsOf(page, frames, () => from)
        return { ...page, wants: taps.wants, frames: taps.frames }
      },
    },
    atEnd,
  )
  const { served } = paged
  const models = [...served.detectors, ...served.risks, ...served.shadows].map(({ manifest }) => manifest)
  const { mapping, zeros } = flags
  const folder =
    flags.snapshots === undefined
      ? undefined
      : snapshotsInFolder(flags.snapshots, { recordings, mapping, zeros, settings, models: [...models, served.models] })
  const base = flags.from === undefined ? undefined : await folder?.before(flags.from)
  if (base !== undefined) {
    from = flags.from!
    restoreSnapshot(served.ward, base, 'replay', Date.now())
    paged.memory.load(base.page)
  }
  // the states of a part of a recording are not those of the whole
  const whole = flags.to === undefined && (flags.from === undefined || base !== undefined)
  const store = whole && folder !== undefined ? folder : flags.page === true ? snapshotsInMemory() : undefined
  return { served, paged, telemetry, store, base, told: () => taps!.count }
}
