import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { random } from '../../src/random.ts'
import type { AlertBody } from '../../src/vitals/alert.ts'
import { bedKey } from '../../src/vitals/reading.ts'
import { reading } from './reading.ts'
import { realWards } from './real-ward.ts'

const T0 = Date.UTC(2026, 0, 1)
const FROM = 300
type Values = Record<string, number>
type Fault = (values: Values, second: number) => Values

/** A calm patient as monitors print one: whole numbers that repeat, the pulse a little behind the heart rate. */
function patient(seed: number): (second: number) => Values {
  const rng = random(seed)
  const level = { hr: 70 + Math.round(20 * rng.uniform()), spo2: 96, resp: 17 }
  const now = { ...level, pulse: level.hr }
  const toss = () => (rng.uniform() < 0.5 ? 1 : -1)
  return () => {
    if (rng.uniform() < 0.22) now.hr += now.hr > level.hr + 2 ? -1 : now.hr < level.hr - 2 ? 1 : toss()
    if (rng.uniform() < 0.5) now.pulse += Math.sign(now.hr - now.pulse)
    if (rng.uniform() < 0.05) now.spo2 = Math.max(95, Math.min(98, now.spo2 + toss()))
    if (rng.uniform() < 0.09) now.resp = Math.max(15, Math.min(19, now.resp + toss()))
    return { ...now }
  }
}

const only =
  (channel: string, seconds: number, to: (value: number, second: number) => number | undefined): Fault =>
  (values, second) => {
    if (second >= seconds) return values
    const value = to(values[channel]!, second)
    if (value !== undefined) return { ...values, [channel]: value }
    const { [channel]: _, ...rest } = values
    return rest
  }

let wards: Awaited<ReturnType<typeof realWards>>
beforeAll(async () => {
  wards = await realWards()
})
afterAll(() => wards.close())

/** What the ward says of its own (no fixed limit, no NEWS2) of patients with a fault from second FROM on. */
async function found(seed: number, fault: Fault, seconds = 120): Promise<AlertBody[]> {
  const bed = wards.fresh()
  const values = patient(seed)
  const all = Array.from({ length: FROM + seconds }, (_, second) => {
    const own = values(second)
    return reading({
      time: T0 + second * 1000,
      values: second < FROM ? own : fault(own, second - FROM),
      complete: true,
      patientKey: bedKey('ICU', '1'),
    })
  })
  await bed.give(all)
  return bed
    .bodies()
    .filter(
      ({ source, phase, times }) =>
        phase === 'start' && times.detected >= T0 + 120_000 && /bedside|sensors/.test(source.detector),
    )
}

describe('a fault put into one channel of calm patients', () => {
  const faults: [name: string, channel: string, fault: Fault][] = [
    ['a spike of the pulse', 'pulse', only('pulse', 3, (value) => value - 12)],
    ['a spike of the saturation', 'spo2', only('spo2', 3, (value) => value - 12)],
    ['a spike of the breathing rate', 'resp', only('resp', 3, (value) => value + 12)],
    ['a drift of the heart rate away from the pulse', 'hr', only('hr', 90, (value, s) => Math.round(value + s / 3))],
    ['a saturation that drifts down', 'spo2', only('spo2', 90, (value, s) => Math.round(value - s / 8))],
    ['a heart rate that is printed on', 'hr', only('hr', 120, () => 77)],
    ['no heart rate', 'hr', only('hr', 60, () => undefined)],
    ['no saturation', 'spo2', only('spo2', 60, () => undefined)],
    ['no breathing rate', 'resp', only('resp', 60, () => undefined)],
    ['breathing and saturation exchanged', 'spo2|resp', (v) => ({ ...v, spo2: v.resp!, resp: v.spo2! })],
  ]

  test('is found in nine of ten patients and more, and the first channel named is the one it is in', async () => {
    let [asked, hit, named] = [0, 0, 0]
    const missed: string[] = []
    for (const [name, channel, fault] of faults) {
      for (let seed = 1; seed <= 6; seed++) {
        asked++
        const first = (await found(seed, fault)).find(({ times }) => times.detected >= T0 + FROM * 1000)
        if (first === undefined) {
          missed.push(`${name}, patient ${seed}`)
          continue
        }
        hit++
        if (channel.split('|').includes(first.channels[0]!.channel)) named++
        expect(first.label.length).toBeLessThanOrEqual(80)
      }
    }
    expect(hit / asked, missed.join('; ')).toBeGreaterThanOrEqual(0.9)
    expect(named / hit).toBeGreaterThanOrEqual(0.9)
  }, 120_000)

  test('leaves calm patients alone: at most one alert in an hour of twelve of them', async () => {
    const said: string[] = []
    for (let seed = 21; seed < 33; seed++)
      for (const body of await found(seed, (values) => values, 150)) said.push(`${seed}: ${body.label}`)
    expect(said.length, said.join('; ')).toBeLessThanOrEqual(1)
  }, 120_000)
})

describe('what the sensors set aside', () => {
  test('is a technical alert, and the fixed limits see it all the same', async () => {
    const bed = wards.fresh()
    const values = patient(3)
    const all = Array.from({ length: FROM }, (_, s) =>
      reading({ time: T0 + s * 1000, values: values(s), complete: true }),
    )
    await bed.give(all)
    const low = Array.from({ length: 12 }, (_, s) =>
      // never five alike: the jump is confirmed by nothing
      reading({ time: T0 + (FROM + s) * 1000, values: { ...values(s), spo2: s % 2 === 0 ? 60 : 75 }, complete: true }),
    )
    await bed.give(low)
    expect(bed.bodies('spo2-implausible-jump')[0]).toMatchObject({ kind: 'technical', phase: 'start' })
    expect(bed.bodies('spo2-low')[0]).toMatchObject({ kind: 'physiological', priority: 'high', phase: 'start' })
    // the model was never shown it: what it expects is where the patient was
    const expected = bed.frames.at(-1)!.detectors[0]!.expected[2]
    expect(expected!.mean).toBeGreaterThan(90)
  })

  test("an asystole is the limits' at once, whatever the sensors think", async () => {
    const bed = wards.fresh()
    const values = patient(4)
    await bed.give(
      Array.from({ length: FROM }, (_, s) => reading({ time: T0 + s * 1000, values: values(s), complete: true })),
    )
    await bed.give([reading({ time: T0 + FROM * 1000, values: { ...values(0), hr: 0 }, complete: true })])
    expect(bed.bodies('asystole')[0]).toMatchObject({ priority: 'high', phase: 'start' })
    expect(bed.bodies('hr-implausible-jump')).toEqual([])
  })
})
