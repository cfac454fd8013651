import { random } from '../random.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import { OK, type Reading } from '../vitals/reading.ts'

/**
 * Something that happens to a simulated patient. `desaturation`: SpO2 falls and recovers in a straight line, `size`
 * percentage points at the deepest, breathing and heart rate react. `tachycardia`: the heart rate is `size` /min higher
 * from one beat to the next and falls back as suddenly (a paroxysm).
 */
export interface Episode {
  readonly kind: 'desaturation' | 'tachycardia'
  /** seconds after the start of the bed */
  readonly at: number
  readonly seconds: number
  readonly size: number
}

export interface SimulatedBed {
  readonly seed: number
  /** event time of the first reading, ms since 1970 */
  readonly start: number
  readonly hours: number
  readonly patientKey: string
  readonly unit?: string
  readonly bed: string
  readonly episodes?: readonly Episode[]
}

/** A mean-reverting wander, AR(1) a second: standard deviation `sd`, forgetting over `seconds`. */
function drift(sd: number, seconds: number, noise: () => number): () => number {
  const keep = Math.exp(-1 / seconds)
  const push = sd * Math.sqrt(1 - keep * keep)
  let value = sd * noise()
  return () => {
    value = keep * value + push * noise()
    return value
  }
}

const NAMES = ['hr', 'pulse', 'spo2', 'resp', 'abp_sys', 'abp_dia', 'abp_mean'] as const
const CUFF = ['nibp_sys', 'nibp_dia', 'nibp_mean'] as const
/** seconds */
const CUFF_EVERY = 900
const TEMP_EVERY = 3600

/** How strong the episodes of one kind are at this second, in their own unit. */
function strength(episodes: readonly Episode[], kind: Episode['kind'], second: number): number {
  let sum = 0
  for (const episode of episodes) {
    const since = second - episode.at
    if (episode.kind !== kind || since <= 0 || since >= episode.seconds) continue
    const shape = kind === 'desaturation' ? 1 - Math.abs((2 * since) / episode.seconds - 1) : 1
    sum += episode.size * shape
  }
  return sum
}

/** How far an average must be from what is printed before the monitor prints anew, in units of the last digit. */
const STICKY = 0.7

/** What a monitor prints of a value: averaged over `seconds`, in whole numbers that do not flicker. */
function printed(seconds: number): (value: number) => number {
  const keep = Math.exp(-1 / seconds)
  let average = Number.NaN
  let shown = Number.NaN
  return (value) => {
    average = Number.isNaN(average) ? value : keep * average + (1 - keep) * value
    if (!(Math.abs(average - shown) < STICKY)) shown = Math.round(average)
    return shown
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.round(Math.min(high, Math.max(low, value)))
}

/**
 * The readings of a simulated bed, one a second: averaged and printed as monitors do (repeats and steps near those of
 * the BIDMC numerics), drift, breathing in the arterial pressure, a cuff pressure every 15 minutes, a temperature every
 * hour. A function of its options alone: the same seed gives the same readings. Plausible, not physiology.
 */
export function* simulatedBed(options: SimulatedBed, table: ChannelTable): Generator<Reading> {
  const { start, hours, patientKey, unit, bed, episodes = [] } = options
  const { uniform, normal: noise } = random(options.seed)
  const indices = NAMES.map((name) => table.index.get(name)!)
  const cuff = CUFF.map((name) => table.index.get(name)!)
  const temp = table.index.get('temp')!
  // the person: resting values, per bed
  const rest = {
    hr: 62 + 30 * uniform(),
    spo2: 95.5 + 3 * uniform(),
    resp: 12 + 7 * uniform(),
    sys: 108 + 32 * uniform(),
    dia: 60 + 18 * uniform(),
    temp: 36.4 + 0.9 * uniform(),
  }
  const wander = {
    hr: drift(1.5, 300, noise),
    beat: drift(2.2, 12, noise),
    spo2: drift(0.7, 40, noise),
    resp: drift(1.7, 30, noise),
    pressure: drift(5, 400, noise),
    temp: drift(0.15, 7200, noise),
  }
  // the averaging times that give the repeats and steps of the BIDMC numerics
  const monitor = { hr: printed(3), pulse: printed(5), spo2: printed(8), resp: printed(8) }
  let breath = uniform()
  const seconds = Math.round(hours * 3600)
  const regular = indices.map(() => OK)
  for (let second = 0; second < seconds; second++) {
    const low = strength(episodes, 'desaturation', second)
    const fast = strength(episodes, 'tachycardia', second)
    const rate = rest.resp + wander.resp() + low / 4
    breath = (breath + rate / 60) % 1
    const inhaled = Math.sin(2 * Math.PI * breath)
    const hr = rest.hr + wander.hr() + wander.beat() + 0.5 * inhaled + 0.8 * low + fast + 0.4 * noise()
    const pressure = wander.pressure()
    const sys = rest.sys + pressure - 2.5 * inhaled + 0.6 * noise()
    const dia = rest.dia + 0.6 * pressure - 1.2 * inhaled + 0.4 * noise()
    const mean = dia + (sys - dia) / 3
    const temperature = rest.temp + wander.temp()
    const values = [
      clamp(monitor.hr(hr), 20, 250),
      clamp(monitor.pulse(hr + 0.5 * noise()), 20, 250),
      clamp(monitor.spo2(rest.spo2 + wander.spo2() - low), 50, 100),
      clamp(monitor.resp(rate), 4, 60),
      clamp(sys, 40, 260),
      clamp(dia, 20, 160),
      clamp(mean, 30, 200),
    ]
    const channels = [...indices]
    if (second % CUFF_EVERY === CUFF_EVERY - 1) {
      channels.push(...cuff)
      const error = 3 * noise()
      values.push(clamp(sys + error, 40, 260), clamp(dia + error, 20, 160), clamp(mean + error, 30, 200))
    }
    if (second % TEMP_EVERY === 0) {
      channels.push(temp)
      values.push(Math.round(temperature * 10) / 10)
    }
    yield {
      kind: 'reading',
      patientKey,
      encounter: undefined,
      unit,
      bed,
      time: start + second * 1000,
      mode: 'demo',
      complete: true,
      channels,
      values,
      statuses: channels.length === regular.length ? regular : channels.map(() => OK),
      times: undefined,
    }
  }
}
