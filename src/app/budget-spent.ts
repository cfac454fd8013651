import { poissonInterval } from '../alerts/alarm-rate.ts'
import type { BudgetView } from '../dashboard/protocol.ts'
import type { AlertBody } from '../vitals/alert.ts'
import { isSelfTest } from '../vitals/reading.ts'

/** What is counted of a ward: patient time and episodes of its models, without Vigil's own self-test patients. */
export interface BudgetSpent {
  /** one frame of a patient */
  frame(patientKey: string): void
  alert(body: AlertBody): void
  spent(): BudgetView
  /** what was counted, as it is kept in a snapshot */
  save(): SavedBudget
  /** go on from there */
  load(saved: SavedBudget): void
}

export interface SavedBudget {
  readonly frames: number
  readonly episodes: number
  readonly called: number
}

const SECONDS_A_DAY = 86_400

/**
 * @param cadenceSeconds length of a tick
 * @param models names of the detectors that are models: the budget is about what they say of patients
 * @param budget advisories a patient-day; null where no site set one
 */
export function budgetSpent(cadenceSeconds: number, models: readonly string[], budget: number | null): BudgetSpent {
  let [frames, episodes, called] = [0, 0, 0]
  return {
    frame(patientKey) {
      if (!isSelfTest(patientKey)) frames++
    },
    alert({ phase, source, subject, signal }) {
      if (phase !== 'start' || !models.includes(source.detector) || isSelfTest(subject.patientKey)) return
      episodes++
      if (signal.call === 'now') called++
    },
    save: () => ({ frames, episodes, called }),
    load(saved) {
      frames = saved.frames
      episodes = saved.episodes
      called = saved.called
    },
    spent() {
      const patientDays = (frames * cadenceSeconds) / SECONDS_A_DAY
      const per = (count: number) => (patientDays === 0 ? 0 : count / patientDays)
      const [low, high] = poissonInterval(episodes)
      return { budget, patientDays, episodes, called, realised: per(episodes), interval: [per(low), per(high)] }
    },
  }
}
