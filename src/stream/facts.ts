import type { ChannelTable } from '../vitals/channels.ts'
import type { Session, SetAside } from './sessions.ts'

/** What of a session is this process's own, not the patient's: it is not saved. */
const OWN = ['slot', 'patientKey', 'source', 'partition', 'arrived', 'unsavedFrom', 'savedAs'] as const
type Facts = Omit<Session, (typeof OWN)[number]>

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

const OWN_KEYS: ReadonlySet<string> = new Set(OWN)

/**
 * The facts of a patient's state as plain JSON: equal sessions give equal text.
 * @param more what stands behind them
 */
export function factsOf(
  session: Session,
  table: ChannelTable,
  more: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const facts: Record<string, unknown> = {}
  for (const key in session) {
    const value = session[key as keyof Session]
    if (value === undefined || OWN_KEYS.has(key)) continue
    if (key === 'aside') {
      if (session.aside.length > 0) facts[key] = session.aside.map((it) => asideOf(it, table))
    } else facts[key] = value instanceof Map ? ({ map: [...value] } satisfies Entries) : value
  }
  return Object.assign(facts, more)
}

/**
 * Put saved facts into a session that has just been opened. What this build does not know is left out; what the record
 * does not have stays as it is in a new session.
 */
export function restoreFacts(session: Session, facts: unknown, table: ChannelTable): void {
  const target = session as unknown as Record<string, unknown>
  for (const [key, value] of Object.entries(facts as Partial<Facts>)) {
    if (!Object.hasOwn(session, key) || OWN_KEYS.has(key)) continue
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
