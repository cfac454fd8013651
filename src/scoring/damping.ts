/**
 * A damped line: clot, air or a kink takes the swing out of an arterial or pulmonary pressure, systolic falls and diastolic
 * rises, while the mean stays right. Blood that is lost narrows the swing, too, but over many minutes; a heart that stops
 * pumping takes the mean along.
 */

/** time constants, s: of what the line shows now, and of what is usual of it */
const NOW = 8
const USUAL = 180
/** s of the line before its usual swing is known */
const KNOWN = 120
/** s without the three pressures after which the line is another one */
const FORGOTTEN = 1800
/** shares of the usual swing below which it is damped, and above which it is itself again */
const NARROW = 0.5
const WIDE = 0.7
/** share by which the mean may have moved meanwhile: more, and it is the patient */
const STILL = 0.15
/** s for which it must be narrow */
const HELD = 15

/** row of one line; times in ticks */
const SEEN = 0 // tick of the newest three pressures; NaN before the first
const HEARD = 1 // s of the line, up to USUAL
const SWING = 2
const MEAN = 3
const USUAL_SWING = 4
const USUAL_MEAN = 5
const NARROWED = 6 // tick since which it is narrow; NaN = it is not
const DAMPED = 7 // 1 once that was for long enough
export const LINE_FIELDS = 8

/** Forget the line. */
export function resetLine(state: Float64Array, at: number): void {
  state.fill(0, at, at + LINE_FIELDS)
  state[at + SEEN] = Number.NaN
  state[at + NARROWED] = Number.NaN
}

/** Whether the line is damped. */
export const isDamped = (state: Float64Array, at: number): boolean => state[at + DAMPED] === 1

/** Since which tick the line is damped, its swing now and its usual one, mm[Hg]. */
export function damped(
  state: Float64Array,
  at: number,
): { readonly since: number; readonly swing: number; readonly usual: number } {
  return { since: state[at + NARROWED]!, swing: state[at + SWING]!, usual: state[at + USUAL_SWING]! }
}

/**
 * Take one tick's pressures of a line.
 * @param sys mm[Hg], as the other two
 */
export function watchLine(
  state: Float64Array,
  at: number,
  tick: number,
  cadenceSeconds: number,
  sys: number,
  dia: number,
  mean: number,
): void {
  const passed = (tick - state[at + SEEN]!) * cadenceSeconds
  if (!(passed <= FORGOTTEN)) {
    resetLine(state, at)
    state[at + SWING] = state[at + USUAL_SWING] = sys - dia
    state[at + MEAN] = state[at + USUAL_MEAN] = mean
    state[at + SEEN] = tick
    return
  }
  state[at + SEEN] = tick
  // a gap has taught nobody anything
  const step = Math.min(passed, NOW)
  const move = (field: number, to: number, seconds: number) => {
    state[at + field]! += (to - state[at + field]!) * Math.min(1, step / seconds)
  }
  move(SWING, sys - dia, NOW)
  move(MEAN, mean, NOW)
  state[at + HEARD] = Math.min(USUAL, state[at + HEARD]! + step)
  const usual = state[at + USUAL_SWING]!
  const narrowed = !Number.isNaN(state[at + NARROWED]!)
  if (narrowed && (state[at + SWING]! > WIDE * usual || !(state[at + DAMPED] === 1 || still(state, at)))) {
    state[at + NARROWED] = Number.NaN
    state[at + DAMPED] = 0
  } else if (!narrowed && state[at + HEARD]! >= KNOWN && state[at + SWING]! < NARROW * usual && still(state, at))
    state[at + NARROWED] = tick
  if ((tick - state[at + NARROWED]!) * cadenceSeconds >= HELD) state[at + DAMPED] = 1
  // what is usual is not learnt from a line that may be damped
  if (!Number.isNaN(state[at + NARROWED]!)) return
  move(USUAL_SWING, sys - dia, Math.max(NOW, state[at + HEARD]!))
  move(USUAL_MEAN, mean, Math.max(NOW, state[at + HEARD]!))
}

const still = (state: Float64Array, at: number): boolean =>
  Math.abs(state[at + MEAN]! - state[at + USUAL_MEAN]!) <= STILL * state[at + USUAL_MEAN]!
