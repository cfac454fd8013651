import type { Channel, ChannelTable } from '../vitals/channels.ts'
import type { Condition } from '../vitals/condition.ts'
import type { ModelManifest } from '../vitals/manifest.ts'
import type { Evidence, EvidenceChannel } from './evidence.ts'
import { identified, label, measurement, timeOfDay, unitName, valueText } from './sentence.ts'

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
 * with the largest share in the surprise, as it was in the most surprising frame of the run.
 * Priority: medium; low when no channel by itself left its 99 % band, only their combination or their pattern did.
 */
export function unexpectedCondition(manifest: SpeakingManifest, table: ChannelTable, evidence: Evidence): Condition {
  const cadence = manifest.grid.cadenceSeconds * 1000
  const channelOf = (it: EvidenceChannel) => table.channels[table.index.get(manifest.channels[it.channel]!)!]!
  const onset = Math.round(evidence.onsetTick * cadence)
  const since = `, since ${timeOfDay(onset)}`
  const seconds = manifest.horizons[evidence.horizonIndex]! * manifest.grid.cadenceSeconds
  const outside = (it: EvidenceChannel) => leaves(it, channelOf(it))
  const isOutside = evidence.channels.some(outside)
  // the channel with the largest share, of those outside their band when there are any
  const top = evidence.channels.find((it) => !isOutside || outside(it))!
  const channel = channelOf(top)
  const bound = Number(valueText(channel, top.observed < top.low ? top.low : top.high))
  const said = measurement(channel, top.observed, isOutside ? bound : top.observed)
  const band = (it: EvidenceChannel) => {
    const of = channelOf(it)
    return `${valueText(of, it.low)} to ${valueText(of, it.high)} ${unitName(of)}`
  }
  const sentence = isOutside
    ? label(`${said}, expected ${band(top)}${since}`, `${said}${since}`, said)
    : label(`${said}, unusual within ${band(top)}${since}`, `${said}, unusual${since}`, said)
  const named = evidence.channels
    .slice(0, NAMED)
    .map(
      (it) =>
        `${measurement(channelOf(it), it.observed)} (expected ${band(it)}, share ${Math.round(it.contribution * 100)} %)`,
    )
  const { q, n, of } = manifest.policy
  return {
    detector: manifest.detector,
    code: 'unexpected',
    kind: 'advisory',
    priority: isOutside ? 'medium' : 'low',
    label: sentence,
    onset,
    channels: [top, ...evidence.channels.filter((it) => it !== top)].map((it) => ({
      ...identified(channelOf(it)),
      observed: it.observed,
      expected: { mean: it.mean, sd: it.sd, low: it.low, high: it.high },
      z: it.residual,
      contribution: it.contribution,
      status: 'ok',
      sampleTime: evidence.tick * cadence,
    })),
    score: {
      name: 'p-value',
      value: evidence.p,
      threshold: q,
      persistence: { n, of },
      calibrated: manifest.calibration.calibrated,
      horizonSeconds: seconds,
    },
    explanation: {
      text: `At ${timeOfDay(evidence.tick * cadence)} UTC, against the forecast made ${seconds} s before: ${named.join('; ')}. When all is well a frame is this surprising with p = ${evidence.p.toPrecision(2)}; ${n} of ${of} ticks had p < ${q}.`,
      method: `student-t cell mass, calibrated on ${manifest.calibration.frames} frames`,
    },
    latching: false,
  }
}
