/**
 * How a simulated ward is: its people, its monitors, its mishaps. Two are given. What is learnt or chosen on `training`
 * is judged on `evaluation`, where patients are older and more labile, monitors average longer, gaps, ectopy and
 * movement are more frequent, more patients have an arterial line and more are children.
 */
export interface WardSetting {
  readonly name: 'training' | 'evaluation'
  /** shares of the patients */
  readonly children: number
  readonly arterialLines: number
  readonly cuffOnOximeterArm: number
  /** adult ages, years: uniform */
  readonly ages: readonly [number, number]
  /** added to an adult's resting values, typical patient */
  readonly shift: { readonly hr: number; readonly resp: number; readonly spo2: number; readonly sys: number }
  /** factor on every spontaneous movement, and on how slowly it goes */
  readonly lability: number
  readonly slowness: number
  /** depth of the day: 1 = heart rate +-6 % */
  readonly circadian: number
  /** averaging of the monitor, seconds */
  readonly averaging: { readonly hr: number; readonly pulse: number; readonly spo2: number; readonly resp: number; readonly abp: number }
  /** how far the average must leave what is printed before it is printed anew, in units of the last digit */
  readonly sticky: number
  /** factor on the gaps that were measured in real numerics */
  readonly gaps: number
  /** excursions of heart rate and pulse for seconds (ectopic beats, movement) an hour: median patient */
  readonly excursions: number
} // biome-ignore format: one part, one line

export const SETTINGS: Readonly<Record<WardSetting['name'], WardSetting>> = {
  training: {
    name: 'training',
    children: 0.12,
    arterialLines: 0.35,
    cuffOnOximeterArm: 0.2,
    ages: [18, 85],
    shift: { hr: 0, resp: 0, spo2: 0, sys: 0 },
    lability: 1,
    slowness: 1,
    circadian: 1,
    averaging: { hr: 3, pulse: 5, spo2: 8, resp: 8, abp: 4 },
    sticky: 0.7,
    gaps: 1,
    excursions: 2.5,
  },
  evaluation: {
    name: 'evaluation',
    children: 0.18,
    arterialLines: 0.5,
    cuffOnOximeterArm: 0.3,
    ages: [30, 92],
    shift: { hr: 4, resp: 1, spo2: -0.7, sys: 4 },
    lability: 1.15,
    slowness: 1.3,
    circadian: 0.8,
    averaging: { hr: 4, pulse: 7, spo2: 10, resp: 10, abp: 5 },
    sticky: 0.65,
    gaps: 1.25,
    excursions: 3,
  },
}
