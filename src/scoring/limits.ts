import { VigilError } from '../errors.ts'
import type { Channel, ChannelTable } from '../vitals/channels.ts'
import type { Condition } from '../vitals/condition.ts'
import type { FrameColumns } from '../vitals/frame.ts'
import type { Limit, LimitProfile } from '../vitals/limits.ts'
import { PRESSURES } from './sensor-table.ts'
import { contradict } from './sensors.ts'
import { identified, label, measurement, timeOfDay, unitName } from './sentence.ts'
import { spoken } from './spoken.ts'

/** Values of a continuous channel further apart than this are no run, ms: monitors that print once a minute are one. */
const RUN_GAP = 90_000

/** row of a channel of the table, limited or not: a row outlives a change of limits */
const OUTSIDE = 0 // event time since which values are outside, ms, negative where they are below; NaN = they are inside
const LAST = 1 // event time of the newest value, ms; 0 before the first
const VALUE = 2 // that value
const FIELD_NAMES = ['outside', 'last', 'value'] as const
const FIELDS = FIELD_NAMES.length
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
  /** [stateSize] what each of them is, whichever channels have limits */
  readonly fields: readonly string[]
  /** channels of the table: D */
  readonly width: number
  readonly limited: readonly LimitedChannel[]
}

/**
 * @throws VigilError `config-invalid` when the profile limits a channel the table does not have
 */
export function limitPlan(profile: LimitProfile, table: ChannelTable): LimitPlan {
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
  return { stateSize: fields.length, fields, width: table.channels.length, limited }
}

/** Forget every run (a new patient at the bed). */
export function resetLimits(plan: LimitPlan, state: Float64Array, at: number): void {
  for (let own = at; own < at + plan.stateSize; own += FIELDS) forget(state, own)
}

function forget(state: Float64Array, own: number): void {
  state.fill(0, own, own + FIELDS)
  state[own + OUTSIDE] = Number.NaN
}

/** -1 below, 1 above, 2 asystole, 0 inside */
function sideOf({ beats, low, high }: LimitedChannel, value: number): number {
  return beats && value === 0 ? STILL : value < low ? BELOW : value > high ? ABOVE : 0
}

/** On which side the run is that stands in a row, as `sideOf`: what was found then, whichever limits hold now. */
function runOf({ beats }: LimitedChannel, state: Float64Array, own: number): number {
  const since = state[own + OUTSIDE]!
  if (Number.isNaN(since)) return 0
  // by its sign, which 0 has as well
  if (1 / since < 0) return BELOW
  return beats && state[own + VALUE] === 0 ? STILL : ABOVE
}

/** a run on a side, as OUTSIDE has it */
const outside = (side: number, since: number): number => (side === 0 ? Number.NaN : side === BELOW ? -since : since)

/**
 * Other limits hold from here on: what was seen last stands, and is held against them. A run that only they see begins
 * with that value; what they do not limit is forgotten.
 */
export function rejudgeLimits(plan: LimitPlan, state: Float64Array, at: number): void {
  const limited = new Map(plan.limited.map((it) => [it.index, it]))
  for (let index = 0; index < plan.width; index++) {
    const own = at + index * FIELDS
    const it = limited.get(index)
    if (it === undefined) forget(state, own)
    if (it === undefined || state[own + LAST] === 0) continue
    const side = sideOf(it, state[own + VALUE]!)
    if (side !== runOf(it, state, own)) state[own + OUTSIDE] = outside(side, state[own + LAST]!)
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
  state: Float64Array,
  at: number,
  frames: FrameColumns,
  row: number,
  time: number,
  out: Condition[],
): void {
  const from = row * plan.width
  for (let i = 0; i < plan.limited.length; i++) {
    const it = plan.limited[i]!
    const own = at + it.index * FIELDS
    const was = runOf(it, state, own)
    const observed =
      frames.masks[from + it.index] === 1 && !(it.pressure !== undefined && contradict(frames, from, it.pressure))
    if (!observed && was === 0) continue
    const episodic = it.channel.cadence === 'episodic'
    const lapsed = !episodic && time - state[own + LAST]! > RUN_GAP
    let side = was
    if (observed) {
      const value = frames.values[from + it.index]!
      side = sideOf(it, value)
      if (side !== was || lapsed) state[own + OUTSIDE] = outside(side, time)
      state[own + LAST] = time
      state[own + VALUE] = value
    } else if (lapsed) {
      side = 0
      state[own + OUTSIDE] = Number.NaN
    }
    if (side === 0) continue
    const since = Math.abs(state[own + OUTSIDE]!)
    const last = state[own + LAST]!
    if (episodic || side === STILL || last - since >= it.holdMs)
      out.push(conditionOf(it, side, since, last, state[own + VALUE]!))
  }
}
