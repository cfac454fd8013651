import { VigilError } from '../../errors.ts'
import type { Input } from '../../stream/ports.ts'
import type { AlertBody } from '../../vitals/alert.ts'
import { isAdvisory, type WatchedModel, watchWard, withThreshold } from '../watched.ts'

/** A ward's inputs, as often as they are asked for: of all patients, or of one in `every`. */
export type OpenWard = (every: number) => Iterable<readonly Input[]> | AsyncIterable<readonly Input[]>

/** What one threshold does to a ward. */
export interface Alarmed {
  readonly patientDays: number
  readonly patients: number
  /** advisories that started: what the budget is about; between two passes where neither was near enough */
  readonly alarms: number
  /** of these, those that called somebody: not silenced because the same was said shortly before */
  readonly called: number
  /** fixed-limit alarms that started: they are in the recordings at any threshold */
  readonly limitAlarms: number
  /** technical alerts that started: sensors and signals, likewise */
  readonly technical: number
}

export interface CalibratedThreshold extends Alarmed {
  readonly q: number
}

const SECONDS_A_DAY = 86_400
/** log10 of the thresholds that may come out */
const [STRICTEST, LOOSEST] = [-30, -0.3]
/** patients of a pilot: one in so many */
const PILOT_EVERY = 8
const PILOT_PASSES = 9
const FULL_PASSES = 2
/** a count this near to the wanted one, as ln of the ratio, is taken */
const NEAR = 0.06
/** slope of ln rate over ln q while nothing better is known, and between what it may be */
const [SLOPE, FLATTEST, STEEPEST] = [0.8, 0.3, 2.5]

/** Put a ward through the model at one threshold. @param onStart told of every alert that starts */
export async function alarmed(
  model: WatchedModel,
  q: number,
  open: OpenWard,
  every: number,
  onStart: (body: AlertBody) => void = () => {},
): Promise<Alarmed> {
  let [alarms, called, limitAlarms, technical] = [0, 0, 0, 0]
  const patients = new Set<string>()
  const noted = async function* () {
    for await (const inputs of open(every)) {
      for (const input of inputs) if (input.kind !== 'rejection') patients.add(input.patientKey)
      yield inputs
    }
  }
  const at = { ...model, manifest: withThreshold(model.manifest, q) }
  const { frames } = await watchWard(at, noted(), (body) => {
    if (body.phase !== 'start') return
    onStart(body)
    if (body.kind === 'technical') technical++
    else if (isAdvisory(body)) {
      alarms++
      if (body.signal.call === 'now') called++
    } else if (body.source.detector === 'limits') limitAlarms++
  })
  const patientDays = (frames * model.manifest.grid.cadenceSeconds) / SECONDS_A_DAY
  return { patientDays, patients: patients.size, alarms, called, limitAlarms, technical }
}

/**
 * The threshold of the model's policy at which a ward has a wanted number of advisories a patient-day: first on a part
 * of the patients, in several passes, then on all of them, in as few as it takes.
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
  const points: Point[] = []
  const full: (Point & { readonly found: Alarmed })[] = []
  const measure = async (log: number, every: number): Promise<{ off: number; patients: number }> => {
    const found = await alarmed(model, 10 ** log, open, every)
    const wanted = perDay * found.patientDays
    const days = Number(found.patientDays.toPrecision(3))
    if (every === 1 && wanted < 1) {
      throw new VigilError(
        'budget-unreachable',
        `${days} patient-days hold ${wanted.toPrecision(2)} advisories at this budget; a threshold needs 1`,
      )
    }
    // half an alarm more on both sides: a count of none says little, not nothing
    const off = Math.log((found.alarms + 0.5) / (wanted + 0.5))
    say(
      `q ${(10 ** log).toExponential(2)}: ${found.alarms} advisories, ${days} patient-days, ${found.patients} patients`,
    )
    points.push({ log, off })
    if (every === 1) full.push({ log, off, found })
    return { off, patients: found.patients }
  }
  let every = PILOT_EVERY
  let log = clamp(Math.log10(model.manifest.policy.q))
  const first = await measure(log, every)
  // too few to stand for all
  if (first.patients < PILOT_EVERY) {
    points.length = 0
    every = 1
  }
  log = await pilot(log, async (at) => (await measure(at, every)).off, points)
  const slope = slopeOf(points)
  for (let pass = 0; pass < FULL_PASSES && (full.length === 0 || Math.abs(nearest(full).off) > NEAR); pass++) {
    const { off } = await measure(log, 1)
    log = clamp(log - off / slope / Math.LN10)
  }
  const best = between(full)
  if (Math.abs(best.off) <= Math.LN2) return best.calibrated
  const { alarms, patientDays } = best.calibrated
  throw new VigilError(
    'budget-unreachable',
    `the nearest threshold gives ${alarms} advisories in ${Number(patientDays.toPrecision(3))} patient-days, the budget is ${perDay} a patient-day`,
  )
}

/** What was tried: log10 of the threshold, and ln of the alarms over those wanted. */
interface Point {
  readonly log: number
  readonly off: number
}

