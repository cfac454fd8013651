import { type Interval, patientDraws } from '../evaluation/metrics/bootstrap.ts'
import { graphShape } from '../inference/graph-shape.ts'
import type { ModelBundle } from '../inference/model-store.ts'
import { random } from '../random.ts'
import type { Stay } from '../training/dataset.ts'
import { stepsPerSecond } from '../training/serve-stays.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import type { GateCondition, GateVerdict } from '../vitals/gate-verdict.ts'
import { countOf, onsets, thresholdFor } from './alarms.ts'
import { type Contestant, type Foreseen, foresee, openContestant } from './contestant.ts'
import { faultsFound, faultTask } from './faults.ts'
import { type Likelihood, likelihoodOf, meanSurprise, transformDistance } from './likelihood.ts'

/** What the gate allows; why each: docs/model-life.md. */
export const MARGINS = {
  falseAlarms: 0.05,
  faultRecall: 0.01,
  calibration: 0.01,
  channel: 0.02,
  stepTime: 0.25,
} as const

/** Worsenings that a window must be able to show, with a chance of 80 %; a smaller window refuses. */
export const NEEDED = { falseAlarms: 1, faultRecall: 0.2, calibration: 0.1, channel: 0.1 } as const

/** A transform this near to uniform is calibrated, whatever the champion's is. */
const CALIBRATED = 0.05
/** advisories a patient-hour at which the two are compared: more than serves, so that there is something to count */
const COMPARED_PER_HOUR = 12
/** one-sided 5 % and 80 % chance, two-sided 5 % and 80 % chance, in standard errors */
const [ONE_SIDED, TWO_SIDED] = [1.645 + 0.842, 1.96 + 0.842]
const BATCH = 64
/** of the draws of those who set thresholds */
const SEED = 90_210

type Model = Pick<ModelBundle, 'manifest' | 'onnx'>
export type Judged = Pick<GateVerdict, 'decision' | 'reasons' | 'primary' | 'conditions'>

/** Stays that the gate judges by: neither fit saw them. */
export interface GateStays {
  /** other patients than those of `test`: thresholds are set on them */
  readonly calibration: readonly Stay[]
  /** the newest part of the window, one stay a patient */
  readonly test: readonly Stay[]
}

/**
 * Whether a challenger may take the champion's place: better by one test, the likelihood of what came to patients neither
 * has seen, and in everything else not worse than by a stated margin.
 */
export async function judge(
  champion: Model,
  challenger: Model,
  stays: GateStays,
  table: ChannelTable,
  log: (line: string) => void,
): Promise<Judged> {
  const old = await openContestant(champion, table)
  try {
    const young = await openContestant(challenger, table)
    try {
      return await compared(old, young, stays, await stepTimes(champion, challenger), log)
    } finally {
      await young.engine.close()
    }
  } finally {
    await old.engine.close()
  }
}

async function compared(
  old: Contestant,
  young: Contestant,
  stays: GateStays,
  stepTime: GateCondition,
  log: (line: string) => void,
): Promise<Judged> {
  const both = async (of: readonly Stay[]) => [await foresee(old, of), await foresee(young, of)] as const
  const [oldTest, youngTest] = await both(stays.test)
  const [was, is] = [likelihoodOf(old, oldTest), likelihoodOf(young, youngTest)]
  const channels = old.manifest.channels
  const primary = likelihoodTest(was, is, channels.length)
  log(
    `likelihood ${primary.champion.toFixed(4)} -> ${primary.challenger.toFixed(4)} nats, 95 % ${said(primary.interval)}`,
  )
  const conditions: GateCondition[] = [
    finite(is),
    ...channels.map((name, c) => channelCondition(name, c, was, is, channels.length)),
    ...channels.map((name, c) => calibrationCondition(name, c, was, is, channels.length)),
    ...(await alarmConditions(old, young, stays, await both(stays.calibration), [oldTest, youngTest])),
    stepTime,
  ]
  for (const { name, worse, unit, passes } of conditions)
    log(`${name}: ${fixed(worse)} ${unit} worse${passes ? '' : ', refused'}`)
  const reasons = conditions.flatMap(({ passes, why }) => (passes ? [] : [why]))
  if (!primary.passes) {
    const [low, high] = primary.interval
    reasons.unshift(
      `the likelihood of what came is not shown to be better: ${fixed(primary.difference)} nats a value, 95 % ${fixed(low)} to ${fixed(high)}; an improvement of ${fixed(primary.detectable)} would have been found with a chance of 80 %`,
    )
  }
  return { decision: reasons.length === 0 ? 'passed' : 'refused', reasons, primary, conditions }
}

const fixed = (value: number): string => Number(value.toPrecision(3)).toString()
const said = ([low, high]: readonly [number, number]): string => `${fixed(low)} to ${fixed(high)}`
const once = (patients: number): Uint16Array => new Uint16Array(patients).fill(1)

