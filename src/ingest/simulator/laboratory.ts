import { type Random, random } from '../../random.ts'

/** What a laboratory finds in a patient: at rest, and in septic shock; the spread of one measurement. */
type Analyte = readonly [channel: string, atRest: number, inShock: number, spread: number, decimals: number]

// biome-ignore format: a table
const BLOOD: readonly Analyte[] = [
  ['wbc', 8.2, 21, 0.4, 1], ['hgb', 12.1, 10.2, 0.2, 1], ['hct', 36.5, 31, 0.5, 1], ['platelets', 232, 88, 6, 0],
  ['creatinine', 0.9, 2.6, 0.05, 1], ['bun', 16, 44, 1, 0], ['potassium', 4.1, 4.9, 0.1, 1], ['chloride', 104, 108, 1, 0],
  ['glucose', 118, 186, 6, 0], ['calcium', 8.8, 7.7, 0.1, 1], ['magnesium', 2, 1.7, 0.05, 1], ['phosphate', 3.3, 4.6, 0.1, 1],
]
// biome-ignore format: a table
const GASES: readonly Analyte[] = [
  ['lactate', 1.1, 5.4, 0.1, 1], ['ph', 7.4, 7.24, 0.01, 2], ['paco2', 40, 31, 1, 0], ['hco3', 24.5, 14, 0.4, 0],
  ['base_excess', 0, -10, 0.4, 0],
]
// biome-ignore format: a table
const LIVER: readonly Analyte[] = [['bilirubin', 0.7, 2.9, 0.05, 1], ['ast', 28, 190, 3, 0], ['alp', 74, 140, 3, 0], ['ptt', 29, 48, 0.6, 1]]

/** The groups of values that are asked for together. */
export const PANELS = { blood: BLOOD, gases: GASES, liver: LIVER } as const
export type Panel = keyof typeof PANELS

/** A made laboratory: the same values for the same seed and the same questions. */
export function laboratory(seed: number): (panels: readonly Panel[], severity: number) => Record<string, number> {
  const { normal }: Random = random(seed)
  return (panels, severity) =>
    Object.fromEntries(
      panels
        .flatMap((panel) => PANELS[panel])
        .map(([channel, atRest, inShock, spread, decimals]) => {
          const value = atRest + severity * (inShock - atRest) + spread * normal()
          return [channel, Number(value.toFixed(decimals))]
        }),
    )
}
