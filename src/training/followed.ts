import type { FitState } from './checkpoint.ts'
import type { FitWatch } from './fit.ts'

/** How fast the loss that is shown follows the loss of the last chunk. */
const FOLLOWING = 0.05

/** Where a training speaks: lines that are kept, and one that is overwritten. */
interface Voice {
  readonly log: (line: string) => void
  readonly progress?: (line: () => string) => void
}

/**
 * A fit as a person follows it: rate, loss and time left while it runs, a line for every validation.
 * @param left what a resumed fit goes on from: its validations were said before
 */
export function followed(
  epochs: number,
  { log, progress }: Voice,
  left: FitState | undefined,
  now: () => number = () => performance.now(),
): FitWatch {
  const began = now()
  const said = left?.curve.length ?? 0
  let points = 0
  let steps = 0
  let first = Number.NaN
  let shown = Number.NaN
  return {
    validated({ epoch, train, validation }) {
      if (points++ < said) return
      const seconds = Math.round((now() - began) / 1000)
      log(
        `epoch ${epoch} of ${epochs}: train ${train.toFixed(4)}, validation ${validation.toFixed(4)} nats, ${seconds} s`,
      )
    },
    stepped(chunk) {
      steps += chunk.steps
      if (Number.isNaN(first)) first = chunk.at
      if (Number.isFinite(chunk.loss)) {
        shown = Number.isNaN(shown) ? chunk.loss : shown + FOLLOWING * (chunk.loss - shown)
      }
      progress?.(() => {
        const seconds = (now() - began) / 1000
        const rate = Math.round(steps / seconds).toLocaleString('en')
        const done = chunk.at - first
        const rest = done > 0 ? `${timeOf((seconds * (1 - chunk.at)) / done)} left at most` : 'time left not known yet'
        return `epoch ${chunk.epoch} of ${epochs}, ${rate} patient-timesteps/s, loss ${shown.toFixed(3)} nats, ${rest}`
      })
    },
  }
}

function timeOf(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  if (seconds < 5400) return `${Math.ceil(seconds / 60)} min`
  return `${(seconds / 3600).toFixed(1)} h`
}
