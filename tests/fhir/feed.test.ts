import { afterEach, describe, expect, test } from 'vitest'
import { wardFeed } from '../../src/dashboard/ward.ts'
import { fhirFeed } from '../../src/fhir/feed.ts'
import { type HttpListener, listen } from '../../src/http/listener.ts'
import { prometheusTelemetry } from '../../src/metrics/telemetry.ts'
import { selfTestKey } from '../../src/vitals/reading.ts'
import { alertOf, frameOf, PATIENTS, START, table } from '../dashboard/testward.ts'

interface Found {
  readonly resourceType: string
  readonly total: number
  readonly type: string
  readonly link: readonly { readonly relation: string; readonly url: string }[]
  // biome-ignore lint/suspicious/noExplicitAny: a resource is read as any client reads it
  readonly entry?: readonly { readonly fullUrl: string; readonly resource: Record<string, any> }[]
}

let closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.toReversed()) await close()
  closing = []
})

/** The ward page's feed with two beds, and three episodes: one open, one acknowledged, one over. */
async function started() {
  const page = wardFeed({ table })
  const fhir = fhirFeed({
    channels: table.channels,
    models: [{ detector: 'bedside', name: 'bedside', version: '0.1.0' }],
    beds: page.newest,
  })
  const [one, two] = PATIENTS
  const faults = [{ channel: 'spo2', fault: 'flat-line' as const }]
  page.frames([frameOf(one!, 100), { ...frameOf(two!, 100), faults }])
  const self = alertOf({ ...one!, patientKey: selfTestKey(0) }, { id: 9 })
  const signal = { call: 'acknowledged' as const, latching: false, ack: true, ackBy: 'ward-7', ackAt: START + 90_000, unanswered: 0, suppressedSinceLast: 0 } // biome-ignore format: one signal
  await fhir.deliver([
    alertOf(one!, { id: 1, priority: 'high', code: 'spo2-low' }),
    alertOf(two!, { id: 2 }),
    alertOf(two!, { id: 2, phase: 'update', signal }),
    alertOf(two!, { id: 3, priority: 'low' }),
    alertOf(two!, { id: 3, priority: 'low', phase: 'end', state: 'inactive', times: { event: START + 9000, onset: START, detected: START, ended: START + 8000 } }),
    self,
  ]) // biome-ignore format: one alert, one line
  const http: HttpListener = await listen({
    host: '127.0.0.1',
    port: 0,
    telemetry: prometheusTelemetry(),
    health: { live: () => ({}), ready: () => ({}) },
    routes: fhir.routes,
    log: { debug() {}, info() {}, warn() {}, error() {} },
  })
  closing.push(
    () => http.close(),
    () => page.close(),
  )
  const ask = async (path: string) => {
    const answer = await fetch(`${http.url}/fhir/${path}`)
    return { answer, found: (await answer.json()) as Found }
  }
  return { http, ask }
}

/** What R4 says of every element: no null, no empty array, object or text. */
function hollow(value: unknown, path = '$'): string[] {
  if (value === null || value === '') return [path]
  if (typeof value !== 'object') return []
  const entries = Object.entries(value)
  return entries.length === 0 ? [path] : entries.flatMap(([key, it]) => hollow(it, `${path}.${key}`))
}
const resources = ({ entry = [] }: Found) => entry.map(({ resource }) => resource)
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

