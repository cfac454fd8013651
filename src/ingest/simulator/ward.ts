import type { SchedulerLike } from 'rxjs'
import type { Source } from '../../stream/ports.ts'
import type { ChannelTable } from '../../vitals/channels.ts'
import type { Episode, GroundTruth } from '../../vitals/episode.ts'
import type { TimedInputs } from '../merge.ts'
import { timedSource } from '../recordings.ts'
import { groundPatients, type SimulatedBed, simulatedBed } from './bed.ts'
import { EFFECTS, seenIn } from './effects.ts'
import type { WardSetting } from './settings.ts'

export interface SimulatedWard {
  readonly setting: WardSetting
  readonly beds: number
  readonly seed: number
  readonly hours: number
  /** event time of the first reading, ms since 1970 */
  readonly start: number
  readonly unit?: string
  /** checked by `checkEpisodes` */
  readonly episodes?: readonly Episode[]
  /** only one in so many of the beds, the first of them first; each as it is in the whole ward */
  readonly every?: number
}

export interface Pace {
  /** seconds of the ward a second of the clock; 'max' by default */
  readonly speed?: number | 'max'
  readonly scheduler?: SchedulerLike
}

/** Seconds of the ward in one batch, at most. */
const SPAN = 8

function bedsOf(ward: SimulatedWard): SimulatedBed[] {
  const beds = Array.from({ length: ward.beds }, (_, i) => ({
    seed: Math.imul(ward.seed + 1, 0x9e3779b1) + Math.imul(i, 0x85ebca6b),
    setting: ward.setting,
    start: ward.start,
    hours: ward.hours,
    unit: ward.unit ?? 'SIM',
    bed: `${i + 1}`,
    episodes: (ward.episodes ?? []).filter(({ bed }) => bed === i + 1),
  }))
  return beds.filter((_, i) => i % (ward.every ?? 1) === 0)
}

/** All that arrives from a ward, in the order it happens; `times` are those of the ward, whatever a stamp says. */
export function* simulatedInputs(ward: SimulatedWard, table: ChannelTable): Generator<TimedInputs> {
  const beds = bedsOf(ward).map((bed) => simulatedBed(bed, table))
  const seconds = Math.round(ward.hours * 3600)
  for (let from = 0; from < seconds; from += SPAN) {
    const batch: TimedInputs = { times: [], inputs: [] }
    for (let second = from; second < Math.min(seconds, from + SPAN); second++) {
      for (const bed of beds) {
        let input = bed.next().value
        while (input !== undefined) {
          batch.times.push(ward.start + second * 1000)
          batch.inputs.push(input)
          input = input.kind === 'journal' ? bed.next().value : undefined
        }
      }
    }
    if (batch.inputs.length > 0) yield batch
  }
}

/** A ward of simulated beds as a source, patients keyed `sim-1`, `sim-2`, ...; the same seed gives the same ward. */
export function simulatedSource(ward: SimulatedWard, table: ChannelTable, pace: Pace = {}): Source {
  async function* open(): AsyncGenerator<TimedInputs> {
    yield* simulatedInputs(ward, table)
  }
  return timedSource('simulated', open, { speed: 'max', ...pace })
}

/** What really happens in a ward. */
export function groundTruth(ward: SimulatedWard): GroundTruth {
  const { seed, setting, start, hours, episodes = [] } = ward
  const patients = bedsOf(ward).flatMap(groundPatients)
  return {
    seed,
    setting: setting.name,
    start,
    hours,
    patients,
    episodes: episodes.map((episode) => {
      const from = start + episode.at * 1000
      const lying = patients.findLast((it) => it.bed === `${episode.bed}` && it.from <= from)!
      return {
        patient: lying.patient,
        bed: lying.bed,
        kind: episode.kind,
        nature: EFFECTS[episode.kind].nature,
        channels: seenIn(episode).filter((name) => lying.channels.includes(name)),
        from,
        to: from + episode.seconds * 1000,
        ...('size' in episode && { size: episode.size }),
      }
    }),
  }
}
