import type { ChannelTable } from '../vitals/channels.ts'
import type { Condition } from '../vitals/condition.ts'
import type { ModelManifest } from '../vitals/manifest.ts'
import type { Drift } from './drift.ts'
import { identified, label, measurement, timeOfDay } from './sentence.ts'

const MINUTE = 60_000

/** What is said of a patient who drifts: one condition, code `drift`, that names the channel furthest beyond its limit. */
export function driftCondition(
  manifest: Pick<ModelManifest, 'detector' | 'channels' | 'calibration'>,
  table: ChannelTable,
  drift: Drift,
  value: number,
  time: number,
): Condition {
  const channel = table.channels[table.index.get(manifest.channels[drift.channel]!)!]!
  const onset = Math.round(drift.sinceMinute * MINUTE)
  const direction = drift.up ? 'rising' : 'falling'
  const since = `since ${timeOfDay(onset)}`
  const own = drift.watch === 'own-baseline'
  const observed = own ? drift.lately : value
  const said = measurement(channel, observed)
  const before = own ? `, ${measurement(channel, drift.usual)} in the hours before` : ''
  const text = own
    ? `The mean of the last minutes is ${said}; ${measurement(channel, drift.usual)} is usual of this patient. On a control chart of one-minute means that is ${drift.score.toFixed(1)} standard deviations, limit ${drift.threshold.toFixed(1)}.`
    : `The forecasts have been ${drift.up ? 'too low' : 'too high'} minute after minute ${since}: a CUSUM of ${drift.score.toFixed(1)}, limit ${drift.threshold.toFixed(1)}.`
  return {
    detector: manifest.detector,
    code: 'drift',
    kind: 'advisory',
    priority: own ? 'medium' : 'low',
    label: label(`${said}, slowly ${direction} ${since}${before}`, `${said}, slowly ${direction} ${since}`, said),
    onset,
    channels: [{ ...identified(channel), observed, status: 'ok', sampleTime: time }],
    score: {
      name: drift.watch,
      value: drift.score,
      threshold: drift.threshold,
      calibrated: manifest.calibration.calibrated,
    },
    explanation: {
      text,
      method: own ? "EWMA chart of one-minute means, the patient's own" : 'CUSUM of one-minute mean residuals',
    },
    latching: false,
  }
}
