import { VigilError } from '../../errors.ts'
import type { Input } from '../../stream/ports.ts'
import type { AlertBody } from '../../vitals/alert.ts'
import { isAdvisory, type Thresholds, type WatchedModel, watchWard, withThresholds } from '../watched.ts'
import { between, carried, type Knob, knob, settled, turned } from './knob.ts'

/** A ward's inputs, as often as they are asked for: of all patients, or of one in `every`. */
export type OpenWard = (every: number) => Iterable<readonly Input[]> | AsyncIterable<readonly Input[]>

/** What the thresholds do to a ward. */
export interface Alarmed {
  readonly patientDays: number
  readonly patients: number
  /** advisories that started, codes `unexpected` and `drift`: what the budget is about */
  readonly alarms: number
  /** of these, those of slow change: code `drift` */
  readonly drifts: number
  /** of the advisories, those that called somebody: not silenced because the same was said shortly before */
  readonly called: number
  /** fixed-limit alarms that started: they are in the recordings at any threshold */
  readonly limitAlarms: number
  /** technical alerts that started: sensors and signals, likewise */
  readonly technical: number
}

export interface CalibratedThreshold extends Alarmed, Required<Thresholds> {}

const SECONDS_A_DAY = 86_400
/** log10 of the thresholds that may come out: q, and one over the factor on the limits of drift, never below 1 */
const Q_BOUNDS = [-30, -0.3] as const
const DRIFT_BOUNDS = [-2, 0] as const
/** a minute is rarer than q says by some power of it; a CUSUM's alarms thin out exponentially with its limit */
const Q_SLOPE = { start: 0.8, flattest: 0.3, steepest: 2.5 } as const
const DRIFT_SLOPE = { start: 8, flattest: 4, steepest: 20 } as const
/** share of the budget that slow change may use up; leaps get what it leaves */
const DRIFT_SHARE = 0.5
/** patients of a pilot: one in so many */
const PILOT_EVERY = 8
const PILOT_PASSES = 7
const FULL_PASSES = 3
/** a count this near to the wanted one, as ln of the ratio, is taken */
const NEAR = 0.06

/** Put a ward through the model at some thresholds. @param onStart told of every alert that starts */
export async function alarmed(
  model: WatchedModel,
  thresholds: Thresholds,
  open: OpenWard,
  every: number,
  onStart: (body: AlertBody) => void = () => {},
): Promise<Alarmed> {
  let [alarms, drifts, called, limitAlarms, technical] = [0, 0, 0, 0, 0]
  const patients = new Set<string>()
  const noted = async function* () {
    for await (const inputs of open(every)) {
      for (const input of inputs) if (input.kind !== 'rejection') patients.add(input.patientKey)
      yield inputs
    }
  }
  const at = { ...model, manifest: withThresholds(model.manifest, thresholds) }
  const { frames } = await watchWard(at, noted(), (body) => {
    if (body.phase !== 'start') return
    onStart(body)
    if (body.kind === 'technical') technical++
    else if (isAdvisory(body)) {
      alarms++
      if (body.code === 'drift') drifts++
      if (body.signal.call === 'now') called++
    } else if (body.source.detector === 'limits') limitAlarms++
  })
  const patientDays = (frames * model.manifest.grid.cadenceSeconds) / SECONDS_A_DAY
  return { patientDays, patients: patients.size, alarms, drifts, called, limitAlarms, technical }
}

/** half an alarm more on both sides: a count of none says little, not nothing */
const offBy = (count: number, wanted: number): number => Math.log((count + 0.5) / (wanted + 0.5))

/**
 * The thresholds of the model's policy at which a ward has a wanted number of advisories a patient-day: the limit of slow
 * drift is raised until it uses up half of the budget at most, and q is where leaps use up what it leaves. Both are
 * looked for at once, for neither changes what the other counts: first on a part of the patients, in several passes, then
 * on all of them, in as few as it takes.
 * @param perDay advisories a patient-day
 * @throws VigilError budget-unreachable when the recordings are too short to hold one advisory at this budget, or no
 * threshold comes within a factor of two of it
 */
