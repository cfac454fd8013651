import { describe, expect, test } from 'vitest'
import { correlation } from '../../../src/evaluation/numerics.ts'
import { groundTruth } from '../../../src/ingest/simulator/ward.ts'
import type { Episode } from '../../../src/vitals/episode.ts'
import { GroundTruth } from '../../../src/vitals/episode.ts'
import { table } from '../collect.ts'
import { alone, columnsOf, inputsOf, mean, START, ward } from './columns.ts'

type Kind<K extends Episode['kind']> = Omit<Extract<Episode, { kind: K }>, 'bed' | 'at' | 'seconds' | 'kind'>
const from = 1200
const during = (kind: Episode['kind'], seconds: number, more: object = {}): Episode[] => [
  { kind, bed: 1, at: from, seconds, ...more } as Episode,
]

describe('a simulated ward is a function of its options', () => {
  test('the same seed gives the same inputs, another seed another ward', () => {
    expect(inputsOf({ beds: 2, hours: 0.2 })).toEqual(inputsOf({ beds: 2, hours: 0.2 }))
    expect(alone({ hours: 0.2 })).not.toEqual(alone({ hours: 0.2, seed: 8 }))
    expect(alone({ hours: 0.2 })).not.toEqual(alone({ hours: 0.2, setting: 'evaluation' }))
  })

  test('a bed is the same alone, among others, and as one of a part of the beds', () => {
    const among = columnsOf({ beds: 3, hours: 0.2 })
    expect(columnsOf({ beds: 1, hours: 0.2 }).get('sim-1')).toEqual(among.get('sim-1'))
  })

  test('an episode changes nothing before it begins', () => {
    const [calm, ill] = [alone(), alone({ episodes: during('haemorrhage', 1800, { size: 35 }) })]
    for (const name of Object.keys(calm)) expect(ill[name]!.slice(0, from)).toEqual(calm[name]!.slice(0, from))
  })
})

describe('what a monitor sends', () => {
  test('an admission, then one whole set a second, in whole numbers inside the hard ranges', () => {
    const [admitted, ...readings] = inputsOf({ hours: 0.5, setting: 'evaluation' })
    expect(admitted).toMatchObject({ kind: 'journal', entry: 'admit', patientKey: 'sim-1', bed: '1', at: START })
    expect(readings).toHaveLength(1800)
    const wrong = readings.filter((input, second) => {
      if (input.kind !== 'reading' || !input.complete || input.time !== START + second * 1000) return true
      return input.channels.some((channel, i) => {
        const { range, resolution } = table.channels[channel]!
        const value = input.values[i]!
        const steps = value / resolution
        return value < range[0] || value > range[1] || Math.abs(steps - Math.round(steps)) > 1e-6
      })
    })
    expect(wrong).toEqual([])
  })

  test('a cuff pressure every 15 minutes and a temperature every hour', () => {
    const { nibp_sys, temp } = alone({ hours: 3 })
    const seconds = (column: Float64Array) => [...column.keys()].filter((i) => !Number.isNaN(column[i]!))
    const cuffs = seconds(nibp_sys!)
    expect(cuffs).toHaveLength(12)
    expect(new Set(cuffs.slice(1).map((it, i) => it - cuffs[i]!))).toEqual(new Set([900]))
    expect(seconds(temp!)).toHaveLength(3)
  })

  test('a pressure is systolic >= mean >= diastolic, unless the line is flushed', () => {
    for (const columns of columnsOf({ beds: 12, hours: 0.2 }).values()) {
      const { abp_sys, abp_mean, abp_dia } = columns
      abp_sys?.forEach((sys, i) => {
        if (Number.isNaN(sys)) return
        expect(sys).toBeGreaterThanOrEqual(abp_mean![i]!)
        expect(abp_mean![i]!).toBeGreaterThanOrEqual(abp_dia![i]!)
      })
    }
  })

  test('adults and children, told apart at their admission, children faster', () => {
    const { patients } = groundTruth(ward({ beds: 80 }))
    const children = new Set(patients.filter(({ ageYears }) => ageYears < 12).map(({ patient }) => patient))
    expect(children.size).toBeGreaterThan(3)
    expect(children.size).toBeLessThan(25)
    const admitted = inputsOf({ beds: 80, hours: 0.01 }).flatMap((it) =>
      it.kind === 'journal' && it.entry === 'admit' ? [it] : [],
    )
    for (const { patientKey, profile } of admitted)
      expect(profile !== 'adult').toBe(patients.find(({ patient }) => patient === patientKey)!.ageYears < 18)
    const rates = [...columnsOf({ beds: 80, hours: 0.05 })].map(
      ([key, { resp }]) => [children.has(key), mean(resp!)] as const,
    )
    const of = (child: boolean) => mean(rates.filter(([is]) => is === child).map(([, rate]) => rate))
    expect(of(true)).toBeGreaterThan(of(false) + 3)
  })
})

