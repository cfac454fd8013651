import type { TrainerTelemetry } from '../stream/ports.ts'
import { TRAINER_PHASES } from '../vitals/trainer-phase.ts'
import type { METRICS } from './table.ts'
import type { Write } from './versions.ts'

/** The metrics of the trainer. They are there once it has begun: no other process shows them. */
export function trainerMetrics(write: Readonly<Record<keyof typeof METRICS, Write>>): TrainerTelemetry {
  const doing: TrainerTelemetry['doing'] = (now) => {
    for (const phase of TRAINER_PHASES) write.retrainPhase({ phase }, phase === now ? 1 : 0)
  }
  return {
    doing,
    begun: () => doing('resting'),
    window(readings, patients) {
      write.retrainReadings({}, readings)
      for (const [part, number] of Object.entries(patients)) write.retrainPatients({ part }, number)
    },
    judged({ candidates, primary, conditions }) {
      for (const { from, validation } of candidates) write.retrainValidation({ from }, validation)
      const [low, high] = primary.interval
      for (const [of, value] of Object.entries({ difference: primary.difference, low, high }))
        write.retrainPrimary({ of }, value)
      write.retrainUnmet({}, [primary, ...conditions].filter(({ passes }) => !passes).length)
    },
    ended(outcome, seconds, at) {
      write.retrainCycles({ outcome }, 1)
      write.retrainSeconds({}, seconds)
      write.retrainEnded({ outcome }, at / 1000)
    },
  }
}