export async function calibrateThreshold(
  model: WatchedModel,
  open: OpenWard,
  perDay: number,
  say: (line: string) => void,
): Promise<CalibratedThreshold> {
  const { policy } = model.manifest
  let leaps = knob(...Q_BOUNDS, Math.log10(policy.q), Q_SLOPE)
  let drift = knob(...DRIFT_BOUNDS, 0 - Math.log10(policy.drift), DRIFT_SLOPE)
  let last: Alarmed | undefined
  /** one pass at both knobs, which are turned by it; how far it was off */
  const pass = async (every: number): Promise<{ found: Alarmed; wanted: number }> => {
    const at = thresholdsOf(leaps, drift)
    const found = await alarmed(model, at, open, every)
    const wanted = perDay * found.patientDays
    const days = Number(found.patientDays.toPrecision(3))
    if (every === 1 && wanted < 1) {
      throw new VigilError(
        'budget-unreachable',
        `${days} patient-days hold ${wanted.toPrecision(2)} advisories at this budget; a threshold needs 1`,
      )
    }
    const { alarms, drifts, patients } = found
    say(
      `q ${at.q.toExponential(2)}, drift ${at.drift.toFixed(2)}: ${alarms} advisories, ${drifts} of them drift, ${days} patient-days, ${patients} patients`,
    )
    const most = DRIFT_SHARE * wanted
    leaps = turned(leaps, offBy(alarms - drifts, wanted - Math.min(drifts, most)))
    drift = turned(drift, offBy(drifts, most))
    last = found
    return { found, wanted }
  }
  const first = await pass(PILOT_EVERY)
  if (first.found.patients >= PILOT_EVERY) {
    // a count of few is not worth being met more nearly than it varies
    const near = Math.max(2 * NEAR, 1 / Math.sqrt(first.wanted + 1))
    for (let i = 1; i < PILOT_PASSES && !(settled(leaps, near) && calm(drift, near)); i++) await pass(PILOT_EVERY)
    ;[leaps, drift] = [carried(leaps), carried(drift)]
  } else {
    // too few to stand for all
    leaps = knob(...Q_BOUNDS, Math.log10(policy.q), Q_SLOPE)
    drift = knob(...DRIFT_BOUNDS, 0 - Math.log10(policy.drift), DRIFT_SLOPE)
    for (let i = 0; i < PILOT_PASSES && !(settled(leaps, NEAR) && calm(drift, NEAR)); i++) await pass(1)
  }
  for (let i = 0; i < FULL_PASSES && !(settled(leaps, NEAR) && calm(drift, NEAR)); i++) await pass(1)
  return chosen(leaps, drift, last!, perDay)
}

const thresholdsOf = (leaps: { readonly log: number }, drift: { readonly log: number }): Required<Thresholds> => ({
  q: 10 ** leaps.log,
  drift: 10 ** (0 - drift.log),
})

/** Settled, or as loose as may be and still with fewer alarms than it may have. */
function calm(it: Knob, near: number): boolean {
  return settled(it, near) || it.tried.some(({ log, off }) => log === it.bounds[1] && off <= 0)
}

/** The thresholds between what was tried on all patients, and the alarms to be expected there. */
function chosen(leaps: Knob, drift: Knob, last: Alarmed, perDay: number): CalibratedThreshold {
  const wanted = perDay * last.patientDays
  const [leap, slow] = [between(leaps.tried, NEAR), between(drift.tried, NEAR)]
  const most = DRIFT_SHARE * wanted
  const countOf = (off: number, of: number) => Math.max(0, Math.exp(off) * (of + 0.5) - 0.5)
  const drifts = countOf(slow.off, most)
  const alarms = Math.round(drifts + countOf(leap.off, wanted - Math.min(drifts, most)))
  if (Math.abs(offBy(alarms, wanted)) > Math.LN2) {
    throw new VigilError(
      'budget-unreachable',
      `the nearest threshold gives ${alarms} advisories in ${Number(last.patientDays.toPrecision(3))} patient-days, the budget is ${perDay} a patient-day`,
    )
  }
  const share = last.alarms === 0 ? 1 : last.called / last.alarms
  return {
    ...last,
    ...thresholdsOf(leap, slow),
    alarms,
    drifts: Math.round(drifts),
    called: Math.round(share * alarms),
  }
}
