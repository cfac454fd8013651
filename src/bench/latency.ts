import { SHIPPED_MODELS } from '../app.ts'
import { withClosing } from '../closing.ts'
import { openModel } from '../inference/model-store.ts'
import type { Log } from '../log.ts'
import type { Settings } from '../vitals/settings.ts'
import { benchSettings } from './kafka-ward.ts'
import { type Paced, type PacedFlags, pacedLatency } from './paced.ts'
import { type RanWard, ranModel } from './shape.ts'

export interface LatencyFlags extends Omit<PacedFlags, 'pacedAt'> {
  /** readings a second, one run each */
  readonly pacedAt: readonly number[]
  readonly partitions: number
}

export interface LatencyBench extends Omit<LatencyFlags, 'pacedAt'>, RanWard {
  /** in the order asked for */
  readonly rates: readonly (Paced & { readonly pacedAt: number })[]
}

/**
 * How long an alert takes at each of several loads, on topics and a group of its own each: the service in this process, the
 * load in another.
 * @param found told of all rates so far
 */
export function benchLatency(
  settings: Settings,
  log: Log,
  flags: LatencyFlags,
  found: (soFar: object) => void,
): Promise<LatencyBench> {
  return withClosing(async (atEnd) => {
    const { pacedAt: wanted, partitions, ...rest } = flags
    const { manifest } = await openModel(settings.models.dir ?? SHIPPED_MODELS, settings.models.serve[0]!)
    const own = await benchSettings(settings, atEnd)
    const rates: (Paced & { readonly pacedAt: number })[] = []
    for (const pacedAt of wanted) {
      const paced = await pacedLatency(own(`paced-${rates.length}`, partitions), log, { ...rest, pacedAt })
      rates.push({ pacedAt, ...paced })
      found({ rates })
    }
    return { ...rest, partitions, rates, ...ranModel(manifest, settings, settings.inference.providers[0]!) }
  })
}
