import { type BudgetEvaluation, openSimulated } from '../../src/evaluation/budget/evaluate.ts'
import type { WardEvaluation } from '../../src/evaluation/ward/evaluate.ts'
import { MinuteMeans } from '../../src/evaluation/ward/minutes.ts'
import { SETTINGS } from '../../src/ingest/simulator/settings.ts'
import type { AlertBody } from '../../src/vitals/alert.ts'
import { channelTable } from '../../src/vitals/channels.ts'

const START = Date.UTC(2026, 0, 1)
const HOURS = 1
const MINUTE = 60_000

/** An hour of twelve simulated beds by the minute; no model watched it. */
async function minutes(): Promise<MinuteMeans> {
  const made = new MinuteMeans(channelTable(), START, HOURS)
  const ward = { hours: HOURS, start: START, unit: 'SIM', setting: SETTINGS.evaluation, beds: 12, seed: 4 }
  for await (const _ of made.noting(openSimulated(ward, made.table))(1));
  return made
}

/** A result of `evaluate ward` with figures that were made up: every third episode is missed. */
export async function madeWard(): Promise<WardEvaluation> {
  const noted = await minutes()
  const kinds = ['sepsis', 'haemorrhage', 'apnoea']
  const lead = (found: number) =>
    Object.fromEntries(
      kinds.map((kind) => [
        kind,
        { episodes: 4, found, interval: [0.2, 0.9] as const, medianDelayMinutes: 6, medianLeadMinutes: 12 },
      ]),
    )
  const detector = (found: number) => ({ setting: 'made', otherAlarmsPerPatientDay: 1.2, lead: lead(found) })
  return {
    minutes: noted,
    episodes: noted.patients.map((patient, i) => ({
      episode: { patient, bed: `${i}`, kind: kinds[i % 3]!, nature: 'physiological', channels: ['hr'], from: START + 20 * MINUTE, to: START + 40 * MINUTE },
      first: {
        vigil: i % 3 === 2 ? undefined : START + (22 + i) * MINUTE,
        limits: i % 2 === 0 ? START + (30 + i) * MINUTE : undefined,
        news2: undefined,
      },
    })),
    result: {
      model: 'bedside@1.0.0',
      patientDays: 0.5,
      budget: 1,
      detectors: { vigil: detector(0.75), limits: detector(0.5), news2: detector(0) },
      confusion: { physiological: { physiological: 8, technical: 0, nothing: 4 }, technical: { physiological: 0, technical: 3, nothing: 1 } },
      byKind: { sepsis: { physiological: 3, technical: 0, nothing: 1 } },
    },
  } // biome-ignore format: the figures
}

/** A result of `evaluate budget` with figures that were made up: the first bed has most advisories. */
export async function madeBudget(): Promise<BudgetEvaluation> {
  const noted = await minutes()
  const advisories = noted.patients.flatMap((patientKey, i) =>
    Array.from({ length: Math.max(0, 4 - i) }, (_, k) => ({ subject: { patientKey }, times: { detected: START + (10 * k + 5) * MINUTE } }) as AlertBody),
  ) // biome-ignore format: the list
  const rates = {
    patientDays: 0.5,
    patients: 12,
    advisories: advisories.length,
    drifts: 3,
    called: 6,
    limitAlarms: 7,
    technical: 2,
  }
  return {
    minutes: noted,
    advisories,
    result: {
      model: 'bedside@1.0.0',
      patientDays: 0.5,
      budget: 1,
      realised: 20,
      interval: [9.6, 36.8],
      realisedCalls: 12,
      q: 0.01,
      drift: 1.5,
      byCode: { unexpected: 4, drift: 3 },
      realisedOn: rates,
      calibratedOn: { ...rates, setting: 'evaluation', seed: 2 },
    },
  }
}
