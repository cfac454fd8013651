import fc from 'fast-check'
import { expect, it } from 'vitest'
import { BySlot } from '../../src/inference/by-slot.ts'

it('orders the rows of a batch by slot, of any size, and leaves alone what is in order', () => {
  const bySlot = new BySlot()
  const slots = fc.uniqueArray(fc.oneof(fc.nat(300), fc.nat(70_000), fc.nat(2 ** 31 - 1)), { maxLength: 600 })
  fc.assert(
    fc.property(slots, fc.nat(3), (all, spare) => {
      const count = Math.max(0, all.length - spare)
      const order = bySlot.order(Int32Array.from(all), count)
      const first = all.slice(0, count)
      const sorted = first.toSorted((a, b) => a - b)
      if (order === undefined) expect(first).toEqual(sorted)
      else {
        expect(Array.from(order.subarray(0, count), (row) => all[row])).toEqual(sorted)
        expect(first).not.toEqual(sorted)
      }
    }),
  )
})
