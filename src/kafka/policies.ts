import { VigilError } from '../errors.ts'
import type { Ward } from '../stream/ward.ts'
import type { JournalEntry } from '../vitals/journal.ts'
import type { PolicySettings } from '../vitals/policy.ts'
import type { Changelog } from './changelog.ts'
import type { Owned } from './owned.ts'

/** The ward, and the clock on the wall, ms. */
interface Around {
  readonly ward: Ward
  readonly now: () => number
}

/**
 * The restored patients of a partition are in the ward, and go on under its policy.
 * @returns what is to be said of those who were under another one
 */
export function adoptPolicy(
  owned: Owned,
  { policyOrigin }: Pick<Changelog, 'policyOrigin'>,
  around: Around,
): JournalEntry[] {
  owned.policyOrigin = policyOrigin ?? around.ward.policies.current.id
  owned.policyKept = policyOrigin !== undefined
  return policyEntries(owned, around)
}

/**
 * The ward's policy as the journal of every patient of a partition who is under another one; whoever is new there is told
 * of it, where it is not the one that the partition began with. Only while the ward is at rest.
 */
function policyEntries(owned: Owned, { ward, now }: Around): JournalEntry[] {
  const { id } = ward.policies.current
  const origin = owned.policyOrigin
  if (origin === undefined) return []
  if (id === origin) ward.toldOfPolicy.delete(owned.number)
  else ward.toldOfPolicy.add(owned.number)
  return ward.state.here(owned.number).flatMap((session): JournalEntry[] => {
    if ((session.policy?.id ?? origin) === id) return []
    const { patientKey, lastOffset: afterOffset, admittedAt } = session
    const newest = ward.state.newest(session)
    const at = Number.isNaN(newest) ? (admittedAt ?? now()) : newest
    return [{ kind: 'journal', patientKey, at, afterOffset, entry: 'policy', ...ward.policies.said() }]
  })
}

/** Every partition is under another policy from here on, or none is: `refused` says why. Only while the ward is at rest. */
export function changePolicy(
  all: readonly Owned[],
  settings: PolicySettings,
  around: Around,
): { readonly entries: readonly JournalEntry[]; readonly refused?: VigilError } {
  try {
    around.ward.policies.change(settings)
  } catch (error) {
    if (!(error instanceof VigilError)) throw error
    return { entries: [], refused: error }
  }
  return { entries: all.filter(({ live }) => live).flatMap((owned) => policyEntries(owned, around)) }
}
