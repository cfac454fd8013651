import type { Random } from '../../random.ts'
import { type Profile, profileOf } from '../../vitals/profile.ts'
import type { WardSetting } from './settings.ts'

/** A simulated patient at rest, and how they react. */
export interface Person {
  readonly ageYears: number
  readonly profile: Profile
  readonly hr: number
  readonly resp: number
  readonly spo2: number
  readonly sys: number
  readonly dia: number
  readonly temp: number
  /** breathing in the heart rate, /min either side; falls with age */
  readonly sinus: number
  /** factor on spontaneous movements: patients differ by several times (BIDMC: HR repeats on 43 to 92 % of seconds) */
  readonly lability: number
  /** excursions of the heart rate for seconds, an hour */
  readonly excursions: number
  readonly arterialLine: boolean
  readonly cuffOnOximeterArm: boolean
}

/** Heart rate, breathing and systolic pressure of children, 1 to 15 years: medians of Fleming 2011, rounded. */
const CHILDREN = [
  { age: 1, hr: 125, resp: 33, sys: 92 },
  { age: 4, hr: 106, resp: 25, sys: 98 },
  { age: 8, hr: 92, resp: 21, sys: 104 },
  { age: 12, hr: 82, resp: 19, sys: 112 },
  { age: 15, hr: 76, resp: 17, sys: 118 },
] as const

const OLDEST_CHILD = 15

function childAt(age: number): { hr: number; resp: number; sys: number } {
  const above = CHILDREN.findIndex((row) => row.age >= age)
  const high = CHILDREN[Math.max(1, above)]!
  const low = CHILDREN[Math.max(1, above) - 1]!
  const share = (age - low.age) / (high.age - low.age)
  const between = (key: 'hr' | 'resp' | 'sys') => low[key] + share * (high[key] - low[key])
  return { hr: between('hr'), resp: between('resp'), sys: between('sys') }
}

/** The next patient of a ward. */
export function drawPerson({ uniform, normal }: Random, setting: WardSetting, arterialLine?: boolean): Person {
  const child = uniform() < setting.children
  const [youngest, eldest] = setting.ages
  const ageYears = child ? 1 + (OLDEST_CHILD - 1) * uniform() : youngest + (eldest - youngest) * uniform()
  const { shift } = setting
  const rest = child
    ? childAt(ageYears)
    : { hr: 82 + shift.hr, resp: 17.5 + shift.resp, sys: 119 + 0.25 * (ageYears - 20) + shift.sys }
  const spread = (sd: number) => sd * Math.max(-2, Math.min(2, normal()))
  const sys = rest.sys + spread(child ? 6 : 10)
  return {
    ageYears: Math.round(ageYears * 10) / 10,
    profile: profileOf(Math.floor(ageYears * 365.25)),
    hr: rest.hr + spread(child ? 8 : 11),
    resp: rest.resp + spread(2.4),
    spo2: Math.min(99, (child ? 97.6 : 96.8) + shift.spo2 + spread(1.1)),
    sys,
    dia: 0.58 * sys + spread(4),
    temp: 36.9 + spread(0.3),
    sinus: 5.5 * Math.exp(-ageYears / 35) * Math.exp(0.3 * normal()),
    lability: setting.lability * Math.exp(0.45 * Math.max(-2, Math.min(2, normal()))),
    excursions: setting.excursions * Math.exp(1.3 * Math.max(-2.5, Math.min(2.2, normal()))),
    arterialLine: uniform() < setting.arterialLines || arterialLine === true,
    cuffOnOximeterArm: uniform() < setting.cuffOnOximeterArm,
  }
}
