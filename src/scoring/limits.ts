import { VigilError } from '../errors.ts'
import type { Channel, ChannelTable } from '../vitals/channels.ts'
import type { Condition } from '../vitals/condition.ts'
import type { FrameColumns } from '../vitals/frame.ts'
import type { Limit, LimitProfile } from '../vitals/limits.ts'
import { type Page, Pool } from './page.ts'
import { PRESSURES } from './sensor-table.ts'
import { contradict } from './sensors.ts'
import { identified, label, measurement, timeOfDay, unitName } from './sentence.ts'
import { spoken } from './spoken.ts'

/** Values of a continuous channel further apart than this are no run, ms: monitors that print once a minute are one. */
const RUN_GAP = 90_000

/**
 * Row of a patient: of each channel of the table, limited or not, since a row outlives a change of limits, the event time of
 * its newest value, ms, 0 before the first. Then, in words, the row of `plan.runs` and those values.
 */
const RUNS = 0 // 0 = the values of all channels are inside their limits
const VALUES = 1 // float32
/** A row of runs: of each channel the event time since which values are outside, ms, negative where they are below; NaN = they are inside. */
const FIELD_NAMES = ['outside', 'last', 'value'] as const
const BELOW = -1
const ABOVE = 1
const STILL = 2

interface LimitedChannel {
  /** index in the channel table */
  readonly index: number
  readonly channel: Channel
  readonly limit: Limit
  /** what a value beyond either is called */
  readonly lowCode: string
  readonly highCode: string
  /** limits as float32, like the values of a frame; -Infinity and Infinity where there is none */
  readonly low: number
  readonly high: number
  readonly holdMs: number
  /** [sys, dia, mean] in the channel table when this is one of such three, else undefined */
  readonly pressure: readonly [number, number, number] | undefined
  /** heart rate by ECG: 0 is asystole */
  readonly beats: boolean
}

/** Fixed limits over a channel table: they know nothing of any model. */
export interface LimitPlan {
  /** doubles of one patient's row */
  readonly stateSize: number
  /** what each number of a patient is, whichever channels have limits */
  readonly fields: readonly string[]
  /** channels of the table: D */
  readonly width: number
  /** runs of patients outside of any limit; one for all plans that see the same rows */
  readonly runs: Pool
  readonly limited: readonly LimitedChannel[]
}

/** Room for the runs of patients, for plans over one channel table. */
export const limitRuns = ({ channels }: ChannelTable): Pool => new Pool(channels.length)

/**
 * @throws VigilError `config-invalid` when the profile limits a channel the table does not have
 */
export function limitPlan(profile: LimitProfile, table: ChannelTable, runs: Pool = limitRuns(table)): LimitPlan {
  const unlimited: Limit = { holdSeconds: 0, priority: 'high' }
  const limits = new Map<string, Limit>(Object.entries(profile))
  // asystole is watched whether or not the heart rate has limits
  if (!limits.has('hr')) limits.set('hr', unlimited)
  const limited = [...limits].map(([name, limit]): LimitedChannel => {
    const index = table.index.get(name)
    if (index === undefined)
      throw new VigilError('config-invalid', `a limit is set for "${name}", which is no channel`, {
        place: `limits.${name}`,
      })
    const prefix = PRESSURES.find((it) => name.startsWith(`${it}_`))
    const three = ['sys', 'dia', 'mean'].map((part) => table.index.get(`${prefix}_${part}`) ?? -1)
    return {
      index,
      channel: table.channels[index]!,
      limit,
      lowCode: `${name.replaceAll('_', '-')}-low`,
      highCode: `${name.replaceAll('_', '-')}-high`,
      low: Math.fround(limit.low ?? Number.NEGATIVE_INFINITY),
      high: Math.fround(limit.high ?? Number.POSITIVE_INFINITY),
      holdMs: limit.holdSeconds * 1000,
      pressure: three.includes(-1) ? undefined : (three as [number, number, number]),
      beats: name === 'hr',
    }
  })
  // every channel of the table, limited or not: a patient's row outlives a change of limits or of profile
  const fields = table.channels.flatMap(({ name }) => FIELD_NAMES.map((field) => `limit.${name}.${field}`))
  const width = table.channels.length
  return { stateSize: width + Math.ceil((VALUES + width) / 2), fields, width, runs, limited }
}

