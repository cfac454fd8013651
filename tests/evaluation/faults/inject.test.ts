import { describe, expect, test } from 'vitest'
import {
  FAULT_GRID,
  FAULT_KINDS,
  FAULT_SEEDS,
  type FaultCell,
  FIRST_SECOND,
  GRACE_SECONDS,
} from '../../../src/evaluation/faults/grid.ts'
import { inject, injectAll } from '../../../src/evaluation/faults/inject.ts'
import { C, CHANNELS, ownGaps, readingAt, robustSd } from '../../../src/evaluation/faults/recording.ts'
import { table } from '../../ingest/collect.ts'
import { calm, made } from './made-recording.ts'

const recording = calm(1)
const cell = (kind: FaultCell['kind'], channels: string[], size: number, seconds: number): FaultCell => ({
  kind,
  channels,
  size,
  seconds,
})
const column = (values: Float64Array, name: (typeof CHANNELS)[number]) =>
  Float64Array.from({ length: values.length / C }, (_, i) => values[i * C + CHANNELS.indexOf(name)]!)

describe('the grid', () => {
  test('has every kind, in sizes that grow, and fits a recording of eight minutes', () => {
    expect(new Set(FAULT_GRID.map(({ kind }) => kind))).toEqual(new Set(FAULT_KINDS))
    expect(injectAll([recording], FAULT_GRID, FAULT_SEEDS)).toHaveLength(FAULT_GRID.length * FAULT_SEEDS.length)
  })
})

describe('a fault put into a recording', () => {
  test('is the same every time, elsewhere with another seed, and changes nothing outside itself and its channels', () => {
    for (const one of FAULT_GRID) {
      const found = inject(recording, one, 11)!
      expect(inject(recording, one, 11)).toEqual(found)
      expect(found.from).toBeGreaterThanOrEqual(FIRST_SECOND)
      expect(found.to - found.from).toBe(one.seconds)
      expect(found.to + GRACE_SECONDS).toBeLessThanOrEqual(recording.seconds)
      const changed = [...found.values.keys()].filter((i) => !Object.is(found.values[i], recording.values[i]))
      for (const i of changed) {
        expect(Math.floor(i / C)).toBeGreaterThanOrEqual(found.from)
        expect(Math.floor(i / C)).toBeLessThan(found.to)
        expect(one.channels).toContain(CHANNELS[i % C])
      }
      if (one.kind !== 'flat-line') expect(changed.length).toBeGreaterThan(0)
    }
    const places = FAULT_SEEDS.map((seed) => inject(recording, FAULT_GRID[0]!, seed)!.from)
    expect(new Set(places).size).toBe(FAULT_SEEDS.length)
  })

  test('values stay whole and inside the hard range', () => {
    const ranges = CHANNELS.map((name) => table.channels[table.index.get(name)!]!.range)
    const wrong = injectAll([calm(2)], FAULT_GRID, [11]).flatMap(({ values }) =>
      [...values].filter((value, i) => {
        const [low, high] = ranges[i % C]!
        return !Number.isNaN(value) && !(Number.isInteger(value) && value >= low && value <= high)
      }),
    )
    expect(wrong).toEqual([])
  })

  test('spike: the size in robust SDs for three seconds; saturation has room below only', () => {
    const { values, from } = inject(recording, cell('spike', ['spo2'], 6, 3), 11)!
    const moved = column(values, 'spo2')[from]! - column(recording.values, 'spo2')[from]!
    expect(moved).toBe(-Math.round(6 * robustSd(recording, CHANNELS.indexOf('spo2'))))
  })

  test('drift: a straight line to the size in 90 s, then it stays', () => {
    const { values, from } = inject(recording, cell('drift', ['hr'], 12, 150), 11)!
    const off = (since: number) =>
      Math.abs(column(values, 'hr')[from + since]! - column(recording.values, 'hr')[from + since]!)
    const size = 12 * robustSd(recording, 0)
    expect(off(44)).toBeCloseTo(size / 2, -0.5)
    expect(Math.abs(off(100) - size)).toBeLessThanOrEqual(1)
    expect(Math.abs(off(149) - size)).toBeLessThanOrEqual(1)
  })

  test('flat line: the value it had; drop-out: none; swapped: each has the value of the other', () => {
    const flat = inject(recording, cell('flat-line', ['hr'], 60, 60), 11)!
    expect(new Set(column(flat.values, 'hr').slice(flat.from, flat.to))).toEqual(
      new Set([column(recording.values, 'hr')[flat.from]]),
    )
    const gone = inject(recording, cell('drop-out', ['pulse'], 30, 30), 11)!
    expect(column(gone.values, 'pulse').slice(gone.from, gone.to).every(Number.isNaN)).toBe(true)
    const swapped = inject(recording, cell('swapped', ['hr', 'resp'], 30, 30), 11)!
    const at = swapped.from + 3
    expect(column(swapped.values, 'hr')[at]).toBe(column(recording.values, 'resp')[at])
    expect(column(swapped.values, 'resp')[at]).toBe(column(recording.values, 'hr')[at])
  })

  test('swapped into a channel whose range has no room for it: nothing is printed', () => {
    const fast = made(480, (_, c) => [130, 130, 97, 16][c]!)
    const { values, from } = inject(fast, cell('swapped', ['hr', 'spo2'], 30, 30), 11)!
    expect(column(values, 'spo2')[from]).toBeNaN()
    expect(column(values, 'hr')[from]).toBe(97)
  })

  test('never where the recording itself has a drop-out; nowhere when there is no place', () => {
    const gappy = made(480, (second, c) => (c === 2 && second >= 200 && second < 220 ? Number.NaN : 90))
    const gaps = ownGaps(gappy)
    expect([gaps[199], gaps[200], gaps[219], gaps[249], gaps[250]]).toEqual([0, 1, 1, 1, 0])
    for (let seed = 0; seed < 50; seed++) {
      const { from, to } = inject(gappy, cell('spike', ['hr'], 6, 3), seed)!
      expect(gaps.subarray(from, to + GRACE_SECONDS).some((it) => it === 1)).toBe(false)
    }
    expect(
      inject(
        made(200, () => 90),
        cell('drift', ['hr'], 6, 150),
        11,
      ),
    ).toBeUndefined()
  })

  test('short gaps are no drop-outs, nor is what comes before the first value', () => {
    const gaps = ownGaps(made(300, (second) => (second < 50 || (second >= 100 && second < 109) ? Number.NaN : 70)))
    expect(gaps.some((it) => it === 1)).toBe(false)
  })
})

test('a second without any value sends nothing; a channel without one is left out', () => {
  const half = made(2, (second, c) => (second === 0 || c === 1 ? Number.NaN : 70 + c))
  expect(readingAt(half, 0, 'k', table)).toBeUndefined()
  expect(readingAt(half, 1, 'k', table)?.values).toEqual([70, 72, 73])
})
