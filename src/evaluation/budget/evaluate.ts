import { poissonInterval } from '../../alerts/alarm-rate.ts'
import { SETTINGS, type WardSetting } from '../../ingest/simulator/settings.ts'
import { type SimulatedWard, simulatedInputs } from '../../ingest/simulator/ward.ts'
import type { AlertBody } from '../../vitals/alert.ts'
import type { ChannelTable } from '../../vitals/channels.ts'
import { MinuteMeans } from '../ward/minutes.ts'
import { isAdvisory, type WatchedModel } from '../watched.ts'
import { type Alarmed, alarmed, calibrateThreshold, type OpenWard } from './calibration.ts'

export interface BudgetPlan {
  /** advisories a patient-day */
  readonly perDay: number
  /** patients of the calibration ward and of the ward on which it is realised */
  readonly calibrationBeds: number
  readonly beds: number
  /** settings of the ward whose recordings set the threshold */
  readonly from: WardSetting['name']
  /** hours of a patient */
  readonly hours: number
  readonly seed: number
}

export interface BudgetResult {
  readonly model: string
  readonly patientDays: number
  /** advisories a patient-day */
  readonly budget: number
  readonly realised: number
  /** 95 %, of the realised rate */
  readonly interval: readonly [low: number, high: number]
  /** advisories a patient-day that call somebody: what is left after silencing */
  readonly realisedCalls: number
  readonly q: number
  /** factor on the limits of slow drift */
  readonly drift: number
  /** realised advisories a patient-day by code */
  readonly byCode: Readonly<Record<'unexpected' | 'drift', number>>
  readonly realisedOn: RatesOf
  readonly calibratedOn: RatesOf & { readonly setting: string; readonly seed: number }
}

interface RatesOf {
  readonly patientDays: number
  readonly patients: number
  readonly advisories: number
  readonly drifts: number
  readonly called: number
  readonly limitAlarms: number
  readonly technical: number
}

/** A result, and what the realised ward was like. */
export interface BudgetEvaluation {
  readonly result: BudgetResult
  readonly minutes: MinuteMeans
  /** advisories that started, in order */
  readonly advisories: readonly AlertBody[]
}

/** an ordinary day; its first reading at midnight */
const START = Date.UTC(2026, 0, 1)

/** A simulated ward as inputs; one in `every` of its beds is the same bed as in the whole ward. */
export function openSimulated(ward: SimulatedWard, table: ChannelTable): OpenWard {
  return function* (every) {
    for (const { inputs } of simulatedInputs({ ...ward, every }, table)) yield inputs
  }
}

/**
 * A threshold from one simulated ward, realised on another with other patients, always in the `evaluation` settings, which
 * nothing was trained on. A site sets its threshold from its own ward: `from` is `evaluation` unless it is asked how a
 * threshold fares that was set elsewhere.
 */
export async function evaluateBudget(
  model: WatchedModel,
  { perDay, calibrationBeds, beds, from, hours, seed }: BudgetPlan,
  say: (line: string) => void,
): Promise<BudgetEvaluation> {
  const common = { hours, start: START, unit: 'SIM' }
  const own = { ...common, setting: SETTINGS[from], beds: calibrationBeds, seed: 2 * seed }
  const unseen = { ...common, setting: SETTINGS.evaluation, beds, seed: 2 * seed + 1 }
  const calibrated = await calibrateThreshold(model, openSimulated(own, model.table), perDay, say)
  const minutes = new MinuteMeans(model.table, START, hours)
  const advisories: AlertBody[] = []
  const realised = await alarmed(model, calibrated, minutes.noting(openSimulated(unseen, model.table)), 1, (body) => {
    if (isAdvisory(body)) advisories.push(body)
  })
  const per = (count: number) => Number((count / realised.patientDays).toPrecision(4))
  const [low, high] = poissonInterval(realised.alarms)
  const { name, version } = model.manifest
  const result: BudgetResult = {
    model: `${name}@${version}`,
    patientDays: Number(realised.patientDays.toPrecision(4)),
    budget: perDay,
    realised: per(realised.alarms),
    interval: [per(low), per(high)],
    realisedCalls: per(realised.called),
    q: calibrated.q,
    drift: Number(calibrated.drift.toPrecision(4)),
    byCode: { unexpected: per(realised.alarms - realised.drifts), drift: per(realised.drifts) },
    realisedOn: rates(realised),
    calibratedOn: { setting: from, seed: own.seed, ...rates(calibrated) },
  }
  return { result, minutes, advisories }
}

const rates = ({ patientDays, patients, alarms, drifts, called, limitAlarms, technical }: Alarmed): RatesOf => ({
  patientDays: Number(patientDays.toPrecision(4)),
  patients,
  advisories: alarms,
  drifts,
  called,
  limitAlarms,
  technical,
})
