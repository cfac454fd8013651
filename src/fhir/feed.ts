import type { Asked, HttpRoute, Output, Sink } from '../stream/ports.ts'
import type { AlertEnvelope } from '../vitals/alert.ts'
import type { Channel } from '../vitals/channels.ts'
import { isSelfTest } from '../vitals/reading.ts'
import {
  type BedNow,
  detectedIssue,
  device,
  type ModelNow,
  observations,
  operationOutcome,
  PATIENT_SYSTEM,
  type Resource,
  searchset,
} from './resources.ts'

/** Episodes that are remembered, by their newest message; the longest unchanged goes first. */
const EPISODES = 5000
/** Entries of a bundle, where nobody says how many, and at most. */
const COUNT = 100
const MOST = 1000

export interface FhirOptions {
  readonly channels: readonly Channel[]
  readonly models: readonly ModelNow[]
  /** the beds as they stand */
  readonly beds: () => readonly BedNow[]
}

/** Alerts, newest values and models as FHIR R4, by request. */
export interface FhirFeed extends Sink {
  readonly routes: readonly HttpRoute[]
}

type Query = Asked['query']
/** A parameter: whether a resource is among what it asks for. */
type Parameter = (resource: Resource, asked: string) => boolean

/** `value` or `system|value` of a token. */
function token(asked: string, system: string | undefined, value: string | undefined): boolean {
  const bar = asked.indexOf('|')
  return bar < 0 ? asked === value : asked.slice(bar + 1) === value && asked.slice(0, bar) === system
}

interface Identified {
  readonly identifier?: { readonly value: string }
}
interface Coded {
  readonly coding?: readonly { readonly system: string; readonly code: string }[]
}

const ofPatient: Parameter = (resource, asked) => {
  const who = (resource['patient'] ?? resource['subject']) as Identified | undefined
  return token(asked, PATIENT_SYSTEM, who?.identifier?.value)
}
const code: Parameter = (resource, asked) =>
  ((resource['code'] as Coded).coding ?? []).some((it) => token(asked, it.system, it.code))
const identifier: Parameter = (resource, asked) =>
  (resource['identifier'] as readonly { system: string; value: string }[]).some((it) =>
    token(asked, it.system, it.value),
  )
const status: Parameter = (resource, asked) => resource['status'] === asked

/** The searches and their parameters, FHIR's own where it has one; `status` of issues is ours. */
const SEARCHES: Readonly<Record<string, Readonly<Record<string, Parameter>>>> = {
  DetectedIssue: { 'patient.identifier': ofPatient, code, identifier, status },
  Observation: { 'patient.identifier': ofPatient, code, status },
  Device: {},
}

/** Why a search cannot be answered: a parameter that is left out unseen would give too much. */
function refusal(type: string, query: Query): string | undefined {
  const known = [...Object.keys(SEARCHES[type]!), '_count']
  if (Object.keys(query).some((name) => !known.includes(name))) return `a parameter is none of ${known.join(', ')}`
  if (query['_count']?.some((it) => !/^\d{1,4}$/.test(it) || Number(it) > MOST))
    return `_count: a whole number, at most ${MOST}`
  return undefined
}

/** What fits: each parameter given again narrows, a comma within one is an or. */
function found(type: string, all: readonly Resource[], query: Query): Resource[] {
  const asked = Object.entries(query).filter(([name]) => name !== '_count')
  return all.filter((resource) =>
    asked.every(([name, values]) =>
      values.every((value) => value.split(',').some((one) => SEARCHES[type]![name]!(resource, one))),
    ),
  )
}

export function fhirFeed({ channels, models, beds }: FhirOptions): FhirFeed {
  const episodes = new Map<string, AlertEnvelope>()
  const all: Readonly<Record<string, () => Resource[]>> = {
    DetectedIssue: () => [...episodes.values()].toReversed().map(detectedIssue),
    Observation: () => beds().flatMap((bed) => observations(bed, channels)),
    Device: () => models.map(device),
  }
  const search = (type: string): HttpRoute => ({
    kind: 'json',
    path: `/fhir/${type}`,
    contentType: 'application/fhir+json; charset=utf-8',
    refuses({ query }) {
      const why = refusal(type, query)
      return why === undefined ? undefined : operationOutcome(why)
    },
    answer(_params, { query, origin, url }) {
      const count = Number(query['_count']?.at(-1) ?? COUNT)
      return searchset(`${origin}${url}`, `${origin}/fhir`, found(type, all[type]!(), query), count)
    },
  })
  const one = (type: string): HttpRoute => ({
    kind: 'json',
    path: `/fhir/${type}/:id`,
    contentType: 'application/fhir+json; charset=utf-8',
    answer: ({ id }) => all[type]!().find((resource) => resource.id === id),
  })
  return {
    name: 'fhir',
    routes: Object.keys(SEARCHES).flatMap((type) => [search(type), one(type)]),
    async deliver(outputs: readonly Output[]) {
      for (const output of outputs) {
        if (output.kind !== 'alert' || isSelfTest(output.envelope.body.subject.patientKey)) continue
        const { alertId } = output.envelope.body
        episodes.delete(alertId)
        episodes.set(alertId, output.envelope)
        if (episodes.size > EPISODES) episodes.delete(episodes.keys().next().value!)
      }
    },
    async close() {},
  }
}
