import type { Calls } from '../alerts/calls.ts'
import type { OpenAlerts } from '../alerts/lifecycle.ts'
import type { EntryOf, SeenBy } from '../vitals/journal.ts'
import type { Profile } from '../vitals/profile.ts'
import type { Mode, Reading } from '../vitals/reading.ts'
import type { Watching } from '../vitals/watching.ts'

/** A reading that waits for others to agree with its time. */
export interface SetAside {
  readonly reading: Reading
  readonly offset: number
}

/** What few patients have of a session. */
interface Seldom {
  /** event time, ms, of the entry that admitted the patient; undefined when a reading did */
  admittedAt: number | undefined
  /** readings whose time is far ahead of the patient's clock; usually none */
  aside: readonly SetAside[]
  /** alert code -> the last call for it; undefined while nobody was called */
  calls: Calls | undefined
  /** event time, ms, until which a procedure mutes the bed */
  mutedUntil: number | undefined
  /** event time, ms, at which the patient left: what remains knows stragglers, until it is forgotten */
  departedAt: number | undefined
  /** alert code -> newest onset, and how many episodes began no later than one before: outlives every new beginning */
  begun: Map<string, { readonly onset: number; readonly again: number }> | undefined
  /** alert id -> offset of the input that started it, while the alert is open */
  started: Map<string, number> | undefined
  /** detector -> the versions that see the patient; undefined where nobody ever said: those of the settings */
  seenBy: Readonly<Record<string, SeenBy>> | undefined
  /** the limits and alert rules that hold for the patient; undefined where nobody ever said: those of the settings */
  policy: Pick<EntryOf<'policy'>, 'id' | 'policy'> | undefined
  /** event time, ms, at which the wall clock found the bed silent; undefined while readings arrive */
  lostAt: number | undefined
}

/** One patient, as far as it is not numbers: who, where, what is open. The numbers stand in rows, by slot. */
export interface Session extends Seldom {
  readonly slot: number
  readonly patientKey: string
  encounter: string | undefined
  unit: string | undefined
  bed: string | undefined
  mode: Mode
  /** where the newest reading came from */
  source: string
  partition: number
  /** age group; undefined while nobody told the age */
  profile: Profile | undefined
  /** offset of the newest input that was applied to this patient */
  lastOffset: number
  open: OpenAlerts | undefined
  watching: Watching
  /** a source of this patient sends sets in parts: ticks stay open until the watermark passes */
  inParts: boolean
  /** wall clock of the newest arrival that moved the patient's clock or closed a tick, ms: for the silence watch only, never for scores */
  arrived: number
  /** offset of the first input that the patient's saved record does not know; -1 when it knows all */
  unsavedFrom: number
  /** the newest saved record; undefined before the first */
  savedAs: Buffer | undefined
}

/** One for all patients: usually none of them has any. */
export const NONE_ASIDE: readonly SetAside[] = []

/** What a patient has who has nothing of it; never written to. */
const NOTHING_SELDOM: Seldom = {
  admittedAt: undefined,
  aside: NONE_ASIDE,
  calls: undefined,
  mutedUntil: undefined,
  departedAt: undefined,
  begun: undefined,
  started: undefined,
  seenBy: undefined,
  policy: undefined,
  lostAt: undefined,
}

/** A session whose patient has an object more only once there is something to say that few patients have: patients are many. */
class Bedside implements Session {
  readonly slot: number
  readonly patientKey: string
  encounter: string | undefined = undefined
  unit: string | undefined = undefined
  bed: string | undefined = undefined
  mode: Mode
  source: string
  partition: number
  profile: Profile | undefined = undefined
  lastOffset = -1
  open: OpenAlerts | undefined = undefined
  watching: Watching = 'warming'
  inParts = false
  arrived = 0
  unsavedFrom = -1
  savedAs: Buffer | undefined = undefined
  #seldom = NOTHING_SELDOM

  constructor(slot: number, patientKey: string, mode: Mode, source: string, partition: number) {
    this.slot = slot
    this.patientKey = patientKey
    this.mode = mode
    this.source = source
    this.partition = partition
  }

  get admittedAt(): Seldom['admittedAt'] {
    return this.#seldom.admittedAt
  }
  set admittedAt(it: Seldom['admittedAt']) {
    if (it !== this.#seldom.admittedAt) Bedside.#own(this).admittedAt = it
  }

  get aside(): Seldom['aside'] {
    return this.#seldom.aside
  }
  set aside(it: Seldom['aside']) {
    if (it !== this.#seldom.aside) Bedside.#own(this).aside = it
  }

  get calls(): Seldom['calls'] {
    return this.#seldom.calls
  }
  set calls(it: Seldom['calls']) {
    if (it !== this.#seldom.calls) Bedside.#own(this).calls = it
  }

  get mutedUntil(): Seldom['mutedUntil'] {
    return this.#seldom.mutedUntil
  }
  set mutedUntil(it: Seldom['mutedUntil']) {
    if (it !== this.#seldom.mutedUntil) Bedside.#own(this).mutedUntil = it
  }

  get departedAt(): Seldom['departedAt'] {
    return this.#seldom.departedAt
  }
  set departedAt(it: Seldom['departedAt']) {
    if (it !== this.#seldom.departedAt) Bedside.#own(this).departedAt = it
  }

  get begun(): Seldom['begun'] {
    return this.#seldom.begun
  }
  set begun(it: Seldom['begun']) {
    if (it !== this.#seldom.begun) Bedside.#own(this).begun = it
  }

  get started(): Seldom['started'] {
    return this.#seldom.started
  }
  set started(it: Seldom['started']) {
    if (it !== this.#seldom.started) Bedside.#own(this).started = it
  }

  get seenBy(): Seldom['seenBy'] {
    return this.#seldom.seenBy
  }
  set seenBy(it: Seldom['seenBy']) {
    if (it !== this.#seldom.seenBy) Bedside.#own(this).seenBy = it
  }

  get policy(): Seldom['policy'] {
    return this.#seldom.policy
  }
  set policy(it: Seldom['policy']) {
    if (it !== this.#seldom.policy) Bedside.#own(this).policy = it
  }

  get lostAt(): Seldom['lostAt'] {
    return this.#seldom.lostAt
  }
  set lostAt(it: Seldom['lostAt']) {
    if (it !== this.#seldom.lostAt) Bedside.#own(this).lostAt = it
  }

  // of no instance: a private method of each would be a field more
  static #own(of: Bedside): Seldom {
    if (of.#seldom === NOTHING_SELDOM) of.#seldom = { ...NOTHING_SELDOM }
    return of.#seldom
  }
}

/** The session of a patient of whom nothing is known yet. */
export const newSession = (slot: number, patientKey: string, mode: Mode, source: string, partition: number): Session =>
  new Bedside(slot, patientKey, mode, source, partition)