/** The one primary test: mean surprise, challenger minus champion, patients drawn again. */
function likelihoodTest(was: Likelihood, is: Likelihood, channels: number): GateVerdict['primary'] {
  const patients = was.sums.length
  const difference = (times: ArrayLike<number>) =>
    meanSurprise(is, times, channels) - meanSurprise(was, times, channels)
  const draws = risingDraws(patients, difference)
  const [low, high] = drawnBetween(draws, 0.95)
  const all = once(patients)
  return {
    what: 'mean surprise of what came, over horizons and channels, nats per value; patients drawn again',
    champion: meanSurprise(was, all, channels),
    challenger: meanSurprise(is, all, channels),
    difference: difference(all),
    interval: [low, high],
    detectable: TWO_SIDED * spreadOf(draws),
    passes: high < 0,
  }
}

/** Something in which the challenger must not be worse. */
interface Compared {
  readonly name: string
  readonly unit: string
  readonly margin: number
  /** smallest worsening that the window must be able to show */
  readonly needed: number
  readonly patients: number
  readonly champion: number
  readonly challenger: number
  /** by how much the challenger is worse, of drawn patients */
  readonly worse: (times: ArrayLike<number>) => number
  /** the same where more than the patients is drawn; by default `worse` */
  readonly drawn?: (times: ArrayLike<number>) => number
}

/**
 * Not worse than by the margin: shown (one-sided 95 %), or else not above it beyond chance (one-sided 5 %) where a
 * worsening that matters would have been found.
 */
function notWorse(it: Compared): GateCondition {
  const draws = risingDraws(it.patients, it.drawn ?? it.worse)
  const worse = it.worse(once(it.patients))
  const [low, high] = drawnBetween(draws, 0.9)
  const detectable = it.margin + ONE_SIDED * spreadOf(draws)
  const tells = detectable <= it.needed
  const shown = high <= it.margin
  const passes = shown || (tells && Math.min(worse, low) <= it.margin)
  const by = `${it.name}: ${fixed(worse)} ${it.unit} worse, 90 % ${fixed(low)} to ${fixed(high)}, allowed ${it.margin}`
  const why =
    tells || low > it.margin
      ? by
      : `${by}; too few patients to tell: only a worsening of ${fixed(detectable)} would be found, ${it.needed} is needed`
  const { name, champion, challenger, unit, margin, needed } = it
  return { name, champion, challenger, worse, unit, margin, interval: [low, high], detectable, needed, passes, why }
}

/** Draws of a statistic, rising; those that are no number are left out. */
function risingDraws(patients: number, statistic: (times: Uint16Array) => number): Float64Array {
  return patientDraws(patients, statistic)
    .filter((value) => !Number.isNaN(value))
    .sort()
}

/** Central interval of rising draws; [NaN, NaN] of none. @param level 0.95 for two-sided 95 % */
function drawnBetween(draws: Float64Array, level: number): Interval {
  const at = (share: number) => draws[Math.min(draws.length - 1, Math.floor(share * draws.length))] ?? Number.NaN
  return [at((1 - level) / 2), at((1 + level) / 2)]
}

function spreadOf(draws: Float64Array): number {
  const mean = draws.reduce((a, b) => a + b, 0) / draws.length
  return Math.sqrt(draws.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, draws.length - 1))
}

function finite({ broken }: Likelihood): GateCondition {
  const why = `${broken} forecasts are no finite number`
  return { name: 'finite forecasts', worse: broken, unit: 'forecasts', margin: 0, passes: broken === 0, why }
}

function channelCondition(name: string, c: number, was: Likelihood, is: Likelihood, channels: number): GateCondition {
  const mean = (of: Likelihood, times: ArrayLike<number>) => meanSurprise(of, times, channels, c)
  const all = once(was.sums.length)
  return notWorse({
    name: `likelihood of ${name}`,
    unit: "of the champion's",
    margin: MARGINS.channel,
    needed: NEEDED.channel,
    patients: was.sums.length,
    champion: mean(was, all),
    challenger: mean(is, all),
    worse: (times) => mean(is, times) / mean(was, times) - 1,
  })
}

function calibrationCondition(
  name: string,
  c: number,
  was: Likelihood,
  is: Likelihood,
  channels: number,
): GateCondition {
  const distance = (of: Likelihood, times: ArrayLike<number>) => transformDistance(of, times, channels, c)
  const all = once(was.sums.length)
  return notWorse({
    name: `calibration of ${name}`,
    unit: 'in the distance of the transform from uniform',
    margin: MARGINS.calibration,
    needed: NEEDED.calibration,
    patients: was.sums.length,
    champion: distance(was, all),
    challenger: distance(is, all),
    worse: (times) => distance(is, times) - Math.max(CALIBRATED, distance(was, times)),
  })
}

