import fc from 'fast-check'
import { Policies } from '../../src/stream/policies.ts'
import { channelTable } from '../../src/vitals/channels.ts'
import type { JournalEntry } from '../../src/vitals/journal.ts'
import type { ModelManifest } from '../../src/vitals/manifest.ts'
import { bedKey, type Reading } from '../../src/vitals/reading.ts'
import { Settings } from '../../src/vitals/settings.ts'
import { reading } from '../stream/reading.ts'

export type Told = Reading | JournalEntry

export const T0 = Date.UTC(2026, 0, 1)
const DAY = 86_400
export const BEDS = ['1', '2', '3'] as const
export const keyOf = (bed: string): string => bedKey('ICU', bed)

/** Soon warm and soon alarmed, with a cuff among its channels: as much as a short journal can hold. */
export const hasty = (manifest: ModelManifest): ModelManifest => ({
  ...manifest,
  channels: ['hr', 'nibp_sys', 'spo2', 'resp'],
  warmupSteps: 3,
  policy: { q: 0.05, n: 1, of: 40, clearSeconds: 2, drift: 1 },
})

/** How far a patient's stamps move, seconds: mostly on, sometimes around the lateness, the minute ahead, the day. */
const moves = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(1, 1, 1, 2) },
  { weight: 3, arbitrary: fc.constantFrom(0, -1, -2, -3, -4, 3, 4, 5) },
  { weight: 1, arbitrary: fc.constantFrom(59, 60, 61, 700, 3600, -59, -60, -61, -3600) },
)
/** Wrong stamps, which leave the patient's clock where it is. */
const strays = fc.oneof(
  { weight: 20, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.constantFrom(DAY, DAY + 1, DAY + 2, -DAY, 61, 120) },
)

const values = fc.record(
  {
    hr: fc.constantFrom(0, 30, 72, 73, 180, 350),
    pulse: fc.constantFrom(0, 72, 350),
    spo2: fc.constantFrom(0, 80, 97, 97.3, 100),
    resp: fc.constantFrom(0, 3, 16, 120),
    abp_sys: fc.constantFrom(60, 120, 375),
    nibp_sys: fc.constantFrom(80, 120),
    temp: fc.constantFrom(34.2, 36.6, 41.7),
  },
  { requiredKeys: [] },
)

const said = fc.record({
  bed: fc.constantFrom(...BEDS),
  move: moves,
  stray: strays,
  jitter: fc.constantFrom(0, 0, 0, 1, 250.5, 999),
  complete: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  values,
  own: fc.option(fc.constantFrom(-5000, -1000, -1, 0, 500, 90_000), { freq: 3 }),
  status: fc.constantFrom('ok' as const, 'ok' as const, 'ok' as const, 'invalid' as const),
  encounter: fc.oneof(
    { weight: 15, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom('x', 'y') },
  ),
  lies: fc.oneof({ weight: 8, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.constantFrom('4', '5') }),
  again: fc.boolean(),
})

const entered = fc.record({
  bed: fc.constantFrom(...BEDS, 'nobody'),
  entry: fc.constantFrom(
    ...(['admit', 'admit', 'transfer', 'discharge', 'signal-lost', 'merge', 'profile', 'mute', 'unmute'] as const),
    ...(['watched-by', 'policy', 'policy', 'forgotten', 'feedback'] as const),
  ),
  profile: fc.constantFrom('adult' as const, 'neonate' as const, 'child-4-11-years' as const),
  encounter: fc.constantFrom('x', 'y'),
  after: fc.constantFrom(0, 30_000.4, 90_000),
})

const policyOf = (settings: object) => new Policies(Settings.parse(settings), channelTable()).said()
/** Two policies: one under which nearly everything is an alarm, and the built-in one with other alert rules. */
const EAGER = policyOf({ limits: { set: 'eager', adult: { hr: { high: 72, holdSeconds: 0 }, temp: null } } })
const PATIENT = policyOf({ alerts: { clearSeconds: 9, continueSeconds: 30 } })

type Base = { kind: 'journal'; patientKey: string; at: number; afterOffset: number }
type Entered = typeof entered extends fc.Arbitrary<infer T> ? T : never

function entryOf(base: Base, { entry, encounter, profile }: Entered): JournalEntry {
  const by = 'nurse'
  switch (entry) {
    case 'admit':
      return { ...base, entry, encounter, profile }
    case 'transfer':
      return { ...base, entry, unit: 'ICU', bed: '9' }
    case 'signal-lost':
    case 'forgotten':
      return { ...base, entry, silentSeconds: 30 }
    case 'merge':
      return { ...base, entry, into: 'another' }
    case 'profile':
      return { ...base, entry, profile }
    case 'mute':
      return { ...base, entry, by, until: base.at + 20_000 }
    case 'feedback':
      return { ...base, entry, by, alertId: 'a'.repeat(32), verdict: 'nuisance' }
    case 'policy':
      return { ...base, entry, ...(encounter === 'x' ? EAGER : PATIENT) }
    case 'watched-by': {
      const model = { detector: 'bedside', name: 'bedside', version: '0.0.1', sha256: 'b'.repeat(64) }
      return { ...base, entry, models: [model], limits: { set: 'built-in', version: '1' } }
    }
    default:
      return { ...base, entry, ...(entry === 'unmute' && { by }) } as JournalEntry
  }
}

/** What happens on a ward of three beds, in the order of the source. */
export const journals: fc.Arbitrary<Told[]> = fc
  .array(
    fc.oneof(
      { weight: 12, arbitrary: said.map((it) => ({ kind: 'said' as const, ...it })) },
      { weight: 1, arbitrary: entered.map((it) => ({ kind: 'entered' as const, ...it })) },
    ),
    { minLength: 1, maxLength: 120, size: 'max' },
  )
  .map((happenings) => {
    const clocks = new Map<string, number>()
    const told: Told[] = []
    for (const it of happenings) {
      const patientKey = keyOf(it.bed)
      if (it.kind === 'entered') {
        const at = T0 + (clocks.get(it.bed) ?? 0) * 1000 + it.after
        const base = { kind: 'journal' as const, patientKey, at, afterOffset: -1 }
        told.push(entryOf(base, it))
        continue
      }
      const clock = (clocks.get(it.bed) ?? 0) + it.move
      clocks.set(it.bed, clock)
      const time = T0 + (clock + it.stray) * 1000 + it.jitter
      const { complete, status, encounter } = it
      const times =
        it.own === null ? undefined : Object.fromEntries(Object.keys(it.values).map((name) => [name, time + it.own!]))
      const one = {
        ...reading({
          time,
          patientKey,
          values: it.values,
          complete,
          status,
          ...(encounter && { encounter }),
          ...(times && { times }),
        }),
        bed: it.lies ?? it.bed,
      }
      told.push(one)
      if (it.again && it.stray !== 0) told.push(one, one)
    }
    return told
  })
