import type { LimitProfile } from './limits.ts'
import type { Profile } from './profile.ts'

/** lowest and highest value inside, of heart rate, systolic pressure and breathing */
type Band = readonly [
  hr: readonly [number, number],
  systolic: readonly [number, number],
  resp: readonly [number, number],
]

/**
 * Children: inside the line at which Bedside PEWS gives its most points (Parshuram, Hutchison, Middaugh, Critical Care
 * 2009, 13:R135, table 1; for temperature its outer band). What that score does not know is not limited: a site sets it.
 */
function child([hr, systolic, resp]: Band): LimitProfile {
  const within = ([low, high]: readonly [number, number]) => ({ low, high })
  return {
    hr: { ...within(hr), holdSeconds: 5, priority: 'high' },
    pulse: { ...within(hr), holdSeconds: 10, priority: 'medium' },
    spo2: { low: 91, holdSeconds: 10, priority: 'high' },
    resp: { ...within(resp), holdSeconds: 10, priority: 'medium' },
    nibp_sys: { ...within(systolic), holdSeconds: 0, priority: 'medium' },
    abp_sys: { ...within(systolic), holdSeconds: 10, priority: 'high' },
    temp: { low: 35, high: 40, holdSeconds: 0, priority: 'low' },
  }
}

/** The built-in limits of everyone who is not an adult, by profile. */
export const CHILD_LIMITS: Readonly<Record<Exclude<Profile, 'adult' | 'neonate'>, LimitProfile>> = {
  'child-12-17-years': child([[41, 139], [76, 189], [10, 29]]),
  'child-4-11-years': child([[51, 150], [71, 169], [11, 50]]),
  'child-1-3-years': child([[61, 169], [66, 159], [13, 70]]),
  'infant-3-11-months': child([[71, 179], [61, 149], [16, 80]]),
  'infant-1-2-months': child([[81, 189], [46, 129], [16, 90]]),
} // biome-ignore format: a table

/**
 * Neonates: a manufacturer's defaults (Contec CMS8000, neonatal pulse and SpO2). Its upper SpO2 limit is left out: it is
 * for infants on oxygen, which a monitor does not know. Breathing and pressures depend on the gestational age: a site
 * sets them.
 */
export const NEONATE_LIMITS: LimitProfile = {
  hr: { low: 100, high: 200, holdSeconds: 5, priority: 'high' },
  pulse: { low: 100, high: 200, holdSeconds: 10, priority: 'medium' },
  spo2: { low: 85, holdSeconds: 10, priority: 'high' },
}