describe('FHIR R4 by request', () => {
  test('a search gives a bundle as R4 has it, and each of its addresses gives its resource', async () => {
    const { http, ask } = await started()
    for (const type of ['DetectedIssue', 'Observation', 'Device']) {
      const { answer, found } = await ask(`${type}?_count=1000`)
      expect(answer.headers.get('content-type')).toBe('application/fhir+json; charset=utf-8')
      expect(found).toMatchObject({ resourceType: 'Bundle', type: 'searchset' })
      expect(found.link).toEqual([{ relation: 'self', url: `${http.url}/fhir/${type}?_count=1000` }])
      expect(found.total).toBe(found.entry!.length)
      expect(found.total).toBeGreaterThan(0)
      expect(hollow(found)).toEqual([])
      expect(new Set(found.entry!.map(({ fullUrl }) => fullUrl)).size).toBe(found.total)
      for (const { fullUrl, resource } of found.entry!) {
        expect(resource['id']).toMatch(/^[A-Za-z0-9.-]{1,64}$/)
        expect(await (await fetch(fullUrl)).json()).toEqual(resource)
      }
    }
  })

  test('an alert is a DetectedIssue: preliminary while open, final once over, acknowledged as a mitigation; the self-test is none', async () => {
    const { ask } = await started()
    const issues = resources((await ask('DetectedIssue')).found)
    expect(issues.map(({ status, severity }) => [status, severity])).toEqual([
      ['final', 'low'],
      ['preliminary', 'moderate'],
      ['preliminary', 'high'],
    ])
    for (const issue of issues) {
      expect(issue['patient'].identifier.system).toBe('urn:vigil:patient-key')
      expect(issue['identifiedPeriod'].start).toMatch(INSTANT)
      expect(issue['author']).toBeDefined()
      expect(issue['code'].coding[0].code).toMatch(/^[a-z0-9-]+$/)
    }
    expect(issues[0]!['identifiedPeriod'].end).toBe(new Date(START + 8000).toISOString())
    expect(issues[1]!['mitigation']).toEqual([
      {
        action: { text: 'acknowledged' },
        date: new Date(START + 90_000).toISOString(),
        author: { type: 'Practitioner', display: 'ward-7' },
      },
    ])
    expect(issues[2]!['mitigation']).toBeUndefined()
  })

  test('a newest value is an Observation in UCUM, with LOINC and MDC; one set aside has no value, and says so', async () => {
    const { ask } = await started()
    const of = async (patientKey: string, code: string) =>
      resources((await ask(`Observation?patient.identifier=${patientKey}&code=${code}`)).found)
    const [one, two] = PATIENTS.map(({ patientKey }) => patientKey)
    const [hr] = await of(one!, 'http://loinc.org%7C8867-4')
    expect(hr).toMatchObject({
      status: 'preliminary',
      category: [{ coding: [{ code: 'vital-signs' }] }],
      subject: { identifier: { value: one } },
      effectiveDateTime: new Date(START + 100_000).toISOString(),
      valueQuantity: { system: 'http://unitsofmeasure.org', code: '/min', unit: '/min' },
    })
    expect(hr!['valueQuantity'].value).toBe(frameOf(PATIENTS[0]!, 100).values[table.index.get('hr')!])
    expect(hr!['code'].coding).toContainEqual({ system: 'urn:iso:std:iso:11073:10101', code: '147842', display: 'MDC_ECG_HEART_RATE' }) // biome-ignore format: one code
    const [aside] = await of(two!, '59408-5')
    expect(aside!['valueQuantity']).toBeUndefined()
    expect(aside!['dataAbsentReason']).toMatchObject({ coding: [{ code: 'error' }], text: 'set aside: flat-line' })
  })

  test.each([
    [`DetectedIssue?patient.identifier=${PATIENTS[1]!.patientKey}`, 2],
    ['DetectedIssue?code=spo2-low', 1],
    ['DetectedIssue?code=spo2-low,unexpected&status=preliminary', 2],
    [`DetectedIssue?identifier=urn:vigil:alert-id%7C${'1'.padStart(32, '0')}`, 1],
    [`DetectedIssue?identifier=urn:other%7C${'1'.padStart(32, '0')}`, 0],
    ['Observation?patient.identifier=nobody', 0],
    ['Device', 1],
  ])('%s finds %i', async (path, count) => {
    const { ask } = await started()
    const { found } = await ask(path)
    expect(found.total).toBe(count)
    expect(found.entry?.length ?? 0).toBe(count)
    expect(hollow(found)).toEqual([])
  })

  test('no more entries than asked for are given, and how many there are is said', async () => {
    const { ask } = await started()
    const { found } = await ask('DetectedIssue?_count=1')
    expect([found.total, found.entry!.length]).toEqual([3, 1])
    expect((await ask('DetectedIssue?_count=0')).found.entry).toBeUndefined()
  })

  test.each([
    'DetectedIssue?patient=p',
    'Observation?date=gt2026',
    'Device?_count=-1',
    'Device?_count=100000',
    'Device?__proto__=1',
  ])('%s is refused with an OperationOutcome, not answered with too much', async (path) => {
    const { ask } = await started()
    const { answer, found } = await ask(path)
    expect(answer.status).toBe(400)
    expect(found).toMatchObject({ resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'invalid' }] })
  })

  test('what is not there is 404', async () => {
    const { ask } = await started()
    expect((await ask('Device/none-1.0.0')).answer.status).toBe(404)
    expect((await ask('Patient')).answer.status).toBe(404)
  })
})
