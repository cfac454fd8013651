import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeAcknowledgement, decodeEncounter } from '../../src/ingest/decode-control.ts'
import { AcknowledgementMessage, EncounterMessage } from '../../src/vitals/control.ts'
import { PROFILES, profileOf } from '../../src/vitals/profile.ts'

const NOW = Date.UTC(2026, 0, 1)
const ID = 'a'.repeat(32)

const key = fc.string({ minLength: 1, maxLength: 12 })
const optional = <T>(it: fc.Arbitrary<T>) => fc.option(it, { nil: undefined })
const at = fc.oneof(
  fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2400, 0) }),
  fc.constant('2026-01-01T01:00:00+01:00'),
)
const until = fc.integer({ min: Date.UTC(2400, 0) + 1, max: Date.UTC(2999, 0) })
const id = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 32, maxLength: 32 })
const head = { patientKey: key, at }
const place = { unit: optional(key), bed: optional(key) }
const days = fc.integer({ min: 0, max: 36_000 })
const age = fc.oneof(
  fc.constant({}),
  fc.record({ profile: fc.constantFrom(...PROFILES) }),
  days.map((ageDays) => ({ ageDays })),
  days.map((ageDays) => ({ ageDays, profile: profileOf(ageDays) })),
)
const encounters = fc.oneof(
  fc.tuple(fc.record({ ...head, action: fc.constant('admit'), encounter: key, ...place, by: optional(key) }), age).map(([it, aged]) => ({ ...it, ...aged })),
  fc.record({ ...head, action: fc.constant('transfer'), unit: optional(key), bed: key, from: optional(fc.record(place)) }),
  fc.record({ ...head, action: fc.constantFrom('discharge', 'cancel-admit'), encounter: optional(key) }),
  fc.record({ ...head, action: fc.constant('merge'), into: key.map((it) => `${it}+`.padStart(14, '+')) }),
  fc.record({ ...head, action: fc.constant('profile'), profile: fc.constantFrom(...PROFILES) }),
  fc.record({ ...head, action: fc.constant('cancel-transfer'), bed: key }),
  fc.record({ ...head, action: fc.constant('cancel-discharge'), encounter: key }),
) // biome-ignore format: one action, one line
const acknowledgements = fc.oneof(
  fc.record({ ...head, action: fc.constantFrom('ack', 'resume', 'reset'), alertId: id, by: key }),
  fc.record({ ...head, action: fc.constant('pause'), alertId: id, by: key, until }),
  fc.record({ ...head, action: fc.constant('feedback'), alertId: id, by: key, verdict: fc.constantFrom('true', 'false', 'nuisance') }),
  fc.record({ ...head, action: fc.constant('mute'), by: key, until }),
  fc.record({ ...head, action: fc.constant('unmute'), by: key }),
) // biome-ignore format: one action, one line

const TOPICS = [
  ['encounters', decodeEncounter, encounters, EncounterMessage],
  ['acknowledgements', decodeAcknowledgement, acknowledgements, AcknowledgementMessage],
] as const

describe.each(TOPICS)('the decoder of %s', (_, decode, good, schema) => {
  test('reads a valid message field for field, its times in ms and its age as a profile', () => {
    fc.assert(
      fc.property(good as fc.Arbitrary<object>, (it) => {
        const wire = JSON.parse(JSON.stringify(it)) as Record<string, unknown>
        const { ageDays, ...rest } = wire
        expect(decode(JSON.stringify(wire))).toEqual({
          kind: 'control',
          ...rest,
          at: typeof wire['at'] === 'number' ? wire['at'] : NOW,
          ...(ageDays !== undefined && { profile: profileOf(ageDays as number) }),
        })
      }),
      { numRuns: 300 },
    )
  })

  test('takes nothing that the schema refuses, whatever was put into a message, and never throws', () => {
    const fields = [
      'patientKey',
      'at',
      'action',
      'encounter',
      'alertId',
      'until',
      'by',
      'bed',
      'profile',
      'ageDays',
      'colour',
    ]
    const damaged = fc
      .tuple(good as fc.Arbitrary<object>, fc.constantFrom(...fields), fc.jsonValue())
      .map(([it, field, what]) => ({ ...it, [field]: what }))
    fc.assert(
      fc.property(fc.oneof(damaged, fc.jsonValue()), (it) => {
        const text = JSON.stringify(it)
        const { kind } = decode(text)
        if (!schema.safeParse(JSON.parse(text)).success) expect(kind).toBe('rejection')
      }),
      { numRuns: 400 },
    )
  })

  test('gives a reason for text that is no JSON, with its column', () => {
    fc.assert(
      fc.property(fc.tuple(good as fc.Arbitrary<object>, fc.nat()), ([it, cut]) => {
        const text = JSON.stringify(it)
        expect(decode(text.slice(0, cut % text.length))).toMatchObject({
          reason: 'not-json',
          column: expect.any(Number),
        })
      }),
    )
  })

  test('names no patient, bed or person in a rejection', () => {
    const secret = 'XQZ-secret'
    const damaged = fc
      .tuple(
        good as fc.Arbitrary<object>,
        fc.constantFrom('at', 'action', 'until', 'colour', 'profile', 'alertId'),
        fc.jsonValue(),
      )
      .map(([it, field, what]) => ({ ...it, patientKey: secret, by: secret, bed: secret, [field]: what }))
    fc.assert(
      fc.property(damaged, (it) => {
        const control = decode(JSON.stringify(it))
        if (control.kind === 'rejection') expect(JSON.stringify(control)).not.toContain(secret)
      }),
      { numRuns: 300 },
    )
  })
})

