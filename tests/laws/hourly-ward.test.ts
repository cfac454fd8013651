import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { probabilityOf, scoreHourly } from '../../src/evaluation/serve-hourly.ts'
import { SEPSIS_CHANNELS } from '../../src/inference/hourly/sepsis-channels.ts'
import { openClassifier } from '../../src/inference/model-store.ts'
import { random } from '../../src/random.ts'
import { decodeRecord } from '../../src/training/cohorts/physionet2012.ts'
import { decodePsv } from '../../src/training/cohorts/physionet2019.ts'
import { type HourlyStay, noFaults } from '../../src/training/cohorts/stay.ts'
import type { ClassifierManifest } from '../../src/vitals/classifier-manifest.ts'
import type { Reading } from '../../src/vitals/reading.ts'
import { type HourlyBed, hourlyReadings, hourlyWards } from '../stream/hourly-ward.ts'

const MODELS = fileURLToPath(new URL('../../models/', import.meta.url))
const T0 = Date.UTC(2026, 0, 1, 5, 17)
const HOUR = 3_600_000
const FROM = { source: 'test', partition: 0, layouts: new Map(), now: 0 }

/** What vital signs of the living lie between; other channels anywhere in their range. */
const TYPICAL: Readonly<Record<string, readonly [number, number]>> = {
  HR: [60, 140], O2Sat: [88, 100], Temp: [35, 40], SBP: [80, 160], MAP: [50, 110], DBP: [40, 90], Resp: [10, 35],
  Age: [30, 90], Gender: [0, 1], Unit1: [0, 1], Unit2: [0, 1], HospAdmTime: [-100, 0],
} // biome-ignore format: a table

let wards: Awaited<ReturnType<typeof hourlyWards>>
beforeAll(async () => {
  wards = await hourlyWards()
})
afterAll(() => wards.close())

/** A made stay, as the publisher of the Challenge 2019 would have filed it. */
function madeStay(name: string, hours: number, seed: number): HourlyStay {
  const { uniform } = random(seed)
  const ill = uniform()
  const rows = Array.from({ length: hours }, (_, t) =>
    SEPSIS_CHANNELS.map(({ column, kind, channel }) => {
      if (column === 'ICULOS') return String(t + 1)
      if (uniform() > { vital: 0.8, laboratory: 0.15, attribute: 1 }[kind]) return 'NaN'
      const [low, high] = TYPICAL[column] ?? channel.range
      return (low + (ill + uniform() * 0.4) * (high - low) * 0.7).toFixed(2)
    }).join('|'),
  )
  return decodePsv(name, [SEPSIS_CHANNELS.map(({ column }) => column).join('|'), ...rows].join('\n'), noFaults())!
}

/** What evaluation makes of stays: probabilities by name. */
async function evaluated(model: string, stays: readonly HourlyStay[]): Promise<Map<string, number[]>> {
  const bundle = await openClassifier(MODELS, model)
  async function* all() {
    yield* stays
  }
  const probabilities = new Map<string, number[]>()
  for await (const { stay, logits } of scoreHourly(bundle, all())) {
    probabilities.set(
      stay.name,
      Array.from(logits, (logit) => probabilityOf(bundle.manifest, logit)),
    )
  }
  return probabilities
}

const together = (readings: readonly Reading[][]) => readings.flat().sort((x, y) => x.time - y.time)

