import type { ChannelTable } from '../vitals/channels.ts'
import { NONE_ASIDE, type Session, type SetAside } from './session.ts'

/** What of a session is this process's own, not the patient's: it is not saved. */
type Own = 'slot' | 'patientKey' | 'source' | 'partition' | 'arrived' | 'unsavedFrom' | 'savedAs'
type Facts = Omit<Session, Own>

/** A map in JSON. */
interface Entries {
  readonly map: readonly (readonly [unknown, unknown])[]
}

/** A set-aside reading in JSON: channels by name, since another build may number them otherwise; null for no value. */
interface Aside {
  readonly offset: number
  readonly reading: Record<string, unknown> & {
    readonly channels: readonly string[]
    readonly values: readonly (number | null)[]
  }
}

/** Those that nearly every patient has stand in the text as they are; the others only where there are any. */
const ALWAYS = ['mode', 'lastOffset', 'watching', 'inParts'] as const
const SOMETIMES = Object.keys({
  encounter: 0,
  unit: 0,
  bed: 0,
  admittedAt: 0,
  profile: 0,
  aside: 0,
  open: 0,
  calls: 0,
  mutedUntil: 0,
  departedAt: 0,
  begun: 0,
  started: 0,
  seenBy: 0,
  policy: 0,
  lostAt: 0,
} satisfies Record<Exclude<keyof Facts, (typeof ALWAYS)[number]>, 0>) as (keyof Facts)[]

const FACTS: ReadonlySet<string> = new Set([...ALWAYS, ...SOMETIMES])

/**
 * The facts of a patient's state as JSON: equal sessions give equal text. At every save, and nearly always a few words and a
 * number: no object is made of them.
 * @param more members that stand behind them, as JSON
 */
export function factsOf(session: Session, table: ChannelTable, more: string): string {
  const { mode, lastOffset, watching, inParts } = session
  let text = `{"mode":"${mode}","lastOffset":${lastOffset},"watching":"${watching}","inParts":${inParts},`
  for (const key of SOMETIMES) {
    const value = session[key]
    if (value === undefined || value === NONE_ASIDE) continue
    text += `"${key}":${jsonOf(key === 'aside' ? session.aside.map((it) => asideOf(it, table)) : value)},`
  }
  return `${text}${more}}`
}

function jsonOf(fact: unknown): string {
  if (typeof fact === 'number' || typeof fact === 'boolean') return String(fact)
  if (fact instanceof Map) return JSON.stringify({ map: [...fact] } satisfies Entries)
  return JSON.stringify(fact)
}

/**
 * Put saved facts into a session that has just been opened. What this build does not know is left out; what the record
 * does not have stays as it is in a new session.
 */
export function restoreFacts(session: Session, facts: unknown, table: ChannelTable): void {
  const target = session as unknown as Record<string, unknown>
  for (const [key, value] of Object.entries(facts as Partial<Facts>)) {
    if (!FACTS.has(key)) continue
    if (key === 'aside') session.aside = (value as unknown as readonly Aside[]).map((it) => setAside(it, table))
    else target[key] = isEntries(value) ? new Map(value.map) : value
  }
}

const isEntries = (value: unknown): value is Entries =>
  typeof value === 'object' && value !== null && 'map' in value && Array.isArray(value.map)

function asideOf({ reading, offset }: SetAside, table: ChannelTable): Aside {
  return {
    offset,
    reading: {
      ...reading,
      channels: reading.channels.map((index) => table.channels[index]!.name),
      values: reading.values.map((value) => (Number.isNaN(value) ? null : value)),
    },
  }
}

/** Samples of channels that this build does not have are left out, as the decoder would have refused them. */
function setAside({ reading, offset }: Aside, table: ChannelTable): SetAside {
  const kept = reading.channels.flatMap((name, s) => (table.index.has(name) ? [s] : []))
  const of = <T>(list: readonly T[]): T[] => kept.map((s) => list[s]!)
  const { statuses, times, ...rest } = reading as unknown as SetAside['reading']
  return {
    offset,
    reading: {
      ...rest,
      encounter: rest.encounter,
      unit: rest.unit,
      bed: rest.bed,
      channels: of(reading.channels).map((name) => table.index.get(name)!),
      values: of(reading.values).map((value) => value ?? Number.NaN),
      statuses: of(statuses),
      times: times && of(times),
    },
  }
}
