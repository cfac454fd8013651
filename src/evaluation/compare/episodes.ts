import type { AlertBody } from '../../vitals/alert.ts'

/** One alert from start to end, as one contender raised it. Times in ms since 1970. */
export interface AlertEpisode {
  readonly alertId: string
  readonly patientKey: string
  readonly detector: string
  readonly code: string
  readonly priority: AlertBody['priority']
  readonly label: string
  /** when it was said */
  readonly start: number
  /** when it was over; undefined = it stood to the end */
  readonly end: number | undefined
  /** whether its start called somebody */
  readonly called: boolean
}

/** Alert events as episodes, in the order of their starts. */
export class Episodes {
  readonly #byId = new Map<string, AlertEpisode>()

  add(body: AlertBody): void {
    const { alertId, phase, times } = body
    const known = this.#byId.get(alertId)
    if (known === undefined) {
      this.#byId.set(alertId, {
        alertId,
        patientKey: body.subject.patientKey,
        detector: body.source.detector,
        code: body.code,
        priority: body.priority,
        label: body.label,
        start: times.event,
        end: undefined,
        called: body.signal.call === 'now',
      })
    } else if (phase === 'end' || phase === 'reset')
      this.#byId.set(alertId, { ...known, end: times.ended ?? times.event })
  }

  get all(): readonly AlertEpisode[] {
    return [...this.#byId.values()].sort((a, b) => a.start - b.start || (a.alertId < b.alertId ? -1 : 1))
  }
}

/** An episode that both raised. */
export interface Pair {
  readonly a: AlertEpisode
  readonly b: AlertEpisode
}

export interface Matched {
  readonly both: readonly Pair[]
  readonly onlyA: readonly AlertEpisode[]
  readonly onlyB: readonly AlertEpisode[]
}

/** Two alerts this far apart may still be of the same thing, ms. */
const APART = 60_000

/**
 * Which alerts of two runs are of the same thing: the same patient and code, and standing at the same time, or at most a
 * minute apart. Each has one counterpart at most, the one that started nearest.
 */
export function matchEpisodes(a: readonly AlertEpisode[], b: readonly AlertEpisode[]): Matched {
  const places = new Map<string, AlertEpisode[]>()
  for (const it of b) {
    const key = placeOf(it)
    const there = places.get(key)
    if (there === undefined) places.set(key, [it])
    else there.push(it)
  }
  const near: Pair[] = a.flatMap((it) => (places.get(placeOf(it)) ?? []).filter((other) => meet(it, other)).map((other) => ({ a: it, b: other })))
  near.sort(nearest)
  const [takenA, takenB] = [new Set<AlertEpisode>(), new Set<AlertEpisode>()]
  const both: Pair[] = []
  for (const pair of near) {
    if (takenA.has(pair.a) || takenB.has(pair.b)) continue
    takenA.add(pair.a)
    takenB.add(pair.b)
    both.push(pair)
  }
  return {
    both: both.sort((m, n) => m.a.start - n.a.start),
    onlyA: a.filter((it) => !takenA.has(it)),
    onlyB: b.filter((it) => !takenB.has(it)),
  }
} // biome-ignore format: the pairs

const placeOf = ({ patientKey, code }: AlertEpisode): string => `${patientKey}\n${code}`
const apart = ({ a, b }: Pair): number => Math.abs(a.start - b.start)
/** Nearest first, and among equals in an order that does not ask which of the two runs comes first. */
function nearest(m: Pair, n: Pair): number {
  const ids = ({ a, b }: Pair) => [a.alertId, b.alertId].sort().join(' ')
  const first = ({ a, b }: Pair) => Math.min(a.start, b.start)
  return apart(m) - apart(n) || first(m) - first(n) || (ids(m) < ids(n) ? -1 : 1)
}

const endOf = ({ end }: AlertEpisode): number => end ?? Number.POSITIVE_INFINITY

function meet(a: AlertEpisode, b: AlertEpisode): boolean {
  return a.start <= endOf(b) + APART && b.start <= endOf(a) + APART
}
