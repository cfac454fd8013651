import type { NabSeries } from './nab-corpus.ts'
import { NabAlarms, NabDetector, type NabScale, scaleOf } from './nab-detector.ts'
import type { NabNetwork } from './nab-network.ts'
import { probationRows } from './nab-score.ts'

/** A probation in which nothing can be read gives no scale; this many rows are waited for at least. */
const FEWEST = 2

/**
 * Anomaly scores of one series, row by row: [N] in 0..1. During the probation rows are only kept; at its end they give
 * the scale, and pass through network and detector as if they came now. From then on each row is judged, then learnt.
 * A row whose value cannot be read (NaN) is not judged, steps nothing and scores 0.
 * @param network undefined: the same pipeline without one
 */
export async function nabScores(series: NabSeries, network: NabNetwork | undefined): Promise<Float64Array> {
  const { times, values } = series
  const probation = probationRows(values.length)
  const scores = new Float64Array(values.length)
  const alarms = new NabAlarms(probation)
  const stream = new Stream(network)
  const kept: number[] = []
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!
    if (Number.isNaN(value)) continue
    if (row < probation || kept.length < FEWEST) {
      kept.push(row)
      continue
    }
    if (!stream.begun) {
      stream.begin(scaleOf(kept.map((each) => values[each]!)))
      for (const each of kept) await stream.push(times[each]!, values[each]!)
    }
    scores[row] = alarms.push(row, await stream.push(times[row]!, value))
  }
  return scores
}

/** One series' way through network and detector. */
class Stream {
  readonly #network: NabNetwork | undefined
  readonly #detector: NabDetector
  #scale: NabScale | undefined
  #before: number | undefined

  constructor(network: NabNetwork | undefined) {
    this.#network = network
    this.#detector = new NabDetector(network?.hidden ?? 0)
  }

  get begun(): boolean {
    return this.#scale !== undefined
  }

  begin(scale: NabScale): void {
    this.#scale = scale
    this.#network?.begin(0)
  }

  /** @returns the row's rarity */
  async push(time: number, value: number): Promise<number> {
    const { centre, scale } = this.#scale!
    const z = Math.asinh((value - centre) / scale)
    const rarity = this.#detector.judge(time, value, z)
    const change = this.#before === undefined ? 0 : z - this.#before
    this.#before = z
    const hidden = (await this.#network?.step(time, z, change)) ?? new Float64Array(0)
    this.#detector.remember({ hidden, z, change })
    return rarity
  }
}
