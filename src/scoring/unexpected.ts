import type { Channel, ChannelTable } from '../vitals/channels.ts'
import type { Condition } from '../vitals/condition.ts'
import type { ModelManifest } from '../vitals/manifest.ts'
import type { Evidence, EvidenceChannel } from './evidence.ts'
import { identified, label, measurement, timeOfDay, unitName, valueText } from './sentence.ts'
import { spoken } from './spoken.ts'

/** channels named in the explanation, at most */
const NAMED = 3

/** What of a manifest the sentence depends on. */
type SpeakingManifest = Pick<ModelManifest, 'detector' | 'channels' | 'grid' | 'horizons' | 'policy' | 'calibration'>

/** whether the whole resolution cell of the value lies beyond the expected band, so that it also does when printed */
function leaves(it: EvidenceChannel, channel: Channel): boolean {
  const half = channel.resolution / 2
  return it.observed + half < it.low || it.observed - half > it.high
}

/**
 * What a model says of a patient whose evidence stands: one condition, code `unexpected`. Its sentence names the channel
 * whose own test was the least probable, or without which most of the joint distance goes away, as it was in the most
 * surprising frame of the run.
 * Priority: medium; low when that channel did not leave its 99 % band: it is unusual for this patient, not for any.
 */
export function unexpectedCondition(manifest: SpeakingManifest, table: ChannelTable, evidence: Evidence): Condition {
  const cadence = manifest.grid.cadenceSeconds * 1000
  const channelOf = (it: EvidenceChannel) => table.channels[table.index.get(manifest.channels[it.channel]!)!]!
  const onset = Math.round(evidence.onsetTick * cadence)
  const seconds = manifest.horizons[evidence.horizonIndex]! * manifest.grid.cadenceSeconds
  const { n, of } = manifest.policy
  const band = (it: EvidenceChannel) => {
    const channel = channelOf(it)
    return `${valueText(channel, it.low)} to ${valueText(channel, it.high)} ${unitName(channel)}`
  }
  const top = evidence.channels[0]!
  const isOutside = leaves(top, channelOf(top))
  return spoken(
    {
      detector: manifest.detector,
      code: 'unexpected',
      kind: 'advisory',
      priority: isOutside ? 'medium' : 'low',
      onset,
      score: {
        name: 'p-value',
        value: evidence.p,
        threshold: evidence.q,
        persistence: { n, of },
        calibrated: manifest.calibration.calibrated,
        horizonSeconds: seconds,
      },
      latching: false,
    },
    {
      label: () => {
        const since = `, since ${timeOfDay(onset)}`
        const channel = channelOf(top)
        const bound = Number(valueText(channel, top.observed < top.low ? top.low : top.high))
        const said = measurement(channel, top.observed, isOutside ? bound : top.observed)
        return isOutside
          ? label(`${said}, expected ${band(top)}${since}`, `${said}${since}`, said)
          : label(`${said}, unusual within ${band(top)}${since}`, `${said}, unusual${since}`, said)
      },
      channels: () =>
        evidence.channels.map((it) => ({
          ...identified(channelOf(it)),
          observed: it.observed,
          expected: { mean: it.mean, sd: it.sd, low: it.low, high: it.high },
          z: it.residual,
          contribution: it.contribution,
          given: it.given,
          status: 'ok',
          sampleTime: evidence.tick * cadence,
        })),
      explanation: () => {
        const named = evidence.channels
          .slice(0, NAMED)
          .map(
            (it) =>
              `${measurement(channelOf(it), it.observed)} (expected ${band(it)}, by the rest ${valueText(channelOf(it), it.given)}, share ${Math.round(it.contribution * 100)} %)`,
          )
        return {
          text: `At ${timeOfDay(evidence.tick * cadence)} UTC, against the forecast made ${seconds} s before: ${named.join('; ')}. A minute of a patient who is as before shows as much with p = ${evidence.p.toPrecision(2)}, below ${evidence.q.toPrecision(2)} in ${n} of ${of} ticks.`,
          method: `residuals of a student-t forecast in the patient's own spread, calibrated on ${manifest.calibration.minutes} minutes`,
        }
      },
    },
  )
}
