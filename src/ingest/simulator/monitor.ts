import type { Random } from '../../random.ts'
import type { Person } from './person.ts'
import type { Signs } from './physiology.ts'
import type { WardSetting } from './settings.ts'

/** The channels of a simulated monitor, in the order it prints them. */
export const PRINTED = [
  'hr', 'pulse', 'spo2', 'resp', 'abp_sys', 'abp_dia', 'abp_mean', 'nibp_sys', 'nibp_dia', 'nibp_mean', 'temp',
] as const // biome-ignore format: one line
export const [HR, PULSE, SPO2, RESP, ABP_SYS, ABP_DIA, ABP_MEAN, NIBP_SYS, NIBP_DIA, NIBP_MEAN, TEMP] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
] as const // biome-ignore format: one line

/** What is wrong with the sensors and lines at one second. */
export interface Mishaps {
  probeOff: boolean
  leadOff: boolean
  damped: boolean
  flushed: boolean
  /** channel of PRINTED whose last value is printed on; -1 = none */
  stuck: number
}

/** seconds */
const CUFF_EVERY = 900
const CUFF_INFLATED = 35
const TEMP_EVERY = 3600

/**
 * Gaps measured in real numerics (docs/simulator.md): [an hour, middle length in seconds] of the short ones of BIDMC and
 * of the long ones of MIMIC II. Pulse and saturation come from one probe and go together.
 */
const GAPS = {
  lead: [[0.19, 4], [0.15, 300]],
  probe: [[1.9, 8.5], [0.35, 420]],
  breathing: [[0.37, 3.5], [0.15, 270]],
  line: [[0.75, 60]],
} as const // biome-ignore format: one sensor, one line

/** middle of exp(normal * 0.7) is 1; lengths differ that much */
const LENGTHS = 0.7

/** A sensor that loses its signal as often and as long as was measured: seconds left of the gap, 0 = none. */
function gaps(rows: readonly (readonly [number, number])[], factor: number, { uniform, normal }: Random): () => number {
  const perSecond = rows.map(([hourly]) => (factor * hourly) / 3600)
  const any = perSecond.reduce((a, b) => a + b, 0)
  let left = 0
  return () => {
    if (left > 0) return left--
    let drawn = uniform()
    if (drawn >= any) return 0
    let row = 0
    while (row < rows.length - 1 && drawn >= perSecond[row]!) drawn -= perSecond[row++]!
    left = Math.max(1, Math.round(rows[row]![1] * Math.exp(LENGTHS * normal())))
    return left--
  }
}

/** What a monitor prints of a value: averaged over `seconds`, in whole numbers that do not flicker. */
function averaged(seconds: number, sticky: number): (value: number) => number {
  const keep = Math.exp(-1 / seconds)
  let average = Number.NaN
  let shown = Number.NaN
  return (value) => {
    average = Number.isNaN(average) ? value : keep * average + (1 - keep) * value
    if (!(Math.abs(average - shown) < sticky)) shown = Math.round(average)
    return shown
  }
}

const whole = (value: number, low: number, high: number) => Math.round(Math.min(high, Math.max(low, value)))

/**
 * What the monitor of one bed prints, second by second, into `shown` [PRINTED.length]; NaN where it prints nothing. A
 * cuff pressure every 15 minutes, a temperature every hour, both at the bed's own minute.
 */
export function monitor(
  person: Person,
  setting: WardSetting,
  source: Random,
  shown: Float64Array,
): (second: number, signs: Signs, mishaps: Mishaps) => void {
  const { uniform, normal } = source
  const { averaging, sticky } = setting
  const print = {
    hr: averaged(averaging.hr, sticky),
    pulse: averaged(averaging.pulse, sticky),
    spo2: averaged(averaging.spo2, sticky),
    resp: averaged(averaging.resp, sticky),
    sys: averaged(averaging.abp, sticky),
    dia: averaged(averaging.abp, sticky),
    mean: averaged(averaging.abp, sticky),
  }
  const lost = {
    lead: gaps(GAPS.lead, setting.gaps, source),
    probe: gaps(GAPS.probe, setting.gaps, source),
    breathing: gaps(GAPS.breathing, setting.gaps, source),
    line: gaps(GAPS.line, setting.gaps, source),
  }
  const last = new Float64Array(PRINTED.length).fill(Number.NaN)
  const cuffAt = Math.floor(CUFF_EVERY * uniform())
  const tempAt = Math.floor(TEMP_EVERY * uniform())
  let inflated = 0
  let weak = 0
  return (second, signs, mishaps) => {
    shown.fill(Number.NaN)
    const cuff = second % CUFF_EVERY === cuffAt
    if (second % CUFF_EVERY === (cuffAt + CUFF_EVERY - CUFF_INFLATED) % CUFF_EVERY) inflated = CUFF_INFLATED
    else if (inflated > 0) inflated--
    const noFinger = inflated > 0 && person.cuffOnOximeterArm
    // a badly perfused finger is lost for minutes at a time
    if (weak > 0) weak--
    else if (signs.perfusion < 0.4 && uniform() < 1 / 300) weak = Math.round(90 * Math.exp(LENGTHS * normal()))
    const lead = lost.lead() > 0 || mishaps.leadOff
    const probe = lost.probe() > 0 || mishaps.probeOff || noFinger || weak > 0
    // the averages go on behind a short gap, as monitors' do
    const hr = whole(print.hr(signs.hr), 0, 250)
    const pulse = whole(print.pulse(signs.pulse), 20, 250)
    const spo2 = whole(print.spo2(signs.spo2), 30, 100)
    const resp = whole(print.resp(signs.resp), 0, 80)
    if (!lead) shown[HR] = hr
    if (!probe) {
      shown[PULSE] = pulse
      shown[SPO2] = spo2
    }
    if (lost.breathing() === 0 && !mishaps.leadOff) shown[RESP] = resp
    if (person.arterialLine) {
      const narrow = mishaps.damped ? 0.3 : 1
      const mean = print.mean(signs.mean)
      const sys = print.sys(signs.mean + narrow * (signs.sys - signs.mean))
      const dia = print.dia(signs.mean + narrow * (signs.dia - signs.mean))
      if (mishaps.flushed) {
        // the pressure bag
        const bag = whole(292 + 3 * normal(), 0, 375)
        shown[ABP_SYS] = bag
        shown[ABP_DIA] = bag - 2
        shown[ABP_MEAN] = bag - 1
      } else if (lost.line() === 0) {
        shown[ABP_SYS] = whole(sys, 20, 300)
        shown[ABP_DIA] = whole(Math.min(dia, sys), 10, 300)
        shown[ABP_MEAN] = whole(Math.max(Math.min(mean, sys), Math.min(dia, sys)), 14, 300)
      }
    }
    if (cuff) {
      const error = 3 * normal()
      shown[NIBP_SYS] = whole(signs.sys + error, 30, 300)
      shown[NIBP_DIA] = whole(signs.dia + error, 15, 300)
      shown[NIBP_MEAN] = whole(signs.mean + error, 20, 300)
    }
    if (second % TEMP_EVERY === tempAt) shown[TEMP] = Math.round(signs.temp * 10) / 10
    if (mishaps.stuck >= 0 && !Number.isNaN(last[mishaps.stuck]!)) shown[mishaps.stuck] = last[mishaps.stuck]!
    for (let i = 0; i < PRINTED.length; i++) if (!Number.isNaN(shown[i]!)) last[i] = shown[i]!
  }
}
