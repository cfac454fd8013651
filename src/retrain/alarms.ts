import { evidencePlan, learningFrozen, weighEvidence } from '../scoring/evidence.ts'
import { resetEvidence } from '../scoring/evidence-row.ts'
import { Page } from '../scoring/page.ts'
import { serveStay } from '../training/serve-stays.ts'
import type { Contestant, Foreseen } from './contestant.ts'

/** thresholds that may come out, log10 of q, and how often the interval is halved */
const [STRICTEST, LOOSEST] = [-8, -0.1]
const HALVINGS = 12

/** Frames at which an advisory begins in each stay, by the detector's own rule at a threshold: [stays][onsets]. */
export function onsets({ manifest, plan }: Contestant, foreseen: readonly Foreseen[], q: number): number[][] {
  const evidence = evidencePlan({ ...manifest, policy: { ...manifest.policy, q } }, plan)
  const row = new Page(evidence.stateSize)
  return foreseen.map(({ stay, forecasts }) => {
    resetEvidence(evidence, row, 0)
    const found: number[] = []
    let standing = false
    serveStay(plan, stay, manifest.warmupSteps, forecasts, (frame, scored, state) => {
      const raised = weighEvidence(evidence, row, 0, state, 0, stay.frames, frame, scored)
      if (frame >= manifest.warmupSteps && raised && !standing) found.push(frame)
      standing = raised
      return learningFrozen(evidence, row, 0)
    })
    return found
  })
}

export const countOf = (found: readonly (readonly number[])[]): number =>
  found.reduce((sum, { length }) => sum + length, 0)

/**
 * The threshold at which a contestant raises about `wanted` advisories in some stays; from below, since where everything
 * is one long advisory there are few of them again.
 */
export function thresholdFor(contestant: Contestant, foreseen: readonly Foreseen[], wanted: number): number {
  let [low, high] = [STRICTEST, LOOSEST]
  // the first power of ten that gives enough bounds the search
  for (let log = STRICTEST; log < LOOSEST; log++) {
    if (countOf(onsets(contestant, foreseen, 10 ** log)) >= wanted) {
      high = log
      break
    }
    low = log
  }
  for (let i = 0; i < HALVINGS && high - low > 0.02; i++) {
    const middle = (low + high) / 2
    if (countOf(onsets(contestant, foreseen, 10 ** middle)) < wanted) low = middle
    else high = middle
  }
  return 10 ** low
}