type Pair = readonly [old: readonly Foreseen[], young: readonly Foreseen[]]

/** False alarms and fault recall, each contestant at the threshold that gives it the same rate on other patients. */
async function alarmConditions(
  old: Contestant,
  young: Contestant,
  stays: GateStays,
  calibration: Pair,
  test: Pair,
): Promise<GateCondition[]> {
  const wanted = Math.max(4, Math.round(COMPARED_PER_HOUR * hoursOf(calibration[0], old)))
  const [oldQ, youngQ] = [thresholdFor(old, calibration[0], wanted), thresholdFor(young, calibration[1], wanted)]
  const [oldAlarms, youngAlarms] = [onsets(old, test[0], oldQ), onsets(young, test[1], youngQ)]
  const [oldSet, youngSet] = [onsets(old, calibration[0], oldQ), onsets(young, calibration[1], youngQ)]
  const patients = stays.test.length
  const hours = hoursOf(test[0], old)
  const drawnCount = (of: readonly (readonly number[])[], times: ArrayLike<number>) =>
    of.reduce((sum, { length }, p) => sum + times[p]! * length, 0)
  const ratio = (times: ArrayLike<number>) => drawnCount(youngAlarms, times) / Math.max(1, drawnCount(oldAlarms, times))
  const others = patientSource(oldSet.length)
  const falseAlarms = notWorse({
    name: 'false alarms',
    unit: "of the champion's",
    margin: MARGINS.falseAlarms,
    needed: NEEDED.falseAlarms,
    patients,
    champion: countOf(oldAlarms) / hours,
    challenger: countOf(youngAlarms) / hours,
    worse: (times) => ratio(times) - 1,
    // other patients would have set other thresholds: to first order, those at which their alarms are as many
    drawn: (times) => {
      const set = others()
      return (ratio(times) * Math.max(1, drawnCount(oldSet, set))) / Math.max(1, drawnCount(youngSet, set)) - 1
    },
  })
  const task = faultTask(stays.test, old.manifest.channels, old.table)
  if (task.faulty.length === 0 || old.manifest.grid.cadenceSeconds !== 1) return [falseAlarms]
  const [oldFound, youngFound] = [await faultsFound(old, task, oldQ), await faultsFound(young, task, youngQ)]
  const recall = (found: readonly boolean[], times: ArrayLike<number>) => {
    let [hits, all] = [0, 0]
    task.faulty.forEach(({ patient }, i) => {
      all += times[patient]!
      if (found[i]) hits += times[patient]!
    })
    return hits / all
  }
  const every = once(patients)
  const faultRecall = notWorse({
    name: 'fault recall',
    unit: 'share of the faults',
    margin: MARGINS.faultRecall,
    needed: NEEDED.faultRecall,
    patients,
    champion: recall(oldFound, every),
    challenger: recall(youngFound, every),
    worse: (times) => recall(oldFound, times) - recall(youngFound, times),
  })
  return [falseAlarms, faultRecall]
}

/** Patients drawn with replacement, again at each call: [patients] how often each. */
function patientSource(patients: number): () => Uint16Array {
  const { uniform } = random(SEED)
  return () => {
    const times = new Uint16Array(patients)
    for (let i = 0; i < patients; i++) times[Math.floor(uniform() * patients)]!++
    return times
  }
}

function hoursOf(foreseen: readonly Foreseen[], { manifest }: Contestant): number {
  const frames = foreseen.reduce((sum, { stay }) => sum + Math.max(0, stay.frames.count - manifest.warmupSteps), 0)
  return (frames * manifest.grid.cadenceSeconds) / 3600
}

/** Steps of both on this machine, taken in turns, the fastest of a hundred: whatever else it does slows both. */
async function stepTimes(champion: Model, challenger: Model): Promise<GateCondition> {
  const [a, b] = [graphShape(champion.manifest), graphShape(challenger.manifest)]
  const same = JSON.stringify(a) === JSON.stringify(b)
  const [old, young] = same
    ? await stepsPerSecond([champion.onnx, challenger.onnx], a, BATCH)
    : [(await stepsPerSecond([champion.onnx], a, BATCH))[0], (await stepsPerSecond([challenger.onnx], b, BATCH))[0]]
  const worse = old! / young! - 1
  const why = `a step takes ${fixed(100 * worse)} % longer, allowed ${100 * MARGINS.stepTime} %`
  return {
    name: 'step time',
    champion: 1000 / (old! / BATCH),
    challenger: 1000 / (young! / BATCH),
    worse,
    unit: "of the champion's",
    margin: MARGINS.stepTime,
    passes: worse <= MARGINS.stepTime,
    why,
  }
}
