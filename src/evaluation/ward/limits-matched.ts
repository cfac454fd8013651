import type { ChannelTable } from '../../vitals/channels.ts'
import { ADULT_LIMITS } from '../../vitals/limits.ts'
import { Settings } from '../../vitals/settings.ts'
import type { OpenWard } from '../budget/calibration.ts'
import { watchRules } from '../watched.ts'

const SECONDS_A_DAY = 86_400
/** how far limits may be moved out, as a share of themselves, and how often the bracket is halved */
const WIDEST = 0.8
const HALVINGS = 6

/** The shipped adult limits, every one moved away from normal by a share of itself. */
export function widenedLimits(share: number): Settings {
  const adult = Object.fromEntries(
    Object.entries(ADULT_LIMITS).map(([channel, { low, high }]) => [
      channel,
      {
        ...(low !== undefined && { low: low - share * Math.abs(low) }),
        ...(high !== undefined && { high: high + share * Math.abs(high) }),
      },
    ]),
  )
  return Settings.parse({ limits: { set: `adult-widened-${share.toFixed(3)}`, adult } })
}

export interface MatchedRules {
  readonly settings: Settings
  /** share by which the limits were widened */
  readonly widened: number
  /** limit alarms a patient-day in the calm ward at these limits */
  readonly limitsPerDay: number
  /** responses of NEWS2 a patient-day: score 5 and over, 7 and over */
  readonly news2PerDay: readonly [urgent: number, emergency: number]
}

/**
 * The narrowest limits at which a calm ward has at most so many limit alarms a patient-day, for each of some rates.
 * @param open the calm ward, watched as often as it takes
 */
export async function matchLimits(
  table: ChannelTable,
  open: OpenWard,
  rates: readonly number[],
  say: (line: string) => void,
): Promise<MatchedRules[]> {
  const known = new Map<number, MatchedRules>()
  const measure = async (widened: number): Promise<MatchedRules> => {
    const before = known.get(widened)
    if (before !== undefined) return before
    const settings = widenedLimits(widened)
    let [limits, urgent, emergency] = [0, 0, 0]
    const { frames } = await watchRules(table, settings, open(1), (body) => {
      if (body.phase !== 'start') return
      if (body.source.detector === 'limits') limits++
      else if (body.code === 'news2-urgent') urgent++
      else if (body.code === 'news2-emergency') emergency++
    })
    const days = frames / SECONDS_A_DAY
    say(`limits widened by ${(100 * widened).toFixed(0)} %: ${(limits / days).toFixed(2)} a patient-day`)
    const measured = {
      settings,
      widened,
      limitsPerDay: limits / days,
      news2PerDay: [urgent / days, emergency / days] as const,
    }
    known.set(widened, measured)
    return measured
  }
  const matched: MatchedRules[] = []
  for (const perDay of rates) {
    let best = await measure(0)
    if (best.limitsPerDay > perDay) {
      let [low, high] = [0, WIDEST]
      best = await measure(high)
      for (let i = 0; i < HALVINGS; i++) {
        const middle = await measure((low + high) / 2)
        if (middle.limitsPerDay <= perDay) {
          high = middle.widened
          best = middle
        } else low = middle.widened
      }
    }
    matched.push(best)
  }
  return matched
}
