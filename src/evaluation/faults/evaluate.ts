import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { VigilError } from '../../errors.ts'
import { findRecordings } from '../../ingest/find-recordings.ts'
import { recordingKey } from '../../ingest/recording.ts'
import { random } from '../../random.ts'
import { readStays } from '../../training/stays.ts'
import { median, quantile } from '../quantiles.ts'
import type { WatchedModel } from '../watched.ts'
import { autoregression } from './baselines/autoregression.ts'
import type { Baseline } from './baselines/baseline.ts'
import { clock } from './baselines/clock.ts'
import { ewma } from './baselines/ewma.ts'
import { lastValue } from './baselines/last-value.ts'
import { limits } from './baselines/limits.ts'
import { news2 } from './baselines/news2.ts'
import { pca } from './baselines/pca.ts'
import { robustZ } from './baselines/robust-z.ts'
import { FAULT_GRID, FAULT_KINDS, FAULT_SEEDS, type FaultKind } from './grid.ts'
import { type FaultyRecording, injectAll } from './inject.ts'
import { type Recording, recordingOf } from './recording.ts'
import { opinionOn, type SecondOpinion } from './second-opinion.ts'
import { allowedAlarms, type Conducted, conduct, tune, watchedHours } from './tune.ts'
import { conductVigil } from './vigil.ts'

const BASELINES: readonly Baseline[] = [clock, lastValue, limits, news2, ewma, robustZ, pca, autoregression]
/** places and signs of the faults on which baselines are tuned: none of FAULT_SEEDS */
const TUNING_SEEDS = [3]

export interface DetectorFigures {
  /** share of the faults found */
  readonly sensitivity: number
  readonly falseAlarmsPerPatientHour: number
  /** of the faults found; null when none was */
  readonly medianDelaySeconds: number | null
}

export interface FaultsResult {
  readonly model: string
  /** untouched hours in which nobody may alarm but falsely, after warm-up */
  readonly patientHours: number
  readonly patients: readonly string[]
  readonly faults: number
  readonly allowedFalseAlarmsPerPatientHour: number
  readonly detectors: Readonly<
    Record<
      string,
      DetectorFigures & {
        readonly falseAlarms: number
        readonly threshold: number
        readonly setting: Readonly<Record<string, number>>
        /** 95 %, patients drawn again and again */
        readonly interval: readonly [low: number, high: number]
        /** sensitivity of ours less theirs, the same patients drawn, 95 %; of ours: nothing */
        readonly aboveInterval: readonly [low: number, high: number]
      }
    >
  >
  /** a share of none is null */
  readonly byFault: Readonly<Record<string, Readonly<Record<string, { sensitivity: number | null; medianDelaySeconds: number | null }>>>>
  /** ours: of the single-channel faults found, how often the alert names the faulty channel first */
  readonly topChannel: { readonly accuracy: number | null; readonly found: number; readonly byFault: Readonly<Record<string, number | null>> }
  /** ours: what was said of the faults found */
  readonly codes: Readonly<Record<string, number>>
} // biome-ignore format: one key, one line

const SINGLE_CHANNEL: ReadonlySet<FaultKind> = new Set(['spike', 'drift', 'flat-line', 'drop-out'])

/** A result, and every fault with the delay at which each detector found it. */
export interface FaultsEvaluation {
  readonly result: FaultsResult
  readonly faulty: readonly FaultyRecording[]
  /** by detector, ours under `vigil`: by fault, seconds; undefined = missed */
  readonly delays: ReadonlyMap<string, readonly (number | undefined)[]>
}

/**
 * Faults put into recordings of patients that nothing was tuned on, at the same rate of false alarms for all.
 * @param folder BIDMC numerics, or the folder that PhysioNet publishes them in (`bidmc_csv`): what of it the model's manifest names as train, validation or calibration is not
 * tested on; train and validation must be there, to fit and tune the baselines
 * @param perHour false alarms per patient-hour allowed on the untouched recordings
 * @param second a reconstructor judged beside the model; recordings that made it are not tested on either
 * @throws VigilError data-missing, recording-unreadable, recording-format
 */
