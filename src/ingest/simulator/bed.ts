import type { Random } from '../../random.ts'
import { random } from '../../random.ts'
import type { ChannelTable } from '../../vitals/channels.ts'
import type { Episode, GroundTruth } from '../../vitals/episode.ts'
import type { JournalEntry } from '../../vitals/journal.ts'
import { OK, type Reading } from '../../vitals/reading.ts'
import { act, acts } from './effects.ts'
import { type Mishaps, monitor, PRINTED } from './monitor.ts'
import { drawPerson, type Person } from './person.ts'
import { type Forces, physiology } from './physiology.ts'
import type { WardSetting } from './settings.ts'

export interface SimulatedBed {
  readonly seed: number
  readonly setting: WardSetting
  /** event time of the first reading, ms since 1970; time of day is that of UTC */
  readonly start: number
  readonly hours: number
  readonly unit: string
  readonly bed: string
  readonly episodes: readonly Episode[]
}

export type GroundPatient = GroundTruth['patients'][number]

const HOUR = 3600
const DAY = 86_400

/** Whoever lies in the bed, from one handover to the next: seconds of the ward, [from, to). */
interface Lying {
  readonly from: number
  readonly to: number
  readonly person: Person
  readonly patientKey: string
  readonly source: Random
}

/** The patients of a bed, one after the other; the same for the same options. */
function patientsOf({ seed, setting, hours, bed, episodes }: SimulatedBed): Lying[] {
  const end = Math.round(hours * HOUR)
  const handovers = episodes.filter(({ kind }) => kind === 'handover').sort((a, b) => a.at - b.at)
  // a line episode at a bed is of a patient who has a line
  const line = episodes.some(({ kind }) => kind === 'damped-line' || kind === 'flushed-line')
  return [undefined, ...handovers].map((before, i) => {
    const source = random(seed + Math.imul(i, 0x2545f491))
    return {
      from: before === undefined ? 0 : Math.ceil(before.at + before.seconds),
      to: handovers[i] === undefined ? end : Math.ceil(handovers[i].at),
      person: drawPerson(source, setting, line),
      patientKey: `sim-${bed}${i === 0 ? '' : `-${i + 1}`}`,
      source,
    }
  })
}

/** Who lies in the bed, and when: what the ground truth says of it. */
export function groundPatients(options: SimulatedBed): GroundPatient[] {
  return patientsOf(options).map(({ from, to, person, patientKey }) => ({
    patient: patientKey,
    unit: options.unit,
    bed: options.bed,
    ageYears: person.ageYears,
    profile: person.profile,
    from: options.start + from * 1000,
    to: options.start + to * 1000,
    channels: PRINTED.filter((name) => person.arterialLine || !name.startsWith('abp_')),
  }))
}

/**
 * What arrives from a simulated bed, in order: for every second a whole set of numerics, or undefined where nothing
 * comes (the link is down, the bed stands empty); before it an entry of the journal for an admission or discharge. A
 * function of its options alone: the same seed gives the same inputs.
 */
export function* simulatedBed(
  options: SimulatedBed,
  table: ChannelTable,
): Generator<Reading | JournalEntry | undefined> {
  let second = 0
  for (const lying of patientsOf(options)) {
    for (; second < lying.from; second++) yield undefined
    const { patientKey, person } = lying
    yield {
      ...entryAt(options, second, patientKey),
      entry: 'admit',
      encounter: `${patientKey}-stay`,
      unit: options.unit,
      bed: options.bed,
      profile: person.profile,
    }
    yield* stay(options, lying, table)
    second = lying.to
    if (second < Math.round(options.hours * HOUR)) yield { ...entryAt(options, second, patientKey), entry: 'discharge' }
  }
}

function entryAt({ start }: SimulatedBed, second: number, patientKey: string) {
  return { kind: 'journal', patientKey, at: start + second * 1000, afterOffset: -1 } as const
}

function* stay(options: SimulatedBed, lying: Lying, table: ChannelTable): Generator<Reading | undefined> {
  const { start, setting, unit, bed } = options
  const { person, patientKey, source } = lying
  const index = PRINTED.map((name) => table.index.get(name)!)
  const shown = new Float64Array(PRINTED.length)
  const live = physiology(person, setting, source)
  const print = monitor(person, setting, source, shown)
  const forces: Forces = { desaturation: 0, breathing: 1, volume: 0, sepsis: 0, rate: 0, irregular: 0 }
  const mishaps: Mishaps = { probeOff: false, leadOff: false, damped: false, flushed: false, stuck: -1 }
  // what happened to the patient before leaves the bed with them
  const episodes = options.episodes.filter(({ at, kind }) => at >= lying.from && at < lying.to && kind !== 'handover')
  for (let second = lying.from; second < lying.to; second++) {
    clear(forces, mishaps)
    let [linkDown, shift] = [false, 0]
    for (const episode of episodes) {
      const since = second - episode.at
      if (!acts(episode, since)) continue
      if (episode.kind === 'link-down') linkDown = true
      else if (episode.kind === 'clock-jump') shift = episode.size
      else act(episode, since, forces, mishaps)
    }
    print(second, live((start / 1000 + second) % DAY, forces), mishaps)
    if (linkDown) {
      yield undefined
      continue
    }
    const channels: number[] = []
    const values: number[] = []
    const statuses: number[] = []
    for (let i = 0; i < shown.length; i++) {
      if (Number.isNaN(shown[i]!)) continue
      channels.push(index[i]!)
      values.push(shown[i]!)
      statuses.push(OK)
    }
    yield {
      kind: 'reading',
      patientKey,
      encounter: undefined,
      unit,
      bed,
      time: start + (second + shift) * 1000,
      mode: 'demo',
      complete: true,
      channels,
      values,
      statuses,
      times: undefined,
    }
  }
}

function clear(forces: Forces, mishaps: Mishaps): void {
  forces.desaturation = forces.volume = forces.sepsis = forces.rate = forces.irregular = 0
  forces.breathing = 1
  mishaps.probeOff = mishaps.leadOff = mishaps.damped = mishaps.flushed = false
  mishaps.stuck = -1
}
