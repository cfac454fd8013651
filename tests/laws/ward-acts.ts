import fc from 'fast-check'
import type { AlertBody } from '../../src/vitals/alert.ts'
import type { Control } from '../../src/vitals/control.ts'
import { BEDS, keyOf } from './ward-journals.ts'

const DEEDS = [
  'ack',
  'pause',
  'resume',
  'reset',
  'feedback',
  'mute',
  'unmute',
  'discharge',
  'admit',
  'profile',
] as const
type Deed = (typeof DEEDS)[number]
const act = fc.record({
  deed: fc.constantFrom(...DEEDS),
  which: fc.nat(9),
  bed: fc.constantFrom(...BEDS),
  late: fc.constantFrom(-5000, 0, 700, 90_000),
  long: fc.constantFrom(-1000, 5000, 60_000, 20_000_000),
})
export type Act = typeof act extends fc.Arbitrary<infer T> ? T : never
/** before each input of a journal something is done, or nothing */
export const acts = (only: readonly Deed[] = DEEDS) =>
  fc.array(
    fc.option(
      act.filter(({ deed }) => only.includes(deed)),
      { freq: 3 },
    ),
    { minLength: 1, maxLength: 60 },
  )

/** Somebody at a bed does something about an alert that is, or was, open. */
export function controlOf({ deed, which, bed, late, long }: Act, said: readonly AlertBody[], clock: number): Control {
  const own = said.filter((body) => body.subject.patientKey === keyOf(bed))
  const alertId = own.at(-1 - (which % Math.max(1, own.length)))?.alertId ?? 'f'.repeat(32)
  const head = { kind: 'control', patientKey: keyOf(bed), at: clock + late, by: 'nurse' } as const
  const until = head.at + long
  if (deed === 'pause') return { ...head, action: deed, alertId, until }
  if (deed === 'mute') return { ...head, action: deed, until }
  if (deed === 'feedback') return { ...head, action: deed, alertId, verdict: 'false' }
  if (deed === 'admit') return { ...head, action: deed, encounter: which % 2 === 0 ? 'x' : 'y' }
  if (deed === 'profile') return { ...head, action: deed, profile: which % 2 === 0 ? 'adult' : 'neonate' }
  if (deed === 'discharge' || deed === 'unmute') return { ...head, action: deed }
  return { ...head, action: deed, alertId }
}
