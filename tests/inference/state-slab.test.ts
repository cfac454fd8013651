import { describe, expect, test } from 'vitest'
import { neighbours, StateSlab } from '../../src/inference/state-slab.ts'

const SIZE = 8
const row = (value: number) => new Float32Array(SIZE).fill(value)

function read(slab: StateSlab, slot: number): Float32Array {
  const into = new Float32Array(SIZE)
  slab.read(slot, into)
  return into
}

describe('rows side by side', () => {
  test.each([
    ['slots that follow one another', [4, 5, 6, 8], 0, 4, 3],
    ['none after the end', [4, 5, 6, 7], 1, 3, 2],
    ['none over the edge of a page', [254, 255, 256, 257], 0, 4, 2],
    ['none backwards', [9, 8, 7], 0, 3, 1],
  ])('%s', (_, slots, at, end, run) => {
    expect(neighbours(Int32Array.from(slots), at, end)).toBe(run)
  })
})

describe('state slab', () => {
  test('a written row reads back, its neighbours stay zero', () => {
    const slab = new StateSlab(SIZE)
    slab.write(255, row(1))
    slab.write(256, row(2))
    expect(read(slab, 255)).toEqual(row(1))
    expect(read(slab, 256)).toEqual(row(2))
    expect(read(slab, 254)).toEqual(row(0))
    expect(read(slab, 257)).toEqual(row(0))
  })

  test('reading or resetting a slot that never was allocates nothing', () => {
    const slab = new StateSlab(SIZE)
    slab.reset(100_000)
    expect(read(slab, 100_000)).toEqual(row(0))
    expect(slab.pages).toHaveLength(0)
  })

  test('memory follows the highest slot, a page of 256 rows at a time, and every page is announced once', () => {
    const announced: Float32Array[] = []
    const slab = new StateSlab(SIZE, (page) => announced.push(page))
    slab.claim(Int32Array.of(700, 3), 2)
    slab.release()
    slab.claim(Int32Array.of(700, 3), 2)
    expect(slab.pages).toHaveLength(3)
    expect(announced).toEqual(slab.pages)
    expect(slab.pages[0]!.length).toBe(256 * SIZE)
    expect(slab.pages[0]!.buffer).toBeInstanceOf(SharedArrayBuffer)
  })

  test('rows of the step in flight are locked, all others are not', () => {
    const slab = new StateSlab(SIZE)
    slab.claim(Int32Array.of(4, 9), 2)
    expect(() => slab.reset(9)).toThrow(/slot 9 was touched/)
    expect(() => slab.write(4, row(1))).toThrow(/slot 4 was touched/)
    expect(() => read(slab, 4)).toThrow(/slot 4 was touched/)
    slab.write(5, row(5))
    slab.release()
    slab.reset(9)
    expect(read(slab, 5)).toEqual(row(5))
  })

  test('two steps at once, a slot twice, a wrong count, a negative slot or a short row are defects', () => {
    const slab = new StateSlab(SIZE)
    const slots = Int32Array.of(1, 2, 1)
    expect(() => slab.claim(slots, 3)).toThrow(/slot 1 stands twice/)
    for (const count of [0, -1, 1.5, 4, Number.NaN])
      expect(() => slab.claim(slots, count)).toThrow(/rows was asked for/)
    expect(() => slab.claim(Int32Array.of(-1), 1)).toThrow(/no slot -1/)
    expect(() => slab.reset(-1)).toThrow(/no slot -1/)
    expect(() => slab.write(1, new Float32Array(SIZE - 1))).toThrow(/8 floats, not 7/)
    slab.claim(slots, 2)
    expect(() => slab.claim(Int32Array.of(7), 1)).toThrow(/another is in flight/)
  })

  test('of two steps in flight the older ends first: its rows are free then, but those that stand in both', () => {
    const slab = new StateSlab(SIZE, undefined, 2)
    slab.claim(Int32Array.of(1, 2), 2)
    slab.claim(Int32Array.of(2, 3), 2)
    expect(slab.flying).toBe(2)
    expect(() => slab.claim(Int32Array.of(7), 1)).toThrow(/another is in flight/)
    for (const slot of [1, 2, 3]) expect(() => slab.reset(slot)).toThrow(/was touched/)
    slab.release()
    slab.reset(1)
    for (const slot of [2, 3]) expect(() => slab.reset(slot)).toThrow(/was touched/)
    // one that is refused locks nothing for good, and frees nothing
    expect(() => slab.claim(Int32Array.of(4, 2, 2), 3)).toThrow(/slot 2 stands twice/)
    expect(() => slab.reset(2)).toThrow(/was touched/)
    slab.release()
    expect(slab.flying).toBe(0)
    for (const slot of [1, 2, 3, 4]) slab.reset(slot)
  })

  test('rows are those of the step before only where nobody wrote one since: while that is in flight, too', () => {
    const slab = new StateSlab(SIZE, undefined, 2)
    const same = Int32Array.of(1, 2)
    expect(slab.claim(same, 2)).toBe(false)
    expect(slab.claim(same, 2)).toBe(true)
    slab.release()
    slab.write(9, row(1))
    expect(slab.claim(same, 2)).toBe(false)
    slab.release()
    slab.release()
  })
})
