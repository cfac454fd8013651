import type { Channel } from '../vitals/channels.ts'
import type { ClassifierManifest } from '../vitals/classifier-manifest.ts'
import type { Condition } from '../vitals/condition.ts'
import { identified, label, measurement, timeOfDay } from './sentence.ts'
import { spoken } from './spoken.ts'

/** One reason for a risk: how much lower the logit would be without these inputs. */
export interface RiskReason {
  readonly label: string
  /** share among the reasons that raise it, 0..1 */
  readonly share: number
  /** the channel it is about, with its newest value; undefined for the clock, counts and severity scores */
  readonly channel: Channel | undefined
  readonly observed: number
}

/** What a risk model says of a patient. */
export interface Risk {
  readonly probability: number
  /** the probability from which it raises */
  readonly threshold: number
  /** event time at which the hour ended that it was made of, ms */
  readonly time: number
  /** event time of the first hour at or above the threshold, ms */
  readonly onset: number
  /** hours of the stay behind it */
  readonly hours: number
  readonly reasons: readonly RiskReason[]
}

/** How reasons are found, as alerts and the page say it. */
export const ABLATION = "each input group set to an average patient's, through the same network from the same state"

/** a share of a hundred as people write it: 8 %, 0.4 % */
export function percent(probability: number): string {
  const hundredths = 100 * probability
  return `${hundredths < 9.5 ? hundredths.toFixed(1) : hundredths.toFixed(0)} %`
}

/** The condition of a risk that its policy raised. */
export function riskCondition(
  {
    detector,
    name,
    version,
    policy,
    outcome,
  }: Pick<ClassifierManifest, 'detector' | 'name' | 'version' | 'outcome'> & {
    readonly policy: NonNullable<ClassifierManifest['policy']>
  },
  risk: Risk,
): Condition {
  const { probability, threshold, time, onset, hours, reasons } = risk
  return spoken(
    {
      detector,
      code: `${detector}-risk`,
      kind: 'advisory',
      priority: policy.priority,
      onset,
      score: {
        name: 'risk',
        value: probability,
        threshold,
        persistence: { n: policy.hold, of: policy.hold },
        probability,
        calibrated: false,
      },
      latching: false,
      silenceSeconds: policy.silenceSeconds,
    },
    {
      label: () => {
        const said = `${policy.says} ${percent(probability)}, alarm from ${percent(threshold)}`
        const since = `, since ${timeOfDay(onset)}`
        const why = (most: number) => {
          const names = reasons.slice(0, most).map((reason) => reason.label)
          return names.length === 0 ? '' : `: ${names.join(', ')}`
        }
        return label(...[3, 2, 1, 0].map((most) => `${said}${why(most)}${since}`), `${said}${since}`, said)
      },
      channels: () =>
        reasons.flatMap(({ channel, observed, share }) =>
          channel === undefined || Number.isNaN(observed)
            ? []
            : [{ ...identified(channel), observed, contribution: share, status: 'ok' as const }],
        ),
      explanation: () => {
        const named = reasons.map(({ label: what, channel, observed, share }) => {
          const value = channel === undefined || Number.isNaN(observed) ? what : measurement(channel, observed)
          return `${value} (${Math.round(share * 100)} %)`
        })
        return {
          text: `After ${hours} hours watched, at ${timeOfDay(time)} UTC, ${name} ${version} gives ${percent(probability)} for ${outcome.event}. Most of what raises it: ${named.join('; ') || 'no single input'}.`,
          method: ABLATION,
        }
      },
    },
  )
}