export async function evaluateFaults(
  model: WatchedModel,
  folder: string,
  perHour: number,
  say: (line: string) => void,
  second?: SecondOpinion,
): Promise<FaultsEvaluation> {
  const dir = existsSync(join(folder, 'bidmc_csv')) ? join(folder, 'bidmc_csv') : folder
  const { split } = model.manifest.training
  const paths = (await findRecordings([dir])).filter((path) => path.includes('_Numerics'))
  const names = new Set(paths.map(recordingKey))
  const made = [split, ...(second === undefined ? [] : [second.manifest.training.split])]
  const used = new Set(made.flatMap(({ train, validation, calibration }) => [...train, ...validation, ...calibration]))
  const unused = [...names].filter((name) => !used.has(name)).sort()
  if (unused.length === 0)
    throw new VigilError('data-missing', 'every recording here was used to make the model', { place: dir })
  const read = async (wanted: readonly string[]): Promise<Recording[]> => {
    const files = new Map(wanted.map((name) => [name, `${name}_Numerics.csv`]))
    return (await readStays([dir], files, model.table)).stays.map((stay) => recordingOf(stay, model.table))
  }
  const [train, validation, test] = [await read(split.train), await read(split.validation), await read(unused)]
  const faulty = injectAll(test, FAULT_GRID, FAULT_SEEDS)
  const allowed = allowedAlarms(test, perHour)
  const hours = watchedHours(test)
  say(`${test.length} patients, ${faulty.length} faults, ${allowed} false alarms in ${hours.toFixed(2)} h for each`)
  const results = new Map<string, Conducted & { readonly setting: Readonly<Record<string, number>> }>()
  const ours = await conductVigil(model, test, faulty, allowed)
  results.set('vigil', { ...ours, setting: {} })
  say(`vigil: ${found(ours)} of ${faulty.length}`)
  if (second !== undefined) {
    const conducted = conduct(await opinionOn(second, [...test, ...faulty]), test, faulty, allowed)
    results.set(second.manifest.name, { ...conducted, setting: {} })
    say(`${second.manifest.name}: ${found(conducted)} of ${faulty.length}`)
  }
  const practice = injectAll(validation, FAULT_GRID, TUNING_SEEDS)
  for (const baseline of BASELINES) {
    const { name, setting, scorer } = tune(baseline, train, validation, practice, perHour)
    const conducted = conduct(scorer, test, faulty, allowed)
    results.set(name, { ...conducted, setting })
    say(`${name}: ${found(conducted)} of ${faulty.length}, ${JSON.stringify(setting)}`)
  }
  const { name, version } = model.manifest
  const ownDraws = sensitivityDraws(faulty, ours.delays)
  const result: FaultsResult = {
    model: `${name}@${version}`,
    patientHours: round(hours),
    patients: unused,
    faults: faulty.length,
    allowedFalseAlarmsPerPatientHour: round(allowed / hours),
    detectors: record([...results], ({ falseAlarms, threshold, delays, setting }) => ({
      ...figures(delays),
      falseAlarmsPerPatientHour: round(falseAlarms / hours),
      falseAlarms,
      threshold,
      setting,
      ...intervalsOf(ownDraws, sensitivityDraws(faulty, delays)),
    })),
    byFault: record(
      FAULT_KINDS.map((kind) => [kind, kind]),
      (kind) =>
        record([...results], ({ delays }) => {
          const own = delays.filter((_, i) => faulty[i]!.cell.kind === kind)
          return own.length === 0 ? { sensitivity: null, medianDelaySeconds: null } : figures(own)
        }),
    ),
    topChannel: topChannel(faulty, ours.delays, ours.topChannels),
    codes: counted(ours.codes),
  }
  return { result, faulty, delays: new Map([...results].map(([named, { delays }]) => [named, delays])) }
}

const round = (value: number): number => Number(value.toPrecision(4))
const found = ({ delays }: Conducted): number => delays.filter((delay) => delay !== undefined).length

function record<T, R>(entries: readonly (readonly [string, T])[], make: (value: T) => R): Record<string, R> {
  return Object.fromEntries(entries.map(([name, value]) => [name, make(value)]))
}

function figures(delays: readonly (number | undefined)[]) {
  const hits = delays.filter((delay) => delay !== undefined)
  return {
    sensitivity: round(hits.length / delays.length),
    medianDelaySeconds: hits.length === 0 ? null : median(hits),
  }
}

/** 95 % intervals of a sensitivity, and of ours less it. */
function intervalsOf(ours: readonly number[], theirs: readonly number[]) {
  const middle = (draws: readonly number[]) => [round(quantile(draws, 0.025)), round(quantile(draws, 0.975))] as const
  return { interval: middle(theirs), aboveInterval: middle(ours.map((share, draw) => share - theirs[draw]!)) }
}

/** Sensitivity of patients drawn with replacement, 1,000 times; the same patients whatever is asked of them. */
function sensitivityDraws(faulty: readonly FaultyRecording[], delays: readonly (number | undefined)[]): number[] {
  const byPatient = new Map<string, { hits: number; all: number }>()
  faulty.forEach(({ name }, i) => {
    const sum = byPatient.get(name) ?? { hits: 0, all: 0 }
    sum.all++
    if (delays[i] !== undefined) sum.hits++
    byPatient.set(name, sum)
  })
  const patients = [...byPatient.values()]
  const { uniform } = random(1)
  return Array.from({ length: 1000 }, () => {
    let [hits, all] = [0, 0]
    for (let i = 0; i < patients.length; i++) {
      const one = patients[Math.floor(uniform() * patients.length)]!
      hits += one.hits
      all += one.all
    }
    return hits / all
  })
}

function topChannel(
  faulty: readonly FaultyRecording[],
  delays: readonly (number | undefined)[],
  tops: readonly (string | undefined)[],
): FaultsResult['topChannel'] {
  const accuracy = (kinds: ReadonlySet<FaultKind>) => {
    const hits = faulty.flatMap(({ cell }, i) =>
      delays[i] !== undefined && kinds.has(cell.kind) ? [tops[i] === cell.channels[0]] : [],
    )
    return {
      share: hits.length === 0 ? null : round(hits.filter((right) => right).length / hits.length),
      found: hits.length,
    }
  }
  const all = accuracy(SINGLE_CHANNEL)
  const byFault = [...SINGLE_CHANNEL].map((kind) => [kind, accuracy(new Set([kind])).share] as const)
  return { accuracy: all.share, found: all.found, byFault: Object.fromEntries(byFault) }
}

function counted(codes: readonly (string | undefined)[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const code of codes) if (code !== undefined) counts[code] = (counts[code] ?? 0) + 1
  return counts
}
