import { withClosing } from '../closing.ts'
import type { Log } from '../log.ts'
import type { Settings } from '../vitals/settings.ts'
import { benchSettings, workAll } from './kafka-ward.ts'
import { loaded } from './loaded.ts'
import type { RanWard } from './shape.ts'

export interface RestoreBench extends RanWard {
  readonly patients: number
  readonly partitions: number
  /** from the start of a fresh process's membership to the first live step: join, fence, changelog, states, a reading */
  readonly secondsToLive: number
  /** bytes of the changelog that were read */
  readonly bytes: number
}

/** Readings of a patient before its state is restored: the network is warm and every row has something in it. */
const BEFORE = 3

/** Patients whose state stands in the changelog, watched anew by a member that knows nothing. */
export function benchRestore(
  settings: Settings,
  log: Log,
  patients: number,
  partitions: number,
): Promise<RestoreBench> {
  return withClosing(async (atEnd) => {
    const own = (await benchSettings(settings, atEnd))('restore', partitions)
    const start = Date.UTC(2026, 0, 1)
    const fill = { kind: 'fill', kafka: own.kafka, patients } as const
    await loaded({ ...fill, records: patients * BEFORE, start })
    await workAll(own, log, patients * BEFORE)
    await loaded({ ...fill, records: partitions * 8, start: start + BEFORE * 1000 })
    const { secondsToLive, bytesRestored, ran } = await workAll(own, log, partitions * 8)
    return { patients, partitions, secondsToLive: Number(secondsToLive.toFixed(3)), bytes: bytesRestored, ...ran }
  })
}
