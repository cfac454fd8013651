import type { RiskHours, RiskView } from './protocol.ts'

/** Hours of a risk that a bed remembers. */
const MOST = 72

/** The hours with what a frame says of a risk: one more where an hour ended, none where a stay begins anew. */
export function withHour(
  all: readonly RiskHours[],
  { detector, role, time, probability }: Pick<RiskView, 'detector' | 'role' | 'time' | 'probability'>,
): readonly RiskHours[] {
  const before = all.find((it) => it.detector === detector && it.role === role)
  const newest = before?.time.at(-1)
  if (newest === (time ?? undefined)) return all
  const others = all.filter((it) => it !== before)
  if (time === null || probability === null) return others
  const known = before !== undefined && newest! < time ? before : { time: [], probability: [] }
  const hours = {
    time: [...known.time, time].slice(-MOST),
    probability: [...known.probability, probability].slice(-MOST),
  }
  return [...others, { detector, role, ...hours }]
}
