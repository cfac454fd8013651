/**
 * The scoring rule of the Numenta Anomaly Benchmark (Lavin and Ahmad, ICMLA 2015, arXiv 1510.03336, section II.B),
 * written from its description.
 */

/** What a hit, a miss and a false alarm are worth. */
export interface NabProfile {
  readonly tpWeight: number
  readonly fnWeight: number
  readonly fpWeight: number
}

/** The published application profiles; true negatives count in none of them. */
export const NAB_PROFILES = {
  standard: { tpWeight: 1, fnWeight: 1, fpWeight: 0.11 },
  rewardLowFP: { tpWeight: 1, fnWeight: 1, fpWeight: 0.22 },
  rewardLowFN: { tpWeight: 1, fnWeight: 2, fpWeight: 0.11 },
} as const satisfies Record<string, NabProfile>
export type NabProfileName = keyof typeof NAB_PROFILES

/** One labelled window: rows [first, last], both inside. */
export interface NabWindow {
  readonly first: number
  readonly last: number
}

/** Share of a file, and of 5,000 rows at most, that a detector may learn from before it is judged. */
const PROBATION = 0.15
const PROBATION_ROWS = 5000

/** Rows at the start of a file of `rows` rows that are not scored. */
export function probationRows(rows: number): number {
  return Math.min(Math.floor(PROBATION * rows), PROBATION * PROBATION_ROWS)
}

/** Beyond three window widths a false alarm costs its full weight. */
const FAR = 3

/** 2 / (1 + e^(5 y)) - 1: .987 at a window's left edge (y = -1), 0 at its right edge, -1 far behind it. */
export function scaledSigmoid(y: number): number {
  return y > FAR ? -1 : 2 / (1 + Math.exp(5 * y)) - 1
}

const LEFT_EDGE = scaledSigmoid(-1)

/**
 * The raw score of one file under one profile: each window earns its best alarm (none: -fnWeight), each alarm outside
 * costs by how far it lies behind the last window (before the first one: in full).
 * @param alarms rows with an alarm, rising
 * @param windows in order, apart from one another
 */
export function rawScore(
  rows: number,
  windows: readonly NabWindow[],
  alarms: Iterable<number>,
  { tpWeight, fnWeight, fpWeight }: NabProfile,
): number {
  const probation = probationRows(rows)
  const earned = windows.map(({ last }) => (last < probation ? 0 : -fnWeight)) // never scored where wholly in probation
  let spent = 0
  for (const row of alarms) {
    if (row < probation) continue
    const within = windows.findIndex(({ first, last }) => row >= first && row <= last)
    if (within >= 0) {
      const { first, last } = windows[within]!
      const worth = scaledSigmoid(-(last - row + 1) / (last - first + 1))
      earned[within] = Math.max(earned[within]!, (worth * tpWeight) / LEFT_EDGE)
      continue
    }
    const before = windows.findLast(({ last }) => last < row)
    spent += fpWeight * (before === undefined ? -1 : scaledSigmoid((row - before.last) / (before.last - before.first)))
  }
  return earned.reduce((sum, each) => sum + each, spent)
}

/**
 * 100 (raw - null) / (perfect - null): 0 = never an alarm, 100 = every window at its left edge and nothing else.
 * @param raw summed over all files
 * @param windows of all files
 */
export function normalisedScore(raw: number, windows: number, { tpWeight, fnWeight }: NabProfile): number {
  const nothing = -fnWeight * windows
  return (100 * (raw - nothing)) / (tpWeight * windows - nothing)
}
