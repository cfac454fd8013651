import type { Page } from './page.ts'

/** smallest scale of a forecast, in the channel's unit: keeps a degenerate network finite */
const SMALLEST_SCALE = 1e-6

/**
 * Forecasts that wait for their ticks: of each horizon the tick it is for, NaN = none, a double; then C means and C scales as
 * the network gave them, float32, normalised. What they say in the channels' units is worked out whenever it is asked for,
 * every time to the same bit.
 */
export interface PendingRow {
  /** [C] index of the model's channels in the channel table */
  readonly channels: ArrayLike<number>
  /** [K] in ticks */
  readonly horizons: readonly number[]
  /** [C] the normaliser's */
  readonly centre: Float64Array
  readonly scale: Float64Array
}

/** Doubles of a row. */
export const pendingSize = (horizons: number, channels: number): number => horizons * (1 + channels)

/** where a horizon's forecast stands: the tick it is for */
export const pendingAt = ({ channels }: PendingRow, at: number, k: number): number => at + k * (1 + channels.length)

/** Forget every forecast. */
export function resetPending(plan: PendingRow, state: Page, at: number): void {
  const end = pendingAt(plan, at, plan.horizons.length)
  state.floats.fill(Number.NaN, 2 * at, 2 * end)
  for (let k = 0; k < plan.horizons.length; k++) state[pendingAt(plan, at, k)] = Number.NaN
}

/** where its means begin in `state.floats`; its scales follow */
export const meansAt = (plan: PendingRow, at: number, k: number): number => 2 * (pendingAt(plan, at, k) + 1)

/** Mean and scale of a channel, channel unit. @param raw as the network gave it */
export const meanMade = (plan: PendingRow, c: number, raw: number): number => plan.centre[c]! + plan.scale[c]! * raw
export const scaleMade = (plan: PendingRow, c: number, raw: number): number =>
  Math.max(SMALLEST_SCALE, plan.scale[c]! * raw)

/** Mean of a pending forecast, channel unit. */
export const meanOf = (plan: PendingRow, state: Page, at: number, k: number, c: number): number =>
  meanMade(plan, c, state.floats[meansAt(plan, at, k) + c]!)

/** Scale of a pending forecast, channel unit. */
export const scaleOf = (plan: PendingRow, state: Page, at: number, k: number, c: number): number =>
  scaleMade(plan, c, state.floats[meansAt(plan, at, k) + plan.channels.length + c]!)

/**
 * Keep the forecast of a horizon that a step made. One that is not finite is none.
 * @param forecast [.., 2 * C] means then scales, beginning at `from`
 */
export function keepPending(
  plan: PendingRow,
  state: Page,
  at: number,
  k: number,
  due: number,
  forecast: Float32Array,
  from: number,
): void {
  const C = plan.channels.length
  const own = pendingAt(plan, at, k)
  const { floats } = state
  const to = meansAt(plan, at, k)
  let finite = true
  for (let c = 0; c < C; c++) {
    const mean = forecast[from + c]!
    const scale = forecast[from + C + c]!
    floats[to + c] = mean
    floats[to + C + c] = scale
    finite &&= Number.isFinite(meanMade(plan, c, mean)) && Number.isFinite(scaleMade(plan, c, scale))
  }
  state[own] = finite ? due : Number.NaN
}

/** How many plain numbers a patient's pending forecasts are: of each horizon the tick, C means and C scales in the channels' units. */
export const pendingNumbers = ({ horizons, channels }: PendingRow): number =>
  horizons.length * (1 + 2 * channels.length)

/** @param into written from `to` on: [pendingNumbers(plan)] */
export function readPending(plan: PendingRow, state: Page, at: number, into: Float64Array, to: number): void {
  for (let k = 0; k < plan.horizons.length; k++) {
    into[to++] = state[pendingAt(plan, at, k)]!
    for (let c = 0; c < plan.channels.length; c++) into[to++] = meanOf(plan, state, at, k, c)
    for (let c = 0; c < plan.channels.length; c++) into[to++] = scaleOf(plan, state, at, k, c)
  }
}

/**
 * The inverse of `readPending`: the numbers that are worked out are the same again, to the bit. A mean's distance from the centre is
 * either so large that the float32 which made it is the nearest to it, or so small that any near it is lost in the mean's last bit.
 */
export function writePending(plan: PendingRow, state: Page, at: number, from: Float64Array, next: number): void {
  const C = plan.channels.length
  const { floats } = state
  for (let k = 0; k < plan.horizons.length; k++) {
    const to = meansAt(plan, at, k)
    state[pendingAt(plan, at, k)] = from[next++]!
    for (let c = 0; c < C; c++) floats[to + c] = (from[next++]! - plan.centre[c]!) / plan.scale[c]!
    for (let c = 0; c < C; c++) {
      const scale = from[next++]!
      // what was too small may have been anything: it is nothing
      floats[to + C + c] = scale === SMALLEST_SCALE ? 0 : scale / plan.scale[c]!
    }
  }
}
