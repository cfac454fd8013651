import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StepEngine } from '../../src/stream/ports.ts'
import { failing } from './failing-engine.ts'
import { hourlyWards } from './hourly-ward.ts'
import { reading } from './reading.ts'

const T0 = Date.UTC(2026, 0, 5, 12, 0, 0)
const MINUTE = 60_000
let wards: Awaited<ReturnType<typeof hourlyWards>>
beforeAll(async () => {
  wards = await hourlyWards()
})
afterAll(() => wards.close())

/** a bed's vital signs once a minute, from and to minutes since T0 */
const minutes = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) =>
    reading({
      patientKey: 'p1',
      time: T0 + (from + i) * MINUTE,
      values: { hr: 118 + (i % 3), spo2: 90, resp: 30, temp: 38.9, nibp_sys: 84, nibp_dia: 46, nibp_mean: 58 },
      complete: true,
    }),
  )

const phases = (bodies: readonly { readonly phase: string }[]) =>
  bodies.map(({ phase }) => phase).filter((phase) => phase !== 'continue')

/** a ward of all models in which the engine of one can be made to fail */
function bedWith(broken: string, fallsBack = true) {
  let fail: (it: boolean) => void = () => {}
  const engine = (name: string, own: StepEngine): StepEngine => {
    if (name !== broken) return own
    const made = failing(own)
    fail = made.fail
    return made.engine
  }
  const bed = wards.fresh({ engine, fallsBack })
  return { bed, fail: (it: boolean) => fail(it) }
}

describe('an hourly model whose engine fails', () => {
  it('is a technical alert, and the rest goes on; it begins anew when it is back, and a replay says the same bytes', async () => {
    const { bed, fail } = bedWith('sepsis')
    await bed.give(minutes(0, 130))
    expect(bed.reports('p1', 'sepsis').at(-1)).toMatchObject({ hours: 2, standing: 'current' })
    expect(bed.bodies('sepsis-risk').map(({ phase }) => phase)).toContain('start')
    fail(true)
    // nobody's hour is over: nothing was asked of it yet
    await bed.give(minutes(130, 180))
    expect(bed.bodies('model-failed')).toEqual([])
    await bed.give(minutes(180, 184))
    expect(bed.bodies('model-failed')).toMatchObject([
      { phase: 'start', kind: 'technical', label: 'Model sepsis fails since 15:00:00: no risk of it', signal: { call: 'now' } },
    ]) // biome-ignore format: one alert
    expect(bed.bodies('sepsis-risk').at(-1)!.phase).toBe('reset')
    expect(bed.counts.entries).toEqual(['model-failed'])
    expect(bed.counts.modelFailures.engine).toBe(1)
    // the others step as before
    expect(bed.reports('p1', 'mortality').at(-1)!.hours).toBe(3)
    expect(bed.ward.verdicts(0, 1e9)).toEqual([])
    fail(false)
    await bed.give(minutes(184, 185))
    const back = bed.ward.verdicts(0, 1e9)
    expect(back).toMatchObject([{ entry: 'model-back', model: 'sepsis@1.0.0' }])
    await bed.give(back)
    await bed.give(minutes(185, 310))
    expect(phases(bed.bodies('model-failed'))).toEqual(['start', 'end'])
    expect(bed.reports('p1', 'sepsis').at(-1)).toMatchObject({ hours: 2, standing: 'current' })

    const again = wards.fresh()
    const entries = bed.outputs.flatMap((it) => (it.kind === 'journal' ? [it.entry] : []))
    for (const [offset, one] of minutes(0, 310).entries()) {
      await again.give([one])
      await again.give(entries.filter(({ afterOffset }) => afterOffset === offset))
    }
    for (const code of ['model-failed', 'sepsis-risk'])
      expect(JSON.stringify(again.bodies(code))).toBe(JSON.stringify(bed.bodies(code)))
    expect(again.reports('p1', 'sepsis')).toEqual(bed.reports('p1', 'sepsis'))
  })

  it('says nothing more of a stay whose first hours it is about', async () => {
    const { bed, fail } = bedWith('mortality')
    await bed.give(minutes(0, 30))
    fail(true)
    await bed.give(minutes(30, 65))
    expect(bed.bodies('model-failed')).toMatchObject([{ label: 'Model mortality fails since 13:00:00: no risk of it' }])
    fail(false)
    await bed.give(minutes(65, 66))
    await bed.give(bed.ward.verdicts(0, 1e9))
    await bed.give(minutes(66, 200))
    expect(phases(bed.bodies('model-failed'))).toEqual(['start', 'end'])
    const { standing, probability } = bed.reports('p1', 'mortality').at(-1)!
    expect([standing, probability]).toEqual(['final', undefined])
  })

  it('ends a replay', async () => {
    const { bed, fail } = bedWith('sepsis', false)
    await bed.give(minutes(0, 3))
    fail(true)
    await expect(bed.give(minutes(3, 70))).rejects.toMatchObject({ code: 'engine-failed' })
  })
})
