import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Page } from '../../src/scoring/page.ts'
import {
  advanceClock,
  type GridPlan,
  gridFields,
  gridPlan,
  readGrid,
  resetGrid,
  resetOpen,
  takeReading,
  writeGrid,
} from '../../src/stream/grid.ts'
import { CHANNELS } from '../../src/vitals/channels.ts'
import { frameColumns } from '../../src/vitals/frame.ts'
import type { Reading } from '../../src/vitals/reading.ts'
import { channel, reading } from './reading.ts'

const T0 = 1_767_225_600_000
const hr = channel('hr')
const nibp = channel('nibp_sys')

interface Seen {
  tick: number
  hr: number
  mask: number
  age: number
}

/** Everything the grid makes of one patient's readings. */
function frames(readings: Reading[], plan: GridPlan = gridPlan(CHANNELS, 1, 2), inParts = true) {
  const state = new Page(plan.stateSize)
  const open = new Float64Array(plan.openSize)
  resetGrid(plan, state, 0)
  resetOpen(plan, open, 0)
  const columns = frameColumns(10_000, plan.width)
  const late: Reading[] = []
  for (const one of readings) {
    advanceClock(state, 0, one.time, 3)
    const row = (tick: number) => {
      columns.ticks[columns.count] = tick
      return { columns, row: columns.count++ }
    }
    if (!takeReading(plan, state, 0, inParts ? open : undefined, 0, one, row)) late.push(one)
  }
  const cell = (i: number, d: number) => i * plan.width + d
  const seen: Seen[] = Array.from({ length: columns.count }, (_, i) => ({
    tick: columns.ticks[i]! - T0 / 1000,
    hr: columns.values[cell(i, hr)]!,
    mask: columns.masks[cell(i, hr)]!,
    age: columns.ages[cell(i, hr)]!,
  }))
  return { seen, late, columns, cell, state }
}

const beat = (second: number, value: number, more: object = {}) =>
  reading({ time: T0 + second * 1000, values: { hr: value }, ...more })

describe('the time grid', () => {
  it('closes the tick of a whole set on arrival', () => {
    const { seen } = frames([beat(0, 80, { complete: true }), beat(1, 81, { complete: true })], undefined, false)
    expect(seen).toEqual([
      { tick: 0, hr: 80, mask: 1, age: 0 },
      { tick: 1, hr: 81, mask: 1, age: 0 },
    ])
  })

  it('closes a tick of parts once the watermark has passed its end, and reorders within the lateness', () => {
    const { seen, late } = frames([beat(1, 81), beat(0, 80), beat(3, 83), beat(2, 82), beat(6, 86)])
    expect(seen.map(({ tick, hr }) => [tick, hr])).toEqual([
      [0, 80],
      [1, 81],
      [2, 82],
      [3, 83],
    ])
    expect(late).toEqual([])
  })

  it('counts a reading whose tick is closed as late and does not disturb the frames', () => {
    const { seen, late } = frames([beat(0, 80), beat(5, 85), beat(1, 200), beat(9, 89)])
    expect(seen.map(({ tick }) => tick)).toEqual([0, 5])
    expect(late.map(({ time }) => time)).toEqual([T0 + 1000])
  })

  it('makes one frame after a gap, not thousands', () => {
    const { seen } = frames([beat(0, 80, { complete: true }), beat(3600, 90, { complete: true })], undefined, false)
    expect(seen.map(({ tick }) => tick)).toEqual([0, 3600])
  })

  it('carries the last valid value with its age, and never a value of bad status', () => {
    const sick = { complete: true, status: 'invalid' as const }
    const { seen } = frames([beat(0, 80, { complete: true }), beat(4, 999, sick)], undefined, false)
    expect(seen[1]).toEqual({ tick: 4, hr: 80, mask: 0, age: 4 })
  })

  it('ages a cuff value by its own stamp: it is never a new step', () => {
    const cuff = reading({
      time: T0 + 100_000,
      values: { hr: 80, nibp_sys: 120 },
      times: { nibp_sys: T0 + 40_000 },
      complete: true,
    })
    for (const inParts of [false, true]) {
      const { columns, cell } = frames([cuff], undefined, inParts)
      expect(columns.count).toBe(1)
      expect(columns.masks[cell(0, nibp)]).toBe(0)
      expect(columns.ages[cell(0, nibp)]).toBe(60)
      expect(columns.values[cell(0, nibp)]).toBe(120)
    }
  })

  it('gives the same frames for whole sets and for parts, whatever the order within the lateness', () => {
    const seconds = fc.uniqueArray(fc.integer({ min: 0, max: 500 }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(
        seconds,
        fc.array(fc.integer({ min: 0, max: 1900 }), { minLength: 60, maxLength: 60 }),
        (at, jitter) => {
          const ordered = [...at].sort((a, b) => a - b)
          const whole = frames(
            ordered.map((s) => beat(s, 60 + (s % 90), { complete: true })),
            undefined,
            false,
          ).seen
          const arrivals = ordered
            .map((s, i) => ({ s, arrives: s * 1000 + jitter[i]! }))
            .sort((a, b) => a.arrives - b.arrives)
          const parts = frames([...arrivals.map(({ s }) => beat(s, 60 + (s % 90))), beat(10_000, 60)])
          expect(parts.late).toEqual([])
          expect(parts.seen).toEqual(whole)
        },
      ),
    )
  })

  it('emits ticks of one patient in rising order, each once, for any arrivals', () => {
    const arrivals = fc.array(fc.tuple(fc.integer({ min: 0, max: 50 }), fc.boolean()), { maxLength: 200 })
    fc.assert(
      fc.property(arrivals, (all) => {
        const { seen, late } = frames(all.map(([s, complete]) => beat(s, 70, { complete })))
        const ticks = seen.map(({ tick }) => tick)
        expect(ticks).toEqual([...new Set(ticks)].sort((a, b) => a - b))
        expect(late.length + ticks.length).toBeLessThanOrEqual(all.length)
      }),
    )
  })

  it('gives what it knows as plain numbers, and a row made of them is the same', () => {
    const plan = gridPlan(CHANNELS, 1, 2)
    const numbers = (state: Page) => {
      const read = new Float64Array(gridFields(CHANNELS).length)
      readGrid(plan, state, 0, read, 0)
      return Object.fromEntries(gridFields(CHANNELS).map((name, i) => [name, read[i]]))
    }
    // a cuff value, older than the clock
    const { state } = frames([
      beat(0, 80),
      reading({ time: T0 + 1000, values: { nibp_sys: 120.5 } }),
      beat(5, 81),
      beat(9, 82),
    ])
    const known = numbers(state)
    expect(known).toMatchObject({
      'clock.newest': T0 + 9000,
      'value.hr': 81,
      'tick.hr': T0 / 1000 + 5,
      'value.nibp_sys': 120.5,
      'tick.nibp_sys': T0 / 1000 + 1,
      'value.spo2': Number.NaN,
      'tick.spo2': Number.NaN,
    })
    const copy = new Page(plan.stateSize)
    writeGrid(plan, copy, 0, Float64Array.from(Object.values(known) as number[]), 0)
    expect(numbers(copy)).toEqual(known)
  })
})
