import type { ChannelTable } from '../../vitals/channels.ts'
import type { FrameColumns } from '../../vitals/frame.ts'
import { HOURLY_INPUTS } from './kinds.ts'

/** seconds of a row of hourly inputs */
export const HOUR_SECONDS = 3600
/** parts of an hour of which a monitored channel's newest value is kept, for the hour's median: five minutes each */
const SLICES = 12

/**
 * What a bed's monitor calls a channel of the hourly recordings, first choice first, and the factor between their units.
 * Hourly pressures are of the arterial line where there is one, else of the cuff, as they were charted.
 */
const BEDSIDE: Readonly<Record<string, readonly (readonly [name: string, factor: number])[]>> = {
  hr: [['pulse', 1]],
  sys: [['abp_sys', 1], ['nibp_sys', 1]],
  map: [['abp_mean', 1], ['nibp_mean', 1]],
  dia: [['abp_dia', 1], ['nibp_dia', 1]],
  fio2_share: [['fio2', 0.01]],
} // biome-ignore format: one channel, one line

interface Source {
  /** index into the table */
  readonly index: number
  readonly factor: number
  readonly continuous: boolean
}

/**
 * How the frames of a bed become the rows of an hourly model. A channel that a monitor sends all the time enters an hour
 * once, with the median of what it was (the recordings of the Challenge 2019 were made like that, and those of 2012 hold
 * what a nurse charted about once an hour); every other value enters in the hour in which it became known.
 * Row of a patient: [newest value taken x C, tick it was measured in x C, slices of monitored channels, running summaries].
 */
export interface GatherPlan {
  readonly kind: keyof typeof HOURLY_INPUTS
  readonly stateSize: number
  /** channels of the frames: D */
  readonly width: number
  /** seconds of a frame's tick */
  readonly tickSeconds: number
  readonly sources: readonly (readonly Source[])[]
  /** [C] where the slices of a channel begin in the row; -1 for one that is not monitored */
  readonly slicesAt: Int32Array
  readonly inputsAt: number
}

export function gatherPlan(kind: GatherPlan['kind'], table: ChannelTable, tickSeconds: number): GatherPlan {
  const { channels, inputs } = HOURLY_INPUTS[kind]
  const sources = channels.map(({ name }) =>
    [[name, 1] as const, ...(BEDSIDE[name] ?? [])].flatMap(([from, factor]) => {
      const index = table.index.get(from)
      return index === undefined ? [] : [{ index, factor, continuous: table.channels[index]!.cadence === 'continuous' }]
    }),
  )
  let next = 2 * channels.length
  const slicesAt = Int32Array.from(sources, (of) => {
    if (!of.some(({ continuous }) => continuous)) return -1
    next += SLICES
    return next - SLICES
  })
  return {
    kind,
    stateSize: next + inputs.stateSize,
    width: table.channels.length,
    tickSeconds,
    sources,
    slicesAt,
    inputsAt: next,
  }
}

/** A new stay. What is known already, a laboratory value or an age, enters with the first frame. */
export function resetGather(plan: GatherPlan, state: Float64Array, at: number): void {
  state.fill(Number.NaN, at, at + plan.inputsAt)
  HOURLY_INPUTS[plan.kind].inputs.reset(state, at + plan.inputsAt)
}

/**
 * Take what is new in a frame into the open hour.
 * @param seconds of the open hour that the frame's tick is past its beginning
 * @returns whether anything was new
 */
export function gatherFrame(
  plan: GatherPlan,
  state: Float64Array,
  at: number,
  frames: FrameColumns,
  row: number,
  seconds: number,
): boolean {
  const { inputs } = HOURLY_INPUTS[plan.kind]
  const channels = plan.sources.length
  const from = row * plan.width
  const tick = frames.ticks[row]!
  let anything = false
  for (let c = 0; c < channels; c++) {
    for (const { index, factor, continuous } of plan.sources[c]!) {
      const cell = from + index
      if (continuous && frames.masks[cell] !== 1) continue
      const age = frames.ages[cell]!
      if (Number.isNaN(age)) continue
      const measured = tick - Math.round(age / plan.tickSeconds)
      if (measured <= state[at + channels + c]!) continue
      const value = frames.exact[cell]! * factor
      state[at + c] = value
      state[at + channels + c] = measured
      const slices = plan.slicesAt[c]!
      if (slices < 0) inputs.take(state, at + plan.inputsAt, c, value)
      else state[at + slices + Math.min(SLICES - 1, Math.floor((seconds * SLICES) / HOUR_SECONDS))] = value
      anything = true
      break
    }
  }
  return anything
}

/** The newest value of a channel that was taken, in its unit; NaN where there was none. */
export const gathered = (state: Float64Array, at: number, channel: number): number => state[at + channel]!

/** The open hour is over: write its F inputs, not yet normalised, at `x[into]`. */
export function closeHour(plan: GatherPlan, state: Float64Array, at: number, x: Float64Array, into: number): void {
  const { inputs } = HOURLY_INPUTS[plan.kind]
  const known: number[] = []
  for (let c = 0; c < plan.sources.length; c++) {
    const slices = at + plan.slicesAt[c]!
    if (slices < at) continue
    known.length = 0
    for (let s = slices; s < slices + SLICES; s++) if (!Number.isNaN(state[s]!)) known.push(state[s]!)
    if (known.length === 0) continue
    state.fill(Number.NaN, slices, slices + SLICES)
    state[at + c] = median(known)
    inputs.take(state, at + plan.inputsAt, c, state[at + c]!)
  }
  inputs.close(state, at + plan.inputsAt, x, into)
}

function median(values: number[]): number {
  values.sort((a, b) => a - b)
  const half = values.length >> 1
  return values.length % 2 === 1 ? values[half]! : (values[half - 1]! + values[half]!) / 2
}
