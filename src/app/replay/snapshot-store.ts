import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { VigilError } from '../../errors.ts'
import { packSnapshot, type Snapshot, unpackSnapshot } from '../../stream/snapshot.ts'
import { VERSION } from '../../version.ts'
import type { Settings } from '../../vitals/settings.ts'
import type { PageMemory } from '../paged-ward.ts'

/** Where snapshots of one replay are kept. */
export interface SnapshotStore {
  /** keep one; nothing where there already is one of its position */
  put(snapshot: Snapshot<PageMemory>): Promise<void>
  /** event time of the newest snapshot that knows nothing later than `time`, ms; undefined where there is none */
  newest(time: number): number | undefined
  /** that snapshot; one that cannot be read is passed over */
  before(time: number): Promise<Snapshot<PageMemory> | undefined>
}

interface Place {
  readonly position: number
  readonly time: number
}

/** The last of those, in the order of their positions, that know nothing later than `time`. */
function lastBefore<Of extends Place>(places: readonly Of[], time: number): Of | undefined {
  return places.findLast((it) => it.time <= time)
}

/** What snapshots in memory may take, bytes. */
const MEMORY = 256 << 20

/** Snapshots in memory: once they take too much every second one goes, and later ones are kept half as often. */
export function snapshotsInMemory(most = MEMORY): SnapshotStore {
  let kept: (Place & { readonly bytes: Buffer })[] = []
  let size = 0
  let asked = 0
  let every = 1
  return {
    async put(snapshot) {
      const { position, time } = snapshot
      if (asked++ % every !== 0 || kept.some((it) => it.position === position)) return
      const bytes = await packSnapshot(snapshot)
      kept.push({ position, time, bytes })
      size += bytes.length
      if (size <= most) return
      kept = kept.filter((_, i) => i % 2 === 0)
      size = kept.reduce((sum, it) => sum + it.bytes.length, 0)
      every *= 2
    },
    newest: (time) => lastBefore(kept, time)?.time,
    async before(time) {
      const place = lastBefore(kept, time)
      return place && unpackSnapshot(place.bytes)
    },
  }
}

/** What makes the states of a replay what they are. */
export interface Origin {
  readonly recordings: readonly string[]
  readonly mapping: string | undefined
  readonly zeros: string | undefined
  readonly settings: Settings
  /** the models that serve, and those in shadow, by their manifests */
  readonly models: readonly unknown[]
}

/** A name for all that a snapshot depends on: whatever differs, its states may. */
function nameOf({ recordings, mapping, zeros, settings, models }: Origin): string {
  const files = recordings.map((path) => {
    const { size, mtimeMs } = statSync(path)
    return [basename(path), size, mtimeMs]
  })
  const { secret: _, secretFile: __, ...hl7 } = settings.hl7
  const { stream, limits, alerts } = settings
  const { providers, threads, maxBatch } = settings.inference
  const inference = { providers, threads, maxBatch }
  const mapped = mapping === undefined ? null : readFileSync(mapping, 'utf8')
  const all = [VERSION, process.arch, files, mapped, zeros ?? null, { stream, limits, alerts, hl7, inference }, models]
  return createHash('sha256').update(JSON.stringify(all)).digest('hex').slice(0, 16)
}

const FILE = /^(\d+)-(\d+)\.snapshot$/

/**
 * Snapshots in a folder, where later replays of the same recordings by the same models and settings find them. They hold what
 * the recordings hold, so only their owner may read them.
 * @throws VigilError sink-failed when it cannot be made or written
 */
export function snapshotsInFolder(folder: string, origin: Origin): SnapshotStore {
  const attempt = <T>(work: () => T): T => {
    try {
      return work()
    } catch (cause) {
      const message = `snapshots cannot be written: ${(cause as Error).message}`
      throw new VigilError('sink-failed', message, { place: folder, cause })
    }
  }
  const own = join(folder, nameOf(origin))
  attempt(() => mkdirSync(own, { recursive: true, mode: 0o700 }))
  const places: Place[] = readdirSync(own).flatMap((name) => {
    const [, position, time] = FILE.exec(name) ?? []
    return position === undefined ? [] : [{ position: Number(position), time: Number(time) }]
  })
  const inOrder = () => places.sort((a, b) => a.position - b.position)
  inOrder()
  const path = ({ position, time }: Place) => join(own, `${position}-${time}.snapshot`)
  return {
    async put(snapshot) {
      if (places.some((it) => it.position === snapshot.position)) return
      const bytes = await packSnapshot(snapshot)
      attempt(() => {
        // whoever reads it finds it whole or not at all
        writeFileSync(`${path(snapshot)}.part`, bytes, { mode: 0o600 })
        renameSync(`${path(snapshot)}.part`, path(snapshot))
      })
      const { position, time } = snapshot
      places.push({ position, time })
      inOrder()
    },
    newest: (time) => lastBefore(places, time)?.time,
    async before(time) {
      const place = lastBefore(places, time)
      if (place === undefined) return undefined
      try {
        return await unpackSnapshot<PageMemory>(readFileSync(path(place)))
      } catch {
        // the one before it will do, and takes longer
        places.splice(places.indexOf(place), 1)
        return this.before(time)
      }
    },
  }
}
