import type { ChannelTable } from '../vitals/channels.ts'
import type { Condition } from '../vitals/condition.ts'
import type { FrameColumns } from '../vitals/frame.ts'
import { label, timeOfDay } from './sentence.ts'
import { spoken } from './spoken.ts'

/** How old a value may be to count, seconds. Ours: NEWS2 itself is charted by hand and says nothing of it. */
const CONTINUOUS = 60
const CUFF = 3600
const TEMPERATURE = 4 * 3600

/** A band of a part: values up to and including `to` score `points`; bands rise, the last one is open. */
type Bands = readonly (readonly [to: number, points: number])[]
const REST = Number.POSITIVE_INFINITY

interface Part {
  readonly name: string
  /** the first of these with a value young enough counts */
  readonly sources: readonly (readonly [channel: string, maxAgeSeconds: number])[]
  /** decimals to round to before scoring */
  readonly decimals: number
  readonly bands: Bands
}

/** Royal College of Physicians, National Early Warning Score 2 (2017), SpO2 scale 1. Round first, then score. */
// biome-ignore format: a table
const PARTS: readonly Part[] = [
  { name: 'respiration', sources: [['resp', CONTINUOUS]], decimals: 0, bands: [[8, 3], [11, 1], [20, 0], [24, 2], [REST, 3]] },
  { name: 'SpO2', sources: [['spo2', CONTINUOUS]], decimals: 0, bands: [[91, 3], [93, 2], [95, 1], [REST, 0]] },
  { name: 'systolic', sources: [['abp_sys', CONTINUOUS], ['nibp_sys', CUFF]], decimals: 0, bands: [[90, 3], [100, 2], [110, 1], [219, 0], [REST, 3]] },
  { name: 'pulse', sources: [['hr', CONTINUOUS], ['pulse', CONTINUOUS]], decimals: 0, bands: [[40, 3], [50, 1], [90, 0], [110, 1], [130, 2], [REST, 3]] },
  { name: 'temperature', sources: [['temp', TEMPERATURE]], decimals: 1, bands: [[35, 3], [36, 1], [38, 0], [39, 1], [REST, 2]] },
]

/** never on a monitor: always listed as missing */
const UNKNOWN = ['oxygen', 'consciousness']

/** A partial NEWS2: at least this, since what is missing can only add. */
export interface News2 {
  readonly score: number
  /** parts without a value young enough; never scored as 0 */
  readonly missing: readonly string[]
  readonly parts: readonly { readonly part: string; readonly points: number }[]
}

/** Where in a frame the parts of a NEWS2 stand. */
export interface News2Plan {
  /** channels of the table: D */
  readonly width: number
  readonly parts: readonly {
    readonly name: string
    readonly sources: readonly { readonly index: number; readonly maxAge: number }[]
    /** 10 to the decimals it is rounded to */
    readonly digits: number
    readonly bands: Bands
  }[]
}

export function news2Plan(table: ChannelTable): News2Plan {
  const parts = PARTS.map(({ name, sources, decimals, bands }) => ({
    name,
    sources: sources.flatMap(([channel, maxAge]) => {
      const index = table.index.get(channel)
      return index === undefined ? [] : [{ index, maxAge }]
    }),
    digits: 10 ** decimals,
    bands,
  }))
  return { width: table.channels.length, parts }
}

/** what stands for the points of a part without a value young enough */
const UNSCORED = -1

/** The points of a part in the frame that begins at `from`. */
function pointsOf({ sources, digits, bands }: News2Plan['parts'][number], frames: FrameColumns, from: number): number {
  for (let i = 0; i < sources.length; i++) {
    const { index, maxAge } = sources[i]!
    // a comparison with NaN, no value ever, is false
    if (!(frames.ages[from + index]! <= maxAge)) continue
    const rounded = Math.round(frames.values[from + index]! * digits) / digits
    let band = 0
    while (rounded > bands[band]![0]) band++
    return bands[band]![1]
  }
  return UNSCORED
}

