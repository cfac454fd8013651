import type { Condition } from '../vitals/condition.ts'
import { label, timeOfDay } from './sentence.ts'

/**
 * A bed went silent: what the journal entry `signal-lost` says as a condition. Silence is never health. It latches:
 * its alert stays open until the signal is back (`endAlert`) or the patient leaves.
 * @param at event time of the verdict, ms since 1970
 * @param silentSeconds how long nothing had come
 */
export function signalLost(at: number, silentSeconds: number): Condition {
  const onset = Math.round(at - silentSeconds * 1000)
  return {
    detector: 'signal',
    code: 'signal-lost',
    kind: 'technical',
    priority: 'medium',
    label: label(`No signal: nobody watches this bed, since ${timeOfDay(onset)}`),
    onset,
    channels: [],
    score: undefined,
    explanation: { text: `No reading for ${Math.round(silentSeconds)} s.`, method: 'silence of the source' },
    latching: true,
  }
}
