import { concat, defer } from 'rxjs'
import type { TimedInputs } from '../ingest/merge.ts'
import { timedSource } from '../ingest/recordings.ts'
import { groundPatients, type SimulatedBed, simulatedBed } from '../ingest/simulator/bed.ts'
import { laboratory, type Panel } from '../ingest/simulator/laboratory.ts'
import { SETTINGS } from '../ingest/simulator/settings.ts'
import type { Input, Source } from '../stream/ports.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import { OK, type Reading } from '../vitals/reading.ts'

const HOUR = 3600
/** Hours of the stay that lie behind when the demonstration begins; the next is over a minute later. */
export const PAST_HOURS = 23
const FIRST_LIVE_HOUR_S = 60
const PAST_S = PAST_HOURS * HOUR + HOUR - FIRST_LIVE_HOUR_S
/** Of the past one set of numerics in so many seconds is given, as a chart keeps them; cuff and temperature whole. */
const PAST_EVERY_S = 60
/** Inputs of the past in one batch: other beds are not to wait for it. */
const CHUNK = 60
/** the patient's sepsis: its beginning and length, seconds of the stay, and how severe it becomes */
const ONSET_S = 12 * HOUR
const LASTS_S = 20 * HOUR
const SIZE = 0.8
/** a patient of 66 */
const SEED = 2024
/** sensors that never fail: of this bed the slow change is to be seen */
const CALM = { ...SETTINGS.training, children: 0, arterialLines: 0, cuffOnOximeterArm: 0, gaps: 0, excursions: 0 }

/** What is asked of the laboratory, and when it answers: seconds of the stay. Suspicion asks more often. */
const ORDERS: readonly (readonly [at: number, ...panels: Panel[]])[] = [
  [0.4 * HOUR, 'blood', 'liver'],
  [8 * HOUR, 'blood'],
  [16.2 * HOUR, 'blood', 'gases'],
  [18.6 * HOUR, 'gases'],
  [20.2 * HOUR, 'blood', 'gases', 'liver'],
  [21.7 * HOUR, 'gases'],
  [22.8 * HOUR, 'gases'],
  [PAST_S + 30, 'blood', 'gases'],
  [PAST_S + HOUR, 'gases'],
]

/**
 * A simulated bed whose patient slowly becomes septic, with sparse laboratory values. An hourly model needs a day to have
 * something to say: the stay's past hours come first, as fast as they are taken, then the bed lives at the ward's speed.
 * @param start event time at which the demonstration begins, ms since 1970
 */
export function slowSepsis(
  place: { unit: string; bed: string },
  start: number,
  table: ChannelTable,
  speed: number,
): Source {
  return defer(() => {
    const inputs = stayInputs(place, start, table)
    async function* past(): AsyncGenerator<TimedInputs> {
      let batch: { times: number[]; inputs: Input[] } = { times: [], inputs: [] }
      for (let next = inputs.next(); next.done !== true; next = inputs.next()) {
        const [second, input] = next.value
        batch.times.push(start + (second - PAST_S) * 1000)
        batch.inputs.push(input)
        if (second < PAST_S && batch.inputs.length < CHUNK) continue
        yield batch
        if (second >= PAST_S) return
        batch = { times: [], inputs: [] }
      }
    }
    async function* live(): AsyncGenerator<TimedInputs> {
      for (const [second, input] of inputs) yield { times: [start + (second - PAST_S) * 1000], inputs: [input] }
    }
    return concat(timedSource('slow sepsis', past), timedSource('slow sepsis', live, { speed }))
  })
}

/** All that arrives from the bed, each with its second of the stay. */
function* stayInputs(
  place: { unit: string; bed: string },
  start: number,
  table: ChannelTable,
): Generator<readonly [second: number, input: Input]> {
  const bed: SimulatedBed = {
    ...place,
    seed: SEED,
    setting: CALM,
    start: start - PAST_S * 1000,
    hours: 24 * 30,
    episodes: [{ bed: 1, kind: 'sepsis', at: ONSET_S, seconds: LASTS_S, size: SIZE }],
  }
  const asked = laboratory(2019)
  const { ageYears } = groundPatients(bed)[0]!
  const told = { age: Math.round(ageYears), sex: 1, medical_icu: 1, surgical_icu: 0, before_icu: -9, icu_hours: 1 }
  const reading = (second: number, values: Readonly<Record<string, number>>, like: Reading): Reading => {
    // without the models that know them, the channels are not there
    const known = Object.keys(values).filter((name) => table.index.has(name))
    return {
      ...like,
      time: bed.start + second * 1000,
      // another system than the monitor sends it: its tick is open to both
      complete: false,
      channels: known.map((name) => table.index.get(name)!),
      values: known.map((name) => values[name]!),
      statuses: known.map(() => OK),
    }
  }
  let second = 0
  let next = 0
  for (const input of simulatedBed(bed, table)) {
    if (input?.kind === 'journal') {
      yield [second, input]
      continue
    }
    if (input !== undefined) {
      if (second === 0) yield [second, reading(second, told, input)]
      const [at = Number.POSITIVE_INFINITY, ...panels] = ORDERS[next] ?? []
      if (second >= at) {
        next++
        const severity = SIZE * Math.min(1, Math.max(0, (second - ONSET_S) / LASTS_S))
        yield [second, reading(second, asked(panels, severity), input)]
      }
      if (second >= PAST_S || second % PAST_EVERY_S === 0 || isEpisodic(input, table)) yield [second, input]
    }
    second++
  }
}

const isEpisodic = ({ channels }: Reading, table: ChannelTable): boolean =>
  channels.some((channel) => table.channels[channel]!.cadence === 'episodic')
