import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type HourlyInputs, scaleInputs } from '../../../src/inference/hourly/inputs.ts'
import { HOURLY_INPUTS } from '../../../src/inference/hourly/kinds.ts'
import type { Channel } from '../../../src/vitals/channels.ts'

type Reading = readonly [channel: number, value: number]
const KINDS = Object.entries(HOURLY_INPUTS)

/** Hours of readings; values reach beyond each channel's range, as artefacts do. */
const hoursOf = (channels: readonly Channel[]): fc.Arbitrary<Reading[][]> => {
  const reading = fc
    .tuple(fc.nat(channels.length - 1), fc.double({ min: -0.1, max: 1.1, noNaN: true }))
    .map(([channel, at]): Reading => {
      const [low, high] = channels[channel]!.range
      return [channel, low + at * (high - low)]
    })
  return fc.array(fc.array(reading, { maxLength: 12 }), { minLength: 2, maxLength: 30 })
}

/** Inputs of every hour, out of a state row among others. */
function inputsOf(inputs: HourlyInputs, hours: readonly (readonly Reading[])[], at = 0): Float64Array[] {
  const state = new Float64Array(at + inputs.stateSize + 5).fill(77)
  inputs.reset(state, at)
  return hours.map((readings) => {
    for (const [channel, value] of readings) inputs.take(state, at, channel, value)
    const x = new Float64Array(inputs.names.length)
    inputs.close(state, at, x, 0)
    return x
  })
}

describe.each(KINDS)('%s', (_, { inputs, channels }) => {
  it('has a name for every input, none twice, and writes every one of them and nothing else', () => {
    expect(new Set(inputs.names).size).toBe(inputs.names.length)
    expect(inputs.fitted).toHaveLength(inputs.names.length)
    const state = new Float64Array(inputs.stateSize)
    const x = new Float64Array(inputs.names.length + 2).fill(1234.5)
    inputs.reset(state, 0)
    inputs.close(state, 0, x, 1)
    expect([x[0], x.at(-1)]).toEqual([1234.5, 1234.5])
    expect(x.subarray(1, -1).includes(1234.5)).toBe(false)
  })

  it('of an hour do not change when anything after it does', () => {
    fc.assert(
      fc.property(hoursOf(channels), hoursOf(channels), fc.nat(), (hours, others, cut) => {
        const kept = cut % hours.length
        const whole = inputsOf(inputs, hours)
        const changed = inputsOf(inputs, [...hours.slice(0, kept + 1), ...others])
        for (let t = 0; t <= kept; t++) expect(changed[t]).toEqual(whole[t])
      }),
      { numRuns: 50 },
    )
  })

  it('do not depend on where the state row lies or on what was in it', () => {
    fc.assert(
      fc.property(hoursOf(channels), fc.nat(40), (hours, at) => {
        expect(inputsOf(inputs, hours, at)).toEqual(inputsOf(inputs, hours))
      }),
      { numRuns: 30 },
    )
  })

  it('are numbers or unknown, never infinite, and finite once normalised', () => {
    const scale = { centre: inputs.names.map(() => 0.5), scale: inputs.names.map(() => 2), clip: 4 }
    fc.assert(
      fc.property(hoursOf(channels), (hours) => {
        for (const raw of inputsOf(inputs, hours)) {
          expect(raw.every((value) => Math.abs(value) !== Number.POSITIVE_INFINITY)).toBe(true)
          const x = new Float32Array(raw.length)
          scaleInputs(scale, raw, 0, x, 0)
          expect(x.every((value) => Math.abs(value) <= 4)).toBe(true)
        }
      }),
      { numRuns: 50 },
    )
  })

  it('say of an hour without readings that nothing was measured', () => {
    const [first] = inputsOf(inputs, [[]])
    inputs.names.forEach((name, i) => {
      if (name.endsWith(':measured') || name.includes(':count')) expect(first![i]).toBe(0)
    })
  })
})

