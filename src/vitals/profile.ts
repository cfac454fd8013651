import { z } from 'zod'

/**
 * Age groups, for limits and NEWS2. The bands of children are those of the Bedside Paediatric Early Warning System
 * (Parshuram, Hutchison, Middaugh, Critical Care 2009, 13:R135, table 1); a neonate is less than 28 days old.
 */
export const PROFILES = [
  'adult',
  'child-12-17-years',
  'child-4-11-years',
  'child-1-3-years',
  'infant-3-11-months',
  'infant-1-2-months',
  'neonate',
] as const
export const Profile = z.enum(PROFILES)
export type Profile = z.infer<typeof Profile>

const YEAR = 365.25
const MONTH = YEAR / 12
/** oldest first: [from this age in days on, profile] */
const FROM_DAYS: readonly (readonly [days: number, profile: Profile])[] = [
  [18 * YEAR, 'adult'],
  [12 * YEAR, 'child-12-17-years'],
  [4 * YEAR, 'child-4-11-years'],
  [YEAR, 'child-1-3-years'],
  [3 * MONTH, 'infant-3-11-months'],
  [28, 'infant-1-2-months'],
  [0, 'neonate'],
]

/** The profile of an age. @param days whole days since birth, at least 0 */
export function profileOf(days: number): Profile {
  return FROM_DAYS.find(([from]) => days >= Math.floor(from))![1]
}