const nearest = <T extends Point>(points: readonly T[]): T =>
  points.reduce((best, it) => (Math.abs(it.off) < Math.abs(best.off) ? it : best))

/** The threshold between the nearest pass above the budget and the nearest below it; the nearest one where one lacks. */
function between(full: readonly (Point & { readonly found: Alarmed })[]): {
  readonly off: number
  readonly calibrated: CalibratedThreshold
} {
  const best = nearest(full)
  const [above, below] = [full.filter(({ off }) => off > 0), full.filter(({ off }) => off <= 0)]
  if (above.length === 0 || below.length === 0 || Math.abs(best.off) <= NEAR)
    return { off: best.off, calibrated: { ...best.found, q: 10 ** best.log } }
  const [high, low] = [nearest(above), nearest(below)]
  const share = high.off / (high.off - low.off)
  const log = high.log + share * (low.log - high.log)
  const mixed = (of: (found: Alarmed) => number) =>
    Math.round(of(high.found) + share * (of(low.found) - of(high.found)))
  return {
    off: 0,
    calibrated: { ...best.found, alarms: mixed((it) => it.alarms), called: mixed((it) => it.called), q: 10 ** log },
  }
}

const clamp = (log: number): number => Math.min(LOOSEST, Math.max(STRICTEST, log))

/** The threshold that a part of the patients asks for, by bisection helped by the slope. */
async function pilot(start: number, offAt: (log: number) => Promise<number>, points: Point[]): Promise<number> {
  let [low, high] = [STRICTEST, LOOSEST]
  let log = start
  for (let pass = 0; pass < PILOT_PASSES && high - low >= 0.02; pass++) {
    const known = points.find((it) => it.log === log)?.off
    const off = known ?? (await offAt(log))
    if (Math.abs(off) <= 2 * NEAR) break
    if (off > 0) high = Math.min(high, log)
    else low = Math.max(low, log)
    const guess = log - off / slopeOf(points) / Math.LN10
    log = guess > low && guess < high ? guess : (Math.max(low, log - 4) + Math.min(high, log + 4)) / 2
  }
  return nearest(points).log
}

/** Slope of the points nearest to the wanted rate, by least squares; thresholds in ln. */
function slopeOf(points: readonly Point[]): number {
  const near = points.toSorted((a, b) => Math.abs(a.off) - Math.abs(b.off)).slice(0, 3)
  const mean = (of: (point: Point) => number) => near.reduce((sum, it) => sum + of(it), 0) / near.length
  const [x, y] = [mean((it) => it.log * Math.LN10), mean((it) => it.off)]
  const spread = mean((it) => (it.log * Math.LN10 - x) ** 2)
  if (spread < 1e-9) return SLOPE
  const slope = mean((it) => (it.log * Math.LN10 - x) * (it.off - y)) / spread
  return Math.min(STEEPEST, Math.max(FLATTEST, slope))
}
