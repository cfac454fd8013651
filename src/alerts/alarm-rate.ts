import type { AlertBody } from '../vitals/alert.ts'

/** How often a ward was alerted, in the terms clinicians measure in: episodes per patient-day. */
export interface AlarmRate {
  /** time watched, frames times cadence, over all patients */
  readonly patientDays: number
  /** alerts that started: onsets before silencing */
  readonly episodes: number
  readonly perPatientDay: number
  /** messages that called somebody: after silencing, escalations with them */
  readonly calls: number
  readonly callsPerPatientDay: number
  /** 95 % interval of the rate: Byar's approximation to the exact Poisson limits (Breslow and Day 1987, p. 69) */
  readonly interval: readonly [low: number, high: number]
  /** episodes by what was said, most frequent first */
  readonly byCode: Readonly<Record<string, number>>
  readonly byDetector: Readonly<Record<string, number>>
}

const SECONDS_A_DAY = 86_400
/** standard normal quantile of 0.975 */
const Z = 1.959963984540054

/** Counts the starts and the calls among alert events; `rate` may be asked at any time. */
export class AlarmCount {
  readonly #byCode = new Map<string, number>()
  readonly #byDetector = new Map<string, number>()
  #episodes = 0
  #calls = 0

  add(body: AlertBody): void {
    if (body.signal.call === 'now') this.#calls++
    if (body.phase !== 'start') return
    this.#episodes++
    this.#byCode.set(body.code, (this.#byCode.get(body.code) ?? 0) + 1)
    const { detector } = body.source
    this.#byDetector.set(detector, (this.#byDetector.get(detector) ?? 0) + 1)
  }

  /**
   * @param frames frames scored, over all patients
   * @param cadenceSeconds length of a tick
   */
  rate(frames: number, cadenceSeconds: number): AlarmRate {
    const patientDays = (frames * cadenceSeconds) / SECONDS_A_DAY
    const [low, high] = poissonInterval(this.#episodes)
    const per = (count: number) => (patientDays === 0 ? 0 : Number((count / patientDays).toPrecision(4)))
    return {
      patientDays: Number(patientDays.toPrecision(4)),
      episodes: this.#episodes,
      perPatientDay: per(this.#episodes),
      calls: this.#calls,
      callsPerPatientDay: per(this.#calls),
      interval: [per(low), per(high)],
      byCode: falling(this.#byCode),
      byDetector: falling(this.#byDetector),
    }
  }
}

/** 95 % limits of a Poisson mean after `count` events. */
export function poissonInterval(count: number): readonly [low: number, high: number] {
  const up = count + 1
  const low = count === 0 ? 0 : count * (1 - 1 / (9 * count) - Z / (3 * Math.sqrt(count))) ** 3
  return [low, up * (1 - 1 / (9 * up) + Z / (3 * Math.sqrt(up))) ** 3]
}

function falling(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort(([a, m], [b, n]) => n - m || a.localeCompare(b)))
}
