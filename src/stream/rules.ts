import { checkLimits, readLimits, rejudgeLimits, resetLimits, writeLimits } from '../scoring/limits.ts'
import { checkNews2, NEWS2_STATE_SIZE, type News2Plan, news2, news2Plan, resetNews2 } from '../scoring/news2.ts'
import type { AlertBody } from '../vitals/alert.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import type { Condition } from '../vitals/condition.ts'
import type { FrameColumns } from '../vitals/frame.ts'
import type { EntryOf } from '../vitals/journal.ts'
import type { Profile } from '../vitals/profile.ts'
import type { Policies } from './policies.ts'
import { numbered, Rows, type SavedRows } from './rows.ts'
import type { Session } from './session.ts'
import { RULES_VERSION } from './sources.ts'

/** NEWS2 is for adults. */
const SCORED = 'adult' satisfies Profile

/** What runs beside every model and cannot be silenced by it: the fixed limits of each patient's policy, and NEWS2. */
export class Rules {
  readonly #policies: Policies
  readonly #news2: News2Plan
  /** doubles of a row of limits: the same for every profile and policy */
  readonly #limitsSize: number
  readonly #rows: Rows // [limits, NEWS2]

  constructor(policies: Policies, table: ChannelTable) {
    this.#policies = policies
    this.#news2 = news2Plan(table)
    this.#limitsSize = policies.current.plans.adult.stateSize
    this.#rows = new Rows(this.#limitsSize + NEWS2_STATE_SIZE)
  }

  /** The rows that belong into a patient's saved state. */
  get saved(): SavedRows {
    const plan = this.#policies.current.plans.adult
    const rows = this.#rows
    const news2At = plan.fields.length
    return {
      fields: [...plan.fields, ...numbered(`news2/${RULES_VERSION}`, NEWS2_STATE_SIZE)],
      read: (slot, into, at) => {
        const [page, own] = [rows.page(slot), rows.at(slot)]
        readLimits(plan, page, own, into, at)
        for (let i = 0; i < NEWS2_STATE_SIZE; i++) into[at + news2At + i] = page[own + plan.stateSize + i]!
      },
      write: (slot, from, at) => {
        const [page, own] = [rows.page(slot), rows.at(slot)]
        writeLimits(plan, page, own, from, at)
        for (let i = 0; i < NEWS2_STATE_SIZE; i++) page[own + plan.stateSize + i] = from[at + news2At + i]!
      },
    }
  }

  /** A new patient on the slot. */
  reset(slot: number): void {
    const page = this.#rows.page(slot)
    const at = this.#rows.at(slot)
    resetLimits(this.#policies.current.plans.adult, page, at)
    resetNews2(page, at + this.#limitsSize)
  }

  /** Other limits hold from here on: what was held against the old ones says nothing of these. */
  age(session: Session, profile: Profile): void {
    if (session.profile === profile) return
    session.profile = profile
    this.reset(session.slot)
  }

  /** Other limits and alert rules from here on: what was measured last is held against the new ones, open alerts go on. */
  policy(session: Session, entry: EntryOf<'policy'>): void {
    const { plans } = this.#policies.entered(entry)
    session.policy = { id: entry.id, policy: entry.policy }
    rejudgeLimits(plans[this.profile(session)], this.#rows.page(session.slot), this.#rows.at(session.slot))
  }

  profile(session: Session): Profile {
    return session.profile ?? this.#policies.of(session).limits.assumed
  }

  /**
   * Hold one frame of a patient against the rules; what is true is added to `out`.
   * @returns whether a limit is
   */
  check(session: Session, frames: FrameColumns, row: number, time: number, out: Condition[]): boolean {
    const page = this.#rows.page(session.slot)
    const at = this.#rows.at(session.slot)
    const before = out.length
    const profile = this.profile(session)
    checkLimits(this.#policies.of(session).plans[profile], page, at, frames, row, time, out)
    const limitAlarm = out.length > before
    if (profile === SCORED) checkNews2(this.#news2, page, at + this.#limitsSize, frames, row, time, out)
    return limitAlarm
  }

  /** NEWS2 of one frame of a patient; undefined where it is not for the patient's age. */
  news2(session: Session, frames: FrameColumns, row: number): AlertBody['context']['news2'] {
    if (this.profile(session) !== SCORED) return undefined
    const { score, missing } = news2(this.#news2, frames, row)
    return { score, missing: [...missing] }
  }
}