describe('scripted episodes', () => {
  const before = (column: Float64Array) => mean(column, from - 300, from)
  const change = (columns: Record<string, Float64Array>, name: string, at: number, to: number) =>
    mean(columns[name]!, from + at, from + to) - before(columns[name]!)

  test('desaturation: the saturation falls by about its size and comes back', () => {
    const it = alone({ episodes: during('desaturation', 240, { size: 16 }) })
    expect(change(it, 'spo2', 110, 150)).toBeLessThan(-12)
    expect(Math.abs(change(it, 'spo2', 400, 700))).toBeLessThan(2.5)
  })

  test('apnoea: breathing stops at once, saturation follows half a minute later and no sooner', () => {
    const it = alone({ episodes: during('apnoea', 110) })
    expect(mean(it['resp']!, from + 60, from + 110)).toBeLessThan(4)
    expect(Math.abs(change(it, 'spo2', 0, 30))).toBeLessThan(2)
    expect(change(it, 'spo2', 100, 140)).toBeLessThan(-8)
    expect(Math.abs(change(it, 'spo2', 400, 700))).toBeLessThan(2.5)
  })

  test('haemorrhage: the rate rises first, then the pressure falls', () => {
    const it = alone({
      hours: 2,
      episodes: [...during('haemorrhage', 1800, { size: 35 }), { kind: 'flushed-line', bed: 1, at: 1, seconds: 5 }],
    })
    expect(change(it, 'hr', 600, 800)).toBeGreaterThan(5)
    expect(change(it, 'abp_mean', 600, 800)).toBeGreaterThan(-10)
    expect(change(it, 'hr', 1700, 1800)).toBeGreaterThan(25)
    expect(change(it, 'abp_mean', 1700, 1800)).toBeLessThan(-20)
  })

  test('sepsis: fever, fast heart and breathing, low pressure, over hours', () => {
    const [ill, calm] = [true, false].map((sick) =>
      alone({ hours: 6, episodes: sick ? [{ kind: 'sepsis', bed: 1, at: 3600, seconds: 4 * 3600, size: 1 }] : [] }),
    )
    const late = (name: string) => mean(ill![name]!, 4.7 * 3600, 5 * 3600) - mean(calm![name]!, 4.7 * 3600, 5 * 3600)
    expect(late('hr')).toBeGreaterThan(20)
    expect(late('resp')).toBeGreaterThan(6)
    expect(late('nibp_mean')).toBeLessThan(-8)
    expect(mean(ill!['temp']!, 4 * 3600, 5 * 3600) - mean(calm!['temp']!, 4 * 3600, 5 * 3600)).toBeGreaterThan(1)
  })

  test('arrhythmia: heart rate and pulse jump within seconds and fall back, pulse a little behind', () => {
    const it = alone({ episodes: during('arrhythmia', 120, { size: 50 }) })
    expect(change(it, 'hr', 15, 110)).toBeGreaterThan(40)
    expect(change(it, 'pulse', 30, 110)).toBeGreaterThan(30)
    expect(Math.abs(change(it, 'hr', 150, 400))).toBeLessThan(8)
  })

  test.each<[kind: Episode['kind'], gone: string[], there: string[], more: object]>([
    ['probe-off', ['pulse', 'spo2'], ['hr', 'resp'], {}],
    ['lead-off', ['hr', 'resp'], ['pulse', 'spo2'], {}],
  ])('%s: its channels are gone, the others are not', (kind, gone, there) => {
    const it = alone({ episodes: during(kind, 100) })
    for (const name of gone) expect(it[name]!.slice(from + 1, from + 99).every(Number.isNaN)).toBe(true)
    for (const name of there) expect(it[name]!.slice(from, from + 100).some((value) => value > 0)).toBe(true)
  })

  test('damped line: the pulse pressure goes, the mean stays; flushed line: all three at the pressure of the bag', () => {
    const damped = alone({ episodes: during('damped-line', 300) })
    const width = (at: number) => mean(damped['abp_sys']!, at, at + 60) - mean(damped['abp_dia']!, at, at + 60)
    expect(width(from + 60)).toBeLessThan(0.5 * width(from - 100))
    expect(Math.abs(change(damped, 'abp_mean', 60, 120))).toBeLessThan(8)
    const flushed = alone({ episodes: during('flushed-line', 30) })
    for (const name of ['abp_sys', 'abp_mean', 'abp_dia'])
      expect(mean(flushed[name]!, from + 2, from + 28)).toBeGreaterThan(270)
  })

  test('stuck: one value, however the patient goes on', () => {
    const { hr, pulse } = alone({ episodes: during('stuck', 400, { channel: 'hr' } satisfies Kind<'stuck'>) })
    expect(new Set(hr!.slice(from + 1, from + 399)).size).toBe(1)
    expect(new Set(pulse!.slice(from + 1, from + 399)).size).toBeGreaterThan(2)
  })

  test('link down: nothing arrives; clock jump: everything arrives, wrongly stamped', () => {
    const down = inputsOf({ episodes: during('link-down', 100) }).filter((it) => it.kind === 'reading')
    expect(down).toHaveLength(3600 - 99)
    const times = inputsOf({ episodes: during('clock-jump', 100, { size: 500 }) }).flatMap((it) =>
      it.kind === 'reading' ? [(it.time - START) / 1000] : [],
    )
    expect(times).toHaveLength(3600)
    expect(times.filter((time, second) => time === second + 500)).toHaveLength(99)
    expect(times.filter((time, second) => time === second)).toHaveLength(3600 - 99)
  })

  test('handover: discharged, empty for a while, another patient from then on', () => {
    const inputs = inputsOf({ episodes: during('handover', 300) })
    const entries = inputs.flatMap((it) =>
      it.kind === 'journal' ? [[it.entry, it.patientKey, (it.at - START) / 1000]] : [],
    )
    expect(entries).toEqual([
      ['admit', 'sim-1', 0],
      ['discharge', 'sim-1', 1200],
      ['admit', 'sim-1-2', 1500],
    ])
    const readings = inputs.filter((it) => it.kind === 'reading')
    expect(readings).toHaveLength(3300)
    expect(readings.every((it) => (it.patientKey === 'sim-1-2') === it.time >= START + 1_500_000)).toBe(true)
    expect(readings.every(({ bed }) => bed === '1')).toBe(true)
  })

  test('the truth says who lay where, what happened to whom, and where it is seen', () => {
    const truth = groundTruth(
      ward({ beds: 2, episodes: [...during('handover', 300), { kind: 'probe-off', bed: 1, at: 2000, seconds: 60 }] }),
    )
    expect(GroundTruth.parse(truth)).toEqual(truth)
    expect(truth.patients.map(({ patient, bed }) => [patient, bed])).toEqual([
      ['sim-1', '1'],
      ['sim-1-2', '1'],
      ['sim-2', '2'],
    ])
    expect(truth.episodes[1]).toEqual({
      patient: 'sim-1-2',
      bed: '1',
      kind: 'probe-off',
      nature: 'technical',
      channels: ['pulse', 'spo2'],
      from: START + 2_000_000,
      to: START + 2_060_000,
    })
  })
})

describe('coupled as bodies are', () => {
  test('the pulse follows the heart rate, a little later', () => {
    const columns = [...columnsOf({ beds: 12, hours: 0.5 }).values()]
    const at = (lag: number) => mean(columns.map(({ hr, pulse }) => correlation(hr!, pulse!, lag)))
    expect(at(2)).toBeGreaterThan(0.5)
    expect(at(2)).toBeGreaterThan(at(-10))
    expect(at(2)).toBeGreaterThan(at(40))
  })
})
