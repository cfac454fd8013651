import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Sample } from '../../src/dashboard/protocol.ts'
import { Strips } from '../../src/dashboard/strips.ts'

const sample = fc.record({
  value: fc.integer({ min: 0, max: 350 }),
  age: fc.integer({ min: 0, max: 20 }),
  band: fc.option(fc.tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 100, max: 300 })), { nil: null }),
})
/** up to three channels in a frame, each there or not */
const frame = fc.array(fc.option(sample, { nil: null }), { minLength: 3, maxLength: 3 })

test('a ring holds the newest frames in order, each value once, and a gap where a value was too old', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 7 }), fc.array(frame, { maxLength: 25 }), (capacity, frames) => {
      const strips = new Strips(capacity)
      frames.forEach((samplesOf, t) => {
        const samples = samplesOf.flatMap((s, c): Sample[] =>
          s === null ? [] : [[c, s.value, s.age, s.band?.[0] ?? null, s.band?.[1] ?? null]],
        )
        strips.push(t * 1000, samples, 10)
      })
      const newest = frames.map((channels, t) => ({ channels, t })).slice(-capacity)
      const { time, channels } = strips.view()
      expect(time).toEqual(newest.map(({ t }) => t))
      // a column of nothing is told as none
      const told = (column: (number | null)[]) => (column.every((it) => it === null) ? [] : column)
      for (const { channel, value, low, high } of channels) {
        const held = newest.map(({ channels }) => channels[channel] ?? null)
        expect(value).toEqual(told(held.map((s) => (s !== null && s.age <= 10 ? s.value : null))))
        expect(low).toEqual(told(held.map((s) => s?.band?.[0] ?? null)))
        expect(high).toEqual(told(held.map((s) => s?.band?.[1] ?? null)))
      }
      const ever = new Set(frames.flatMap((channels) => channels.flatMap((s, c) => (s === null ? [] : [c]))))
      expect(new Set(channels.map(({ channel }) => channel))).toEqual(ever)
    }),
  )
})