describe('an hourly model in a ward', () => {
  const stays = [madeStay('a', 14, 1), madeStay('b', 5, 2), madeStay('c', 22, 3)]

  it('gives what `evaluate sepsis2019` gives for the same rows, beside a forecaster, to the last bit', async () => {
    const wanted = await evaluated('sepsis', stays)
    const bed = wards.fresh()
    await bed.give(together(stays.map((stay) => hourlyReadings(wards.table, 'sepsis-hour', stay, T0, 60))))
    for (const { name } of stays) {
      expect(bed.risks(name, 'sepsis')).toEqual(wanted.get(name))
      expect(wanted.get(name)!.length).toBeGreaterThan(4)
    }
    expect(bed.refused()).toEqual([])
  })

  it('gives the same without a forecaster, from a source that speaks once an hour, in small rounds and other company', async () => {
    const wanted = await evaluated('sepsis', stays)
    const bed = wards.fresh({ models: ['sepsis'], maxBatch: 2 })
    await bed.give(
      together(stays.map((stay, i) => hourlyReadings(wards.table, 'sepsis-hour', stay, T0 + i * 7e5, 3600))),
    )
    for (const { name } of stays) expect(bed.risks(name, 'sepsis')).toEqual(wanted.get(name))
  })

  it('says after 48 hours what `evaluate mortality2012` says, nothing before, and the same ever after', async () => {
    const { uniform } = random(5)
    const lines = ['00:00,RecordID,1', '00:00,Age,71', '00:00,Gender,1', '00:00,ICUType,3', '00:00,Weight,80.5']
    for (let hour = 0; hour < 48; hour++) {
      const at = `${String(hour).padStart(2, '0')}:00`
      lines.push(`${at},HR,${60 + Math.round(60 * uniform())}`, `${at},SysABP,${80 + Math.round(60 * uniform())}`)
      if (uniform() < 0.3) lines.push(`${at},Temp,${(36 + 3 * uniform()).toFixed(1)}`)
      if (uniform() < 0.2) lines.push(`${at},Lactate,${(1 + 4 * uniform()).toFixed(1)}`, `${at},pH,7.3`)
    }
    const stay = decodeRecord('m', lines.join('\n'), noFaults())!
    const wanted = (await evaluated('mortality', [stay])).get('m')!
    const bed = wards.fresh({ models: ['mortality'] })
    await bed.give(hourlyReadings(wards.table, 'icu-48h', stay, T0, 3600))
    await bed.give([{ ...hourlyReadings(wards.table, 'icu-48h', stay, T0, 3600).at(-1)!, time: T0 + 49.5 * HOUR }])
    expect(bed.risks('m', 'mortality')).toEqual([wanted[47]])
    const reports = bed.reports('m', 'mortality')
    expect(reports.map(({ standing }) => standing)).toEqual([...Array(48).fill('gathering'), 'final'])
    expect(reports.at(-1)).toMatchObject({ hours: 48, time: T0 + 48 * HOUR })
  })

  it('steps an hour without any reading as a row without a value, and begins anew after a day of them', async () => {
    const [stay] = stays as [HourlyStay]
    const first = hourlyReadings(wards.table, 'sepsis-hour', stay, T0, 3600).slice(0, 2)
    const at = (hours: number) => ({ ...first[1]!, channels: [], values: [], statuses: [], time: T0 + hours * HOUR })
    // no clock of the stay but its rows: hours without a reading are counted on
    const empty = { ...stay, from: Int32Array.from([0, 2, 3, 4, 5, 6, 7], (_, i) => stay.from[Math.min(i, 2)]!) }
    const wanted = (await evaluated('sepsis', [{ ...empty, name: 'e' }])).get('e')!
    const bed = wards.fresh({ models: ['sepsis'] })
    // three stamps that agree move the clock over a gap
    await bed.give([...first, at(6), at(6.01), at(6.02)])
    expect(bed.reports('a', 'sepsis').at(-1)).toMatchObject({ hours: 6, emptyHours: 4 })
    expect(bed.risks('a', 'sepsis').at(-1)).toBeCloseTo(wanted[5]!, 12)
    await bed.give([at(31), at(31.01), at(31.02)])
    expect(bed.reports('a', 'sepsis').at(-1)).toMatchObject({ standing: 'gathering', hours: 0 })
  })

  it('is saved and restored as it was, whole, at any point', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ seed: fc.nat(999), hours: fc.integer({ min: 1, max: 8 }) }), {
          minLength: 1,
          maxLength: 3,
        }),
        fc.nat(),
        fc.constantFrom(1200, 3600, 5000),
        async (patients, at, every) => {
          const journal = together(
            patients.map(({ seed, hours }, i) =>
              hourlyReadings(wards.table, 'sepsis-hour', madeStay(`p${i}`, hours, seed), T0 + i * 9e5, every),
            ),
          )
          const cut = at % (journal.length + 1)
          const given = { models: ['sepsis', 'mortality'] as const, variant: eager }
          const keys = patients.map((_, i) => `p${i}`)
          const whole = wards.fresh(given)
          await whole.give(journal.slice(0, cut))
          const before = whole.outputs.length
          const records = new Map(keys.flatMap((key) => [[key, whole.ward.state.save(key)?.record]] as const))
          await whole.give(journal.slice(cut))
          const end = keys.map((key) => whole.ward.state.save(key)?.record.toString('hex'))
          const other = wards.fresh({ ...given, maxBatch: 2, offset: cut })
          for (const [key, record] of records) if (record !== undefined) other.ward.state.load(key, record, FROM)
          await other.give(journal.slice(cut))
          const said = (bed: HourlyBed, from: number) =>
            bed.outputs.slice(from).map((it) => (it.kind === 'alert' ? it.envelope.body : it))
          expect(sorted(said(other, 0))).toEqual(sorted(said(whole, before)))
          expect(keys.map((key) => other.ward.state.save(key)?.record.toString('hex'))).toEqual(end)
        },
      ),
      { numRuns: 30 },
    ))

  it('as a shadow says nothing, is reported and saved, and leaves the rest of the state as it is', async () => {
    const readings = hourlyReadings(wards.table, 'sepsis-hour', stays[2]!, T0, 3600)
    const bed = wards.fresh({ models: ['sepsis'], variant: eager })
    await bed.give(readings)
    expect(bed.bodies('sepsis-risk').length).toBeGreaterThan(0)
    const shadow = wards.fresh({ models: ['sepsis'], variant: eager, role: 'shadow' })
    await shadow.give(readings)
    expect(shadow.bodies('sepsis-risk')).toEqual([])
    expect(shadow.reports('c', 'sepsis').map(({ probability, role }) => [probability, role])).toEqual(
      bed.reports('c', 'sepsis').map(({ probability }) => [probability, 'shadow']),
    )
    // a ward without it takes the state over without a word but that it is gone; one with it begins it cold without any
    const { record } = shadow.ward.state.save('c')!
    const layouts = new Map(shadow.ward.state.layouts.map((it) => [it.id, it]))
    const none = wards.fresh({ models: [] })
    expect(none.ward.state.load('c', record, { ...FROM, layouts }).entry).toMatchObject({
      entry: 'watched-by',
      models: [],
    })
    const plain = none.ward.state.save('c')!.record
    const again = wards.fresh({ models: ['sepsis'], role: 'shadow' })
    const known = new Map(none.ward.state.layouts.map((it) => [it.id, it]))
    expect(again.ward.state.load('c', plain, { ...FROM, layouts: known }).entry).toBeUndefined()
  })
})

/** Raised by nearly any hour, and soon over. */
const eager = (manifest: ClassifierManifest): ClassifierManifest => ({
  ...manifest,
  outcome: { ...manifest.outcome, threshold: -2 },
  policy: { says: 'Sepsis risk', priority: 'low', hold: 1, clear: { margin: 0.1, hours: 1 }, silenceSeconds: 60 },
})

const sorted = (of: readonly unknown[]) => of.map((it) => JSON.stringify(it)).toSorted()
