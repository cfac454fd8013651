import fc from 'fast-check'
import { expect, test } from 'vitest'
import { putRows, takeRows } from '../../src/inference/ordered-rows.ts'
import { random } from '../../src/random.ts'

const shapes = fc.record({
  rows: fc.integer({ min: 1, max: 40 }),
  width: fc.integer({ min: 1, max: 9 }),
  // an odd offset: floats that cannot be taken in pairs
  offset: fc.nat({ max: 3 }),
  seed: fc.nat(),
})

test('rows are taken in an order and put back, whatever their width and wherever they begin', () => {
  fc.assert(
    fc.property(shapes, ({ rows, width, offset, seed }) => {
      const { normal, permutation } = random(seed)
      const all = Float32Array.from({ length: offset + rows * width }, normal).subarray(offset)
      const order = permutation(rows)
      const from = rows >> 1
      const taken = new Float32Array(rows * width)
      takeRows(all, order, from, rows - from, width, taken)
      const put = new Float32Array(all.length)
      putRows(taken, order, from, rows - from, width, put)
      for (let i = 0; i < rows - from; i++) {
        const [begin, row] = [order[from + i]! * width, all.subarray(order[from + i]! * width).subarray(0, width)]
        expect(taken.subarray(i * width, (i + 1) * width)).toEqual(row)
        expect(put.subarray(begin, begin + width)).toEqual(row)
      }
      // nothing else is written
      expect(taken.subarray((rows - from) * width).every((value) => value === 0)).toBe(true)
      expect(put.filter((value) => value !== 0).length).toBe(taken.filter((value) => value !== 0).length)
    }),
  )
})