describe('what cannot be is refused with its reason', () => {
  const admit = (more: object) =>
    decodeEncounter(JSON.stringify({ patientKey: 'p', at: NOW, action: 'admit', encounter: 'e', ...more }))
  const act = (more: object) =>
    decodeAcknowledgement(JSON.stringify({ patientKey: 'p', at: NOW, by: 'n', alertId: ID, ...more }))
  const encounter = (more: object) => decodeEncounter(JSON.stringify({ patientKey: 'p', at: NOW, ...more }))

  test.each([
    ['a child with an adult profile', () => admit({ profile: 'adult', ageDays: 2500 }), 'profile-contradiction', 'profile'],
    ['seconds for milliseconds', () => admit({ at: NOW / 1000 }), 'implausible-time', 'at'],
    ['a local time', () => admit({ at: '2026-01-01T00:00:00' }), 'bad-control', 'at'],
    ['an admission without an encounter', () => admit({ encounter: undefined }), 'bad-control', 'encounter'],
    ['a negative age', () => admit({ ageDays: -1 }), 'bad-control', 'ageDays'],
    ['a transfer to nowhere', () => encounter({ action: 'transfer', unit: 'ICU' }), 'bad-control', 'bed'],
    ['a merge into itself', () => encounter({ action: 'merge', into: 'p' }), 'bad-control', 'into'],
    ['a profile nobody tells', () => encounter({ action: 'profile' }), 'bad-control', 'profile'],
    ['an action of the other topic', () => encounter({ action: 'ack', alertId: ID, by: 'n' }), 'bad-control', 'action'],
    ['a pause without an end', () => act({ action: 'pause' }), 'bad-control', 'until'],
    ['a pause that ends before it begins', () => act({ action: 'pause', until: NOW - 1 }), 'until-past', 'until'],
    ['a mute that ends when it begins', () => act({ action: 'mute', alertId: undefined, until: NOW }), 'until-past', 'until'],
    ['an alert id that is none', () => act({ action: 'ack', alertId: 'ABC' }), 'bad-control', 'alertId'],
    ['an acknowledgement by nobody', () => act({ action: 'ack', by: undefined }), 'bad-control', 'by'],
    ['feedback without a verdict', () => act({ action: 'feedback' }), 'bad-control', 'verdict'],
  ] as const)('%s', (_, decoded, reason, path) => {
    expect(decoded()).toMatchObject({ kind: 'rejection', reason, path })
  }) // biome-ignore format: one case, one line

  test('an age gives its profile at the very day', () => {
    const profiles = [0, 27, 28, 90, 91, 364, 365, 1460, 1461, 4382, 4383, 6573, 6574].map(profileOf)
    expect(profiles).toEqual([
      'neonate', 'neonate', 'infant-1-2-months', 'infant-1-2-months', 'infant-3-11-months', 'infant-3-11-months', 'child-1-3-years',
      'child-1-3-years', 'child-4-11-years', 'child-4-11-years', 'child-12-17-years', 'child-12-17-years', 'adult',
    ]) // biome-ignore format: in the order of the days
  })
})
