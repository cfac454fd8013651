import type { AlertEnvelope, Priority } from '../vitals/alert.ts'
import type { Channel } from '../vitals/channels.ts'

// FHIR R4 (4.0.1, https://hl7.org/fhir/R4/): what an alert, a newest value and a model are in its words. Pure.

/** A resource as JSON. */
export type Resource = Readonly<Record<string, unknown>> & { readonly resourceType: string; readonly id: string }

/** A bed's newest frame. */
export interface BedNow {
  /** of the bed, in ids; says nothing of the patient */
  readonly id: string
  readonly patientKey: string
  readonly frame: {
    /** event time, ms since 1970 */
    readonly time: number
    /** channel index, value, seconds since it was measured */
    readonly samples: readonly (readonly [channel: number, value: number, age: number, ...unknown[]])[]
    readonly faults: readonly (readonly [channel: number, fault: string])[]
  } | null
}

export interface ModelNow {
  readonly detector: string
  readonly name: string
  readonly version: string
}

export const PATIENT_SYSTEM = 'urn:vigil:patient-key'
const ALERT_SYSTEM = 'urn:vigil:alert-id'
const BED_SYSTEM = 'urn:vigil:bed'
const CODE_SYSTEM = 'urn:vigil:alert-code'

const SEVERITY: Readonly<Record<Priority, 'high' | 'moderate' | 'low'>> = {
  high: 'high',
  medium: 'moderate',
  low: 'low',
  info: 'low',
}

const iso = (ms: number) => new Date(ms).toISOString()
/** Who it is, by the pseudonym: a logical reference, for Vigil keeps no Patient. */
const patient = (patientKey: string) => ({
  type: 'Patient',
  identifier: { system: PATIENT_SYSTEM, value: patientKey },
})
/** An id has letters, digits, "-" and "." only, at most 64. */
const idOf = (...parts: readonly string[]) =>
  parts
    .join('-')
    .replaceAll(/[^A-Za-z0-9.-]/g, '-')
    .slice(0, 64)

/** An episode by its newest message: preliminary while it is open, final once it has ended. */
export function detectedIssue({ body }: AlertEnvelope): Resource {
  const { alertId, state, priority, code, label, subject, times, source, signal, explanation } = body
  const { unit, bed } = subject
  const over = state === 'inactive'
  const place = [unit, bed].filter((it) => it !== undefined).join('/')
  return {
    resourceType: 'DetectedIssue',
    id: alertId,
    identifier: [{ system: ALERT_SYSTEM, value: alertId }],
    status: over ? 'final' : 'preliminary',
    code: { coding: [{ system: CODE_SYSTEM, code }], text: label },
    severity: SEVERITY[priority],
    patient: patient(subject.patientKey),
    identifiedPeriod: { start: iso(times.onset), ...(over && { end: iso(times.ended ?? times.event) }) },
    author: source.model
      ? { reference: `Device/${idOf(source.model.name, source.model.version)}` }
      : { type: 'Device', display: `Vigil: ${source.detector} ${source.version}` },
    ...(place !== '' && {
      implicated: [{ type: 'Location', identifier: { system: BED_SYSTEM, value: place }, display: place }],
    }),
    ...(explanation.text !== '' && { detail: explanation.text }),
    ...(signal.ack && {
      mitigation: [
        {
          action: { text: 'acknowledged' },
          ...(signal.ackAt !== undefined && { date: iso(signal.ackAt) }),
          ...(signal.ackBy !== undefined && { author: { type: 'Practitioner', display: signal.ackBy } }),
        },
      ],
    }),
  }
}

/**
 * The newest value of each channel of a bed, at the time it was measured. One that the sensor logic set aside has none: it is
 * said to be an error. No person has looked at any of them: they are preliminary.
 */
export function observations({ id, patientKey, frame }: BedNow, channels: readonly Channel[]): Resource[] {
  if (frame === null) return []
  const aside = new Map(frame.faults)
  return frame.samples.flatMap(([index, value, age]) => {
    const channel = channels[index]
    if (channel === undefined || channel.cadence === 'static') return []
    const { name, meaning, unit, loinc, mdc } = channel
    const fault = aside.get(index)
    const coding = [
      ...loinc.map((code) => ({ system: 'http://loinc.org', code })),
      ...(mdc === undefined
        ? []
        : [{ system: 'urn:iso:std:iso:11073:10101', code: `${mdc.code}`, display: mdc.refId }]),
    ]
    return {
      resourceType: 'Observation',
      id: idOf(id, name),
      status: 'preliminary',
      ...(mdc !== undefined && {
        category: [
          {
            coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' }],
          },
        ],
      }),
      code: { ...(coding.length > 0 && { coding }), text: meaning },
      subject: patient(patientKey),
      effectiveDateTime: iso(frame.time - age * 1000),
      ...(fault === undefined
        ? { valueQuantity: { value, unit, system: 'http://unitsofmeasure.org', code: unit } }
        : {
            dataAbsentReason: {
              coding: [{ system: 'http://terminology.hl7.org/CodeSystem/data-absent-reason', code: 'error' }],
              text: `set aside: ${fault}`,
            },
          }),
    }
  })
}

/** A model that serves, as the software that authors issues. */
export function device({ detector, name, version }: ModelNow): Resource {
  return {
    resourceType: 'Device',
    id: idOf(name, version),
    status: 'active',
    deviceName: [{ name: `Vigil ${name}`, type: 'model-name' }],
    version: [{ value: version }],
    type: { text: `Vigil detector: ${detector}` },
    note: [{ text: 'Research software, not a medical device.' }],
  }
}

/** What a search found. @param url as it was asked @param base where resources are read, without a closing slash */
export function searchset(url: string, base: string, found: readonly Resource[], count: number) {
  return {
    resourceType: 'Bundle',
    type: 'searchset',
    total: found.length,
    link: [{ relation: 'self', url }],
    // an empty array is none in FHIR
    ...(found.length > 0 &&
      count > 0 && {
        entry: found.slice(0, count).map((resource) => ({
          fullUrl: `${base}/${resource.resourceType}/${resource.id}`,
          resource,
          search: { mode: 'match' },
        })),
      }),
  }
}

/** Why a request was refused. */
export function operationOutcome(diagnostics: string) {
  return { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'invalid', diagnostics }] }
}
