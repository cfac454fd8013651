import { random } from '../../random.ts'
import type { Episode, EpisodeKind } from '../../vitals/episode.ts'

/** What episodes of a kind are like when they are drawn: the shortest and longest, seconds, and the sizes. */
const DRAWN: Partial<Record<EpisodeKind, { readonly seconds: readonly [number, number]; readonly size?: readonly [number, number] }>> = {
  desaturation: { seconds: [120, 600], size: [8, 22] },
  apnoea: { seconds: [45, 120] },
  haemorrhage: { seconds: [1200, 3600], size: [18, 40] },
  sepsis: { seconds: [4 * 3600, 8 * 3600], size: [0.5, 1] },
  arrhythmia: { seconds: [60, 900], size: [30, 70] },
  'probe-off': { seconds: [60, 600] },
  'lead-off': { seconds: [60, 600] },
  'damped-line': { seconds: [300, 1200] },
  'flushed-line': { seconds: [20, 40] },
  stuck: { seconds: [120, 600] },
  'link-down': { seconds: [60, 300] },
} // biome-ignore format: one kind, one line

/** channels that move often enough for a stuck value to be one */
const STUCK = ['hr', 'pulse', 'resp'] as const

/** Seconds left alone at the start of a ward: detectors warm up, and learn what the patients are like. */
export const QUIET = 2 * 3600
const APART = 1800

export interface EpisodePlan {
  readonly kinds: readonly EpisodeKind[]
  readonly beds: number
  readonly hours: number
  readonly seed: number
}

/** One episode a bed, the kinds in turn, each at a random time: about one a patient-day in a ward of 24 hours. */
export function drawEpisodes({ kinds, beds, hours, seed }: EpisodePlan): Episode[] {
  const { uniform } = random(seed)
  const between = ([low, high]: readonly [number, number]) => low + (high - low) * uniform()
  return Array.from({ length: beds }, (_, i): Episode => {
    const kind = kinds[i % kinds.length]!
    const drawn = DRAWN[kind]
    if (drawn === undefined) throw new RangeError(`episodes of kind ${kind} are not drawn`)
    const longest = hours * 3600 - QUIET - APART
    const seconds = Math.round(Math.min(between(drawn.seconds), longest))
    const at = Math.round(QUIET + uniform() * (longest - seconds))
    const size = drawn.size === undefined ? {} : { size: Math.round(between(drawn.size) * 100) / 100 }
    const channel = kind === 'stuck' ? { channel: STUCK[Math.floor(STUCK.length * uniform())]! } : {}
    return { kind, bed: i + 1, at, seconds, ...size, ...channel } as Episode
  })
}
