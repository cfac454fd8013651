import { createHash } from 'node:crypto'
import { VigilError } from '../errors.ts'
import { type LimitPlan, limitRuns } from '../scoring/limits.ts'
import type { AlertBody } from '../vitals/alert.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import { type PolicySettings, policyOf, settingsOf } from '../vitals/policy.ts'
import type { Profile } from '../vitals/profile.ts'
import type { Session } from './session.ts'
import { limitPlans } from './sources.ts'
import type { Seers } from './versions.ts'

/** A policy at work: limits and the life of alerts. */
export interface HeldPolicy extends PolicySettings {
  /** 12 hex characters: a hash of all that is in it */
  readonly id: string
  readonly plans: Readonly<Record<Profile, LimitPlan>>
  /** where the alerts of patients come from who are seen by the same */
  readonly sources: WeakMap<Seers, Readonly<Record<string, AlertBody['source']>>>
}

/** One hash of the same settings, in whatever order they were written. */
function idOf(settings: PolicySettings): string {
  const ordered = (_: string, value: unknown) =>
    typeof value === 'object' && value !== null
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value
  return createHash('sha256').update(JSON.stringify(settings, ordered)).digest('hex').slice(0, 12)
}

/**
 * The policies of a ward: the one that holds for whoever is told of no other, and those that the journals of patients
 * name. Which one a patient is under is the patient's own (`Session.policy`).
 */
export class Policies {
  readonly #table: ChannelTable
  /** one for all policies: a patient's run outlives a change of them */
  readonly #runs: LimitPlan['runs']
  readonly #known = new Map<string, HeldPolicy>()
  #current: HeldPolicy

  /** @throws VigilError `config-invalid` when a limit is of no channel */
  constructor(settings: PolicySettings, table: ChannelTable) {
    this.#table = table
    this.#runs = limitRuns(table)
    this.#current = this.#hold(settings)
  }

  get current(): HeldPolicy {
    return this.#current
  }

  of({ policy }: Pick<Session, 'policy'>): HeldPolicy {
    if (policy === undefined) return this.#current
    return this.#known.get(policy.id) ?? this.entered(policy)
  }

  /** Another policy holds from here on; only while nothing is stepped. @throws VigilError `config-invalid`; the old one holds then */
  change(settings: PolicySettings): HeldPolicy {
    this.#current = this.#hold(settings)
    return this.#current
  }

  /** A policy as a journal or a saved state has it. @throws VigilError `config-invalid` where it was made on other built-in limits */
  entered({ id, policy }: NonNullable<Session['policy']>): HeldPolicy {
    const held = this.#known.get(id) ?? this.#hold(settingsOf(policy))
    if (held.id !== id)
      throw new VigilError('config-invalid', `policy ${id} of the journal is ${held.id} to this build: its built-in limits are others`, { place: 'journal' }) // biome-ignore format: one sentence
    return held
  }

  /** The current policy as an entry of the journal has it. */
  said(): NonNullable<Session['policy']> {
    return { id: this.#current.id, policy: policyOf(this.#current) }
  }

  #hold({ limits, alerts }: PolicySettings): HeldPolicy {
    const settings = { limits, alerts }
    const id = idOf(settings)
    const held = this.#known.get(id) ?? {
      ...settings,
      id,
      plans: limitPlans(limits, this.#table, this.#runs),
      sources: new WeakMap(),
    }
    this.#known.set(id, held)
    return held
  }
}