describe('sepsis-hour', () => {
  const { inputs, channels } = HOURLY_INPUTS['sepsis-hour']
  const channel = (name: string) => channels.findIndex((it) => it.name === name)
  const at = (x: Float64Array, name: string) => x[inputs.names.indexOf(name)]!

  it('carries values forward, counts in its windows, and knows how long ago', () => {
    const [wbc, lactate] = [channel('wbc'), channel('lactate')]
    const hours: Reading[][] = Array.from({ length: 30 }, (_, t) => (t === 2 || t === 20 ? [[wbc, 12]] : []))
    hours[3]!.push([lactate, 4])
    const x = inputsOf(inputs, hours)
    expect(at(x[1]!, 'wbc')).toBeNaN()
    expect(at(x[10]!, 'wbc')).toBeCloseTo(Math.log(12))
    expect(at(x[10]!, 'wbc:measured')).toBe(0)
    expect(at(x[2]!, 'wbc:measured')).toBe(1)
    expect(at(x[1]!, 'wbc:since')).toBe(1.5)
    expect(at(x[10]!, 'wbc:since')).toBeCloseTo(Math.log1p(8) / 3.2)
    expect(at(x[20]!, 'wbc:count')).toBeCloseTo(Math.log1p(2) / 2)
    // hour 2 lies 24 hours behind hour 26: out of the window
    expect(at(x[25]!, 'wbc:count24')).toBeCloseTo(Math.log1p(2) / 2)
    expect(at(x[26]!, 'wbc:count24')).toBeCloseTo(Math.log1p(1) / 2)
    expect(at(x[7]!, 'wbc:count6')).toBeCloseTo(Math.log1p(1) / 2)
    expect(at(x[8]!, 'wbc:count6')).toBe(0)
    expect(at(x[3]!, 'laboratory:distinct')).toBeCloseTo(Math.log1p(2) / 2)
  })

  it('looks back exactly so many hours', () => {
    const hco3 = channel('hco3')
    const x = inputsOf(
      inputs,
      Array.from({ length: 20 }, (_, t): Reading[] => [[hco3, 10 + t]]),
    )
    expect(at(x[11]!, 'hco3:change12')).toBeNaN()
    expect(at(x[12]!, 'hco3:change12')).toBeCloseTo(12)
    expect(at(x[19]!, 'hco3:change12')).toBeCloseTo(12)
  })

  it('does not take what no patient can have', () => {
    const [x] = inputsOf(inputs, [[[channel('hr'), 900], [channel('ph'), 74]]]) // biome-ignore format: one hour
    expect(at(x!, 'hr')).toBeNaN()
    expect(at(x!, 'hr:measured')).toBe(0)
  })
})

describe('icu-48h', () => {
  const { inputs, channels } = HOURLY_INPUTS['icu-48h']
  const channel = (name: string) => channels.findIndex((it) => it.name === name)
  const at = (x: Float64Array, name: string) => x[inputs.names.indexOf(name)]!

  it('sums up what was measured so far, and the second day by itself', () => {
    const hr = channel('hr')
    const hours: Reading[][] = Array.from({ length: 48 }, () => [])
    hours[0] = [[hr, 80], [hr, 100]] // biome-ignore format: one hour
    hours[30] = [[hr, 60]]
    const x = inputsOf(inputs, hours)
    expect(at(x[0]!, 'hr')).toBe(90)
    expect(at(x[40]!, 'hr')).toBe(60)
    const last = x[47]!
    expect([at(last, 'hr:first'), at(last, 'hr:last'), at(last, 'hr:min'), at(last, 'hr:max')]).toEqual([
      80, 60, 60, 100,
    ])
    expect(at(last, 'hr:mean')).toBeCloseTo(80)
    expect(at(last, 'hr:sd')).toBeCloseTo(Math.sqrt(800 / 3))
    expect(at(last, 'hr:change')).toBe(-20)
    expect([at(last, 'hr:late:min'), at(last, 'hr:late:max'), at(last, 'hr:late:mean')]).toEqual([60, 60, 60])
    expect(at(x[29]!, 'hr:late:mean')).toBeNaN()
  })

  it('puts the point where it belongs in a pH, and keeps the first weight', () => {
    const [x] = inputsOf(inputs, [[[channel('ph'), 735], [channel('weight'), 80], [channel('weight'), 90]]]) // biome-ignore format: one hour
    expect(at(x!, 'ph')).toBeCloseTo(7.35)
    expect(at(x!, 'weight')).toBe(80)
  })
})
