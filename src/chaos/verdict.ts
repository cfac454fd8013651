import { alertTopic } from '../kafka/alert-record.ts'
import { Changelog } from '../kafka/changelog.ts'
import { readDeadLetter } from '../kafka/dead-letter.ts'
import { headerText } from '../kafka/header.ts'
import { isRejection } from '../kafka/json-value.ts'
import type { KafkaClient } from '../kafka/port.ts'
import { REKEYED } from '../kafka/record-decoder.ts'
import { topicName } from '../kafka/topics.ts'
import { decodeState, type Layout, layoutOf } from '../stream/state-record.ts'
import { isSelfTest } from '../vitals/reading.ts'
import { readPartition, type Said, type Undisturbed } from './undisturbed.ts'

/** How the topics of a run differ from what one undisturbed process makes of its journal. All numbers are 0, or Vigil is wrong. */
export interface Verdict {
  readonly alertsLost: number
  readonly alertsDoubled: number
  /** alerts that stand there and ought not to, or with other bytes */
  readonly alertsDiffering: number
  /** patients whose alerts stand in another order */
  readonly ordersDiffering: number
  /** patients without a single alert; of the harness' load all have one */
  readonly patientsWithoutAlert: number
  readonly statesDiffering: number
  readonly deadLettersLost: number
  readonly deadLettersDoubled: number
  /** keyless records that were not written again under their patient's key, or more than once */
  readonly rekeyedLost: number
  readonly rekeyedDoubled: number
  /** journal entries whose place is nowhere */
  readonly entriesUnplaced: number
  /** what was compared */
  readonly compared: {
    readonly readings: number
    readonly alerts: number
    readonly patients: number
    readonly deadLetters: number
    readonly entries: number
    readonly swaps: number
    readonly keyless: number
  }
  /** the first difference of each kind: patient by number, field and offset, never a key */
  readonly first: readonly string[]
}

/** Hold what stands in the topics against what ought to. */
export async function verdict(client: KafkaClient, prefix: string, expected: Undisturbed): Promise<Verdict> {
  const patients = [...new Set([...expected.states.keys(), ...expected.alerts.keys()])].sort()
  const numbers = new Map(patients.map((key, i) => [key, i]))
  const nameOf = (key: string) => `patient ${numbers.get(key) ?? '?'}`
  const first: string[] = []
  const alerts = compareAlerts(expected.alerts, await alertsIn(client, prefix), nameOf, first)
  const states = await compareStates(client, prefix, expected, nameOf, first)
  const letters = await compareLetters(client, prefix, expected, first)
  const rekeyed = await compareRekeyed(client, prefix, expected)
  return {
    ...alerts,
    patientsWithoutAlert: patients.filter((key) => !isSelfTest(key) && !expected.alerts.get(key)?.length).length,
    ...states,
    ...letters,
    ...rekeyed,
    entriesUnplaced: expected.unplaced,
    compared: {
      readings: expected.readings,
      alerts: [...expected.alerts.values()].reduce((sum, it) => sum + it.length, 0),
      patients: patients.length,
      deadLetters: expected.deadLetters.size,
      entries: expected.entries,
      swaps: expected.swaps,
      keyless: expected.keyless.size,
    },
    first,
  }
}

type Found = { readonly eventId: string; readonly body: string; readonly live: boolean }

async function alertsIn(client: KafkaClient, prefix: string): Promise<Map<string, Found[]>> {
  const found = new Map<string, Found[]>()
  for (const mode of ['live', 'test'] as const)
    for (let partition = 0; partition < client.partitions; partition++)
      for (const { key, value } of await readPartition(client, alertTopic(prefix, mode), partition)) {
        const { body } = JSON.parse(String(value)) as { body: { eventId: string } }
        const patientKey = String(key)
        const alert = { eventId: body.eventId, body: JSON.stringify(body), live: mode === 'live' }
        const known = found.get(patientKey)
        if (known) known.push(alert)
        else found.set(patientKey, [alert])
      }
  return found
}

function compareAlerts(
  expected: ReadonlyMap<string, readonly Said[]>,
  found: ReadonlyMap<string, readonly Found[]>,
  nameOf: (key: string) => string,
  first: string[],
) {
  const counts = { alertsLost: 0, alertsDoubled: 0, alertsDiffering: 0, ordersDiffering: 0 }
  const say = (kind: keyof typeof counts, text: () => string) => {
    if (counts[kind]++ === 0) first.push(`${kind}: ${text()}`)
  }
  for (const key of new Set([...expected.keys(), ...found.keys()])) {
    const wanted = expected.get(key) ?? []
    const had = found.get(key) ?? []
    const byId = new Map(wanted.map((it) => [it.eventId, it]))
    const seen = new Set<string>()
    for (const alert of had) {
      const ought = byId.get(alert.eventId)
      if (seen.has(alert.eventId)) say('alertsDoubled', () => `${nameOf(key)}, offset ${ought?.offset}`)
      else if (ought === undefined) say('alertsDiffering', () => `${nameOf(key)}: one that ought not to be`)
      else if (ought.body !== alert.body || ought.live !== alert.live)
        say('alertsDiffering', () => `${nameOf(key)}, ${fieldOf(ought.body, alert.body)}, offset ${ought.offset}`)
      seen.add(alert.eventId)
    }
    for (const { eventId, offset } of wanted)
      if (!seen.has(eventId)) say('alertsLost', () => `${nameOf(key)}, offset ${offset}`)
    const order = [...seen].filter((id) => byId.has(id))
    const ought = wanted.map(({ eventId }) => eventId).filter((id) => seen.has(id))
    if (order.join() !== ought.join()) say('ordersDiffering', () => nameOf(key))
  }
  return counts
}

