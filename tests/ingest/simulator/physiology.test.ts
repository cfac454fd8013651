import { describe, expect, test } from 'vitest'
import { correlation } from '../../../src/evaluation/numerics.ts'
import { drawPerson } from '../../../src/ingest/simulator/person.ts'
import { type Forces, physiology, type Signs } from '../../../src/ingest/simulator/physiology.ts'
import { SETTINGS } from '../../../src/ingest/simulator/settings.ts'
import { random } from '../../../src/random.ts'

const calm: Forces = { desaturation: 0, breathing: 1, volume: 0, sepsis: 0, rate: 0, irregular: 0 }

/** the body's own signs, before a monitor averages breathing away */
function live(seed: number, seconds: number, forces: (second: number) => Partial<Forces> = () => ({}), from = 12) {
  const source = random(seed)
  const person = { ...drawPerson(source, SETTINGS.training), excursions: 0 }
  const next = physiology(person, SETTINGS.training, source)
  const signs = Array.from({ length: seconds }, (_, second) => ({
    ...next(from * 3600 + second, { ...calm, ...forces(second) }),
  }))
  return { person, of: (name: keyof Signs) => Float64Array.from(signs, (it) => it[name]) }
}

const slope = (x: Float64Array, y: Float64Array) => {
  const sd = (a: Float64Array) => {
    const middle = a.reduce((sum, it) => sum + it, 0) / a.length
    return Math.sqrt(a.reduce((sum, it) => sum + (it - middle) ** 2, 0) / a.length)
  }
  return (correlation(x, y) * sd(y)) / sd(x)
}

describe('the body', () => {
  test.each([1, 2, 3, 4])('breathing moves the heart rate up and the pressure down (patient %i)', (seed) => {
    const { person, of } = live(seed, 3600)
    expect(slope(of('inhaled'), of('hr'))).toBeGreaterThan(0.5 * person.sinus)
    expect(slope(of('inhaled'), of('sys'))).toBeLessThan(-1)
  })

  test('saturation answers breathing a circulation time later', () => {
    // breaths held for 40 s, every five minutes
    const { of } = live(5, 7200, (second) => ({ breathing: second % 300 < 40 ? 0 : 1 }))
    const lags = [0, 10, 20, 30, 40, 50, 60, 80]
    const at = lags.map((lag) => correlation(of('resp'), of('spo2'), lag))
    const best = lags[at.indexOf(Math.max(...at))]!
    expect(best).toBeGreaterThanOrEqual(20)
    expect(best).toBeLessThanOrEqual(50)
    expect(Math.max(...at)).toBeGreaterThan(at[0]! + 0.2)
  })

  test.each([0.1, 0.2, 0.3, 0.4])('a volume of %d lost: the rate rises, the pulse pressure narrows', (volume) => {
    const { of } = live(6, 1200, (second) => ({ volume: second < 600 ? 0 : volume }))
    const mean = (name: keyof Signs, from: number) =>
      of(name)
        .slice(from, from + 400)
        .reduce((a, b) => a + b, 0) / 400
    expect(mean('hr', 700) - mean('hr', 100)).toBeGreaterThan(50 * volume)
    const width = (from: number) => mean('sys', from) - mean('dia', from)
    expect(width(700) / width(100)).toBeLessThan(1 - volume)
    if (volume >= 0.3) expect(mean('mean', 700) / mean('mean', 100)).toBeLessThan(0.8)
    if (volume <= 0.1) expect(mean('mean', 700) / mean('mean', 100)).toBeGreaterThan(0.9)
  })

  test('heart rate and pressure are lower at four in the morning than in the afternoon', () => {
    const mean = (name: keyof Signs, hour: number) =>
      [1, 2, 3, 4, 5, 6].reduce(
        (sum, seed) =>
          sum +
          live(seed, 3600, undefined, hour)
            .of(name)
            .reduce((a, b) => a + b, 0),
        0,
      ) /
      6 /
      3600
    expect(mean('hr', 15.5) - mean('hr', 3.5)).toBeGreaterThan(5)
    expect(mean('mean', 15.5) - mean('mean', 3.5)).toBeGreaterThan(4)
    expect(mean('temp', 15.5) - mean('temp', 3.5)).toBeGreaterThan(0.3)
  })

  test('a severe lack of oxygen slows the heart at last', () => {
    const { of } = live(7, 900, (second) => ({ breathing: second < 300 ? 1 : 0 }))
    const hr = of('hr')
    expect(Math.max(...hr.slice(400, 480))).toBeGreaterThan(Math.min(...hr.slice(700, 720)) + 20)
  })
})