/** Forget everything (a new patient at the bed). */
export function resetLimits(plan: LimitPlan, state: Page, at: number): void {
  plan.runs.give(state.words[wordsAt(plan, at) + RUNS]!)
  state.fill(0, at, at + plan.stateSize)
}

/** where the words of a row begin */
const wordsAt = ({ width }: LimitPlan, at: number): number => 2 * (at + width)

/** Since when a channel's values are outside; NaN = they are inside. */
function outsideOf(plan: LimitPlan, state: Page, at: number, index: number): number {
  const row = state.words[wordsAt(plan, at) + RUNS]!
  return row === 0 ? Number.NaN : plan.runs.page(row)[plan.runs.at(row) + index]!
}

function setOutside(plan: LimitPlan, state: Page, at: number, index: number, since: number): void {
  const own = wordsAt(plan, at) + RUNS
  let row = state.words[own]!
  if (row === 0) {
    if (Number.isNaN(since)) return
    row = state.words[own] = plan.runs.take()
    plan.runs.page(row).fill(Number.NaN, plan.runs.at(row), plan.runs.at(row) + plan.width)
  }
  const page = plan.runs.page(row)
  const from = plan.runs.at(row)
  page[from + index] = since
  for (let i = from; i < from + plan.width; i++) if (!Number.isNaN(page[i]!)) return
  plan.runs.give(row)
  state.words[own] = 0
}

/** A patient's numbers, in the order of `plan.fields`. */
export function readLimits(plan: LimitPlan, state: Page, at: number, into: Float64Array, to: number): void {
  const values = wordsAt(plan, at) + VALUES
  const inside = state.words[wordsAt(plan, at) + RUNS] === 0
  for (let index = 0; index < plan.width; index++, to += FIELD_NAMES.length) {
    into[to] = inside ? Number.NaN : outsideOf(plan, state, at, index)
    into[to + 1] = state[at + index]!
    into[to + 2] = state.floats[values + index]!
  }
}

/** The inverse of `readLimits`. */
export function writeLimits(plan: LimitPlan, state: Page, at: number, from: Float64Array, next: number): void {
  for (let index = 0, own = next; index < plan.width; index++) {
    setOutside(plan, state, at, index, from[own++]!)
    state[at + index] = from[own++]!
    state.floats[wordsAt(plan, at) + VALUES + index] = from[own++]!
  }
}

/** -1 below, 1 above, 2 asystole, 0 inside */
function sideOf({ beats, low, high }: LimitedChannel, value: number): number {
  return beats && value === 0 ? STILL : value < low ? BELOW : value > high ? ABOVE : 0
}

/** On which side the run is that stands in a row, as `sideOf`: what was found then, whichever limits hold now. */
function runOf({ beats }: Pick<LimitedChannel, 'beats'>, since: number, value: number): number {
  if (Number.isNaN(since)) return 0
  // by its sign, which 0 has as well
  if (1 / since < 0) return BELOW
  return beats && value === 0 ? STILL : ABOVE
}

/** a run on a side, as a row of runs has it */
const outside = (side: number, since: number): number => (side === 0 ? Number.NaN : side === BELOW ? -since : since)

/**
 * Other limits hold from here on: what was seen last stands, and is held against them. A run that only they see begins
 * with that value; what they do not limit is forgotten.
 */