/** The first field in which two JSON texts differ. */
function fieldOf(a: string, b: string): string {
  const differs = (x: unknown, y: unknown, path: string): string | undefined => {
    if (Object.is(x, y)) return undefined
    if (typeof x !== 'object' || typeof y !== 'object' || x === null || y === null) return path
    for (const name of new Set([...Object.keys(x), ...Object.keys(y)])) {
      const inner = differs(x[name as never], y[name as never], path === '' ? name : `${path}.${name}`)
      if (inner !== undefined) return inner
    }
    return undefined
  }
  return differs(JSON.parse(a), JSON.parse(b), '') ?? 'the order of its fields'
}

async function compareStates(
  client: KafkaClient,
  prefix: string,
  { states, layouts }: Undisturbed,
  nameOf: (key: string) => string,
  first: string[],
) {
  let statesDiffering = 0
  const say = (text: () => string) => {
    if (statesDiffering++ === 0) first.push(`statesDiffering: ${text()}`)
  }
  for (let partition = 0; partition < client.partitions; partition++) {
    const changelog = new Changelog()
    await client.readAll(topicName(prefix, 'state'), partition, (records) => changelog.take(records))
    const here = [...states].filter(([, it]) => it.partition === partition)
    for (const [key, { record }] of here) {
      const found = changelog.states.get(key)
      if (record === undefined ? found !== undefined : !found?.equals(record))
        say(() => `${nameOf(key)}, ${stateFieldOf(record, found, layouts)}`)
    }
    const known = new Set(here.map(([key]) => key))
    for (const key of changelog.states.keys()) if (!known.has(key)) say(() => `${nameOf(key)}: not of this partition`)
  }
  return { statesDiffering }
}

/** Where two state records differ first, and how far each of them is. */
function stateFieldOf(ought: Buffer | undefined, found: Buffer | undefined, layouts: readonly Layout[]): string {
  if (ought === undefined || found === undefined)
    return found === undefined ? 'no record' : 'a record of one who is gone'
  const id = layoutOf(ought)
  const of = layouts.find((it) => it.id === id)
  if (of === undefined || layoutOf(found) !== id) return 'of another layout'
  const [a, b] = [decodeState(ought, of), decodeState(found, of)]
  const reach = [a, b].map(({ facts }) => (facts as { lastOffset?: number }).lastOffset)
  const facts = fieldOf(JSON.stringify(a.facts), JSON.stringify(b.facts))
  const double = a.doubles.findIndex((value, i) => !Object.is(value, b.doubles[i]))
  const float = a.floats.findIndex((value, i) => !Object.is(value, b.floats[i]))
  const where =
    JSON.stringify(a.facts) !== JSON.stringify(b.facts) ? facts : double >= 0 ? of.fields[double] : `state[${float}]`
  return `${where}, last offset ${reach[0]} and not ${reach[1]}`
}

async function compareLetters(client: KafkaClient, prefix: string, expected: Undisturbed, first: string[]) {
  const found = new Map<string, number>()
  for (let partition = 0; partition < client.partitions; partition++)
    for (const record of await readPartition(client, topicName(prefix, 'readings.dlq'), partition)) {
      const letter = readDeadLetter(record)
      const id = isRejection(letter) ? 'unreadable' : letter.id
      found.set(id, (found.get(id) ?? 0) + 1)
    }
  const lost = [...expected.deadLetters.keys()].filter((id) => !found.has(id))
  // control messages are no part of the journal: what was made of them is
  const ofReadings = (id: string) => id.startsWith(`${topicName(prefix, 'readings')}/`) || id === 'unreadable'
  const doubled = [...found].filter(([id, count]) => count > 1 || (ofReadings(id) && !expected.deadLetters.has(id)))
  const say = (kind: string, id: string | undefined) => {
    if (id !== undefined) first.push(`${kind}: ${id} (${expected.deadLetters.get(id)?.join(', ') ?? 'not to be'})`)
  }
  say('deadLettersLost', lost[0])
  say('deadLettersDoubled', doubled[0]?.[0])
  return { deadLettersLost: lost.length, deadLettersDoubled: doubled.length }
}

/** Each keyless record was written again once. */
async function compareRekeyed(client: KafkaClient, prefix: string, { keyless }: Undisturbed) {
  const found = new Map<string, number>()
  for (let partition = 0; partition < client.partitions; partition++)
    for (const record of await readPartition(client, topicName(prefix, 'readings'), partition)) {
      const from = headerText(record, REKEYED)
      if (from !== undefined) found.set(from, (found.get(from) ?? 0) + 1)
    }
  return {
    rekeyedLost: [...keyless].filter((place) => !found.has(place)).length,
    rekeyedDoubled: [...found].filter(([place, count]) => count > 1 || !keyless.has(place)).length,
  }
}