/** The score alone: what is asked of every frame. */
function scoreOf(plan: News2Plan, frames: FrameColumns, row: number): number {
  const from = row * plan.width
  let score = 0
  for (let i = 0; i < plan.parts.length; i++) {
    const points = pointsOf(plan.parts[i]!, frames, from)
    if (points !== UNSCORED) score += points
  }
  return score
}

/** The partial NEWS2 of a frame, with its parts: for whoever reads it. */
export function news2(plan: News2Plan, frames: FrameColumns, row: number): News2 {
  const from = row * plan.width
  const missing: string[] = []
  const parts: { part: string; points: number }[] = []
  let score = 0
  for (const part of plan.parts) {
    const points = pointsOf(part, frames, from)
    if (points === UNSCORED) {
      missing.push(part.name)
      continue
    }
    parts.push({ part: part.name, points })
    score += points
  }
  missing.push(...UNKNOWN)
  return { score, missing, parts }
}

/** Response thresholds of NEWS2, highest first, and how long a score must stand, ms. */
const RESPONSES = [
  { code: 'news2-emergency', from: 7, priority: 'high', response: 'emergency response' },
  { code: 'news2-urgent', from: 5, priority: 'medium', response: 'urgent response' },
] as const
const HOLD_MS = 30_000

/** doubles of one patient's row: since when each response's score stands, ms; NaN = it does not */
export const NEWS2_STATE_SIZE = RESPONSES.length

/** Forget since when (a new patient at the bed). */
export function resetNews2(state: Float64Array, at: number): void {
  state.fill(Number.NaN, at, at + NEWS2_STATE_SIZE)
}

/** The condition of a score that asks for a response. @param since ms since 1970 */
function responseTo(
  plan: News2Plan,
  frames: FrameColumns,
  row: number,
  { code, from, priority, response }: (typeof RESPONSES)[number],
  score: number,
  since: number,
): Condition {
  const head = `NEWS2 at least ${score}`
  const scoring = ({ parts }: News2) =>
    parts
      .filter(({ points }) => points > 0)
      .map(({ part, points }) => `${part} ${points}`)
      .join(', ')
  return spoken(
    {
      detector: 'news2',
      code,
      kind: 'advisory',
      priority,
      onset: since,
      score: { name: 'NEWS2', value: score, threshold: from, calibrated: false },
      latching: false,
      steady: true,
    },
    {
      label: () => {
        const tail = `, since ${timeOfDay(since)}`
        return label(`${head}: ${scoring(news2(plan, frames, row))}${tail}`, `${head}${tail}`)
      },
      channels: () => [],
      explanation: () => {
        const all = news2(plan, frames, row)
        return {
          text: `${head}, ${response}: ${scoring(all)}. Not scored: ${all.missing.join(', ')}.`,
          method: 'NEWS2, Royal College of Physicians 2017, SpO2 scale 1, partial',
        }
      },
    },
  )
}

/**
 * The response the partial NEWS2 of a frame asks for, once it has stood for 30 s: `news2-emergency` (7 and over, high) or
 * `news2-urgent` (5 and over, medium), never both at one tick.
 * @param time event time of the tick, ms since 1970
 */
export function checkNews2(
  plan: News2Plan,
  state: Float64Array,
  at: number,
  frames: FrameColumns,
  row: number,
  time: number,
  out: Condition[],
): void {
  const score = scoreOf(plan, frames, row)
  let found = false
  for (let i = 0; i < RESPONSES.length; i++) {
    if (score < RESPONSES[i]!.from) {
      state[at + i] = Number.NaN
      continue
    }
    if (Number.isNaN(state[at + i]!)) state[at + i] = time
    const since = state[at + i]!
    if (found || time - since < HOLD_MS) continue
    found = true
    out.push(responseTo(plan, frames, row, RESPONSES[i]!, score, since))
  }
}