export function rejudgeLimits(plan: LimitPlan, state: Page, at: number): void {
  const limited = new Map(plan.limited.map((it) => [it.index, it]))
  const values = wordsAt(plan, at) + VALUES
  for (let index = 0; index < plan.width; index++) {
    const it = limited.get(index)
    if (it === undefined) {
      setOutside(plan, state, at, index, Number.NaN)
      state[at + index] = 0
      state.floats[values + index] = 0
    }
    if (it === undefined || state[at + index] === 0) continue
    const value = state.floats[values + index]!
    const side = sideOf(it, value)
    if (side === runOf(it, outsideOf(plan, state, at, index), value)) continue
    setOutside(plan, state, at, index, outside(side, state[at + index]!))
  }
}

function conditionOf(it: LimitedChannel, side: number, since: number, time: number, value: number): Condition {
  const still = side === STILL
  const { channel, limit } = it
  const above = side === ABOVE
  const bound = above ? limit.high! : (limit.low ?? 0)
  return spoken(
    {
      detector: 'limits',
      code: still ? 'asystole' : above ? it.highCode : it.lowCode,
      kind: 'physiological',
      priority: still ? 'high' : limit.priority,
      onset: since,
      score: still ? undefined : { name: 'limit', value, threshold: bound, calibrated: false },
      latching: still,
      steady: true,
    },
    {
      label: () => {
        const said = measurement(channel, value, still ? value : bound)
        const bounds = still ? ': asystole' : `, limit ${bound}`
        return label(`${said}${bounds}, since ${timeOfDay(since)}`, `${said}${bounds}`, said)
      },
      channels: () => [
        {
          ...identified(channel),
          observed: value,
          ...(!still && { limit: { side: above ? 'high' : 'low', value: bound } as const }),
          status: 'ok',
          sampleTime: time,
        },
      ],
      explanation: () =>
        still
          ? { text: `${channel.meaning}: 0 with a good signal.`, method: 'fixed rule' }
          : {
              text: `${channel.meaning} ${above ? 'above' : 'below'} ${bound} ${unitName(channel)} for at least ${limit.holdSeconds} s.`,
              method: 'fixed limit',
            },
    },
  )
}

/**
 * Hold this tick's values against the fixed limits; what is outside long enough is added to `out`.
 * A continuous channel must stay outside for its hold, over gaps of up to 90 s; an episodic value counts at once and
 * until the next one. Only what never reached the frame (bad status, outside the hard range) and impossible pressures
 * are exempt.
 * @param time event time of the tick, ms since 1970
 */
export function checkLimits(
  plan: LimitPlan,
  state: Page,
  at: number,
  frames: FrameColumns,
  row: number,
  time: number,
  out: Condition[],
): void {
  const from = row * plan.width
  const words = wordsAt(plan, at)
  for (let i = 0; i < plan.limited.length; i++) {
    const it = plan.limited[i]!
    const { index } = it
    const runs = state.words[words + RUNS] !== 0
    const observed =
      frames.masks[from + index] === 1 && !(it.pressure !== undefined && contradict(frames, from, it.pressure))
    if (!observed && !runs) continue
    const valueAt = words + VALUES + index
    const was = runs ? runOf(it, outsideOf(plan, state, at, index), state.floats[valueAt]!) : 0
    if (!observed && was === 0) continue
    const episodic = it.channel.cadence === 'episodic'
    const lapsed = !episodic && time - state[at + index]! > RUN_GAP
    let side = was
    if (observed) {
      const value = frames.values[from + index]!
      side = sideOf(it, value)
      if (side !== was || (lapsed && side !== 0)) setOutside(plan, state, at, index, outside(side, time))
      state[at + index] = time
      state.floats[valueAt] = value
    } else if (lapsed) {
      side = 0
      setOutside(plan, state, at, index, Number.NaN)
    }
    if (side === 0) continue
    const since = Math.abs(outsideOf(plan, state, at, index))
    const last = state[at + index]!
    if (episodic || side === STILL || last - since >= it.holdMs)
      out.push(conditionOf(it, side, since, last, state.floats[valueAt]!))
  }
}
