import fc from 'fast-check'
import { expect, test } from 'vitest'
import { InputLog } from '../../../src/inference/webgpu/input-log.ts'

const slot = fc.integer({ min: 0, max: 5 })
const step = fc.uniqueArray(slot, { minLength: 1, maxLength: 6 })

test('every slot gets its inputs in its order, once, since it was last known; no slot stands twice in a step', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ slots: step, known: fc.array(slot, { maxLength: 2 }) }), { maxLength: 40 }),
      (night) => {
        const log = new InputLog(2, 100)
        const wanted = new Map<number, number[]>()
        let nth = 0
        for (const { slots, known } of night) {
          const x = slots.flatMap((_, row) => [nth + row, -(nth + row)])
          // one that never comes back counts for nothing
          log.begin(Int32Array.of(5, 4), Float32Array.of(9, 9, 9, 9), 2)
          log.begin(Int32Array.from(slots), Float32Array.from(x), slots.length)
          log.stepped(slots.length)
          for (const each of slots) wanted.set(each, [...(wanted.get(each) ?? []), nth++])
          for (const each of known) {
            log.known(each)
            wanted.delete(each)
          }
        }
        expect(log.rows).toBe(nth)
        const found = new Map<number, number[]>()
        let most = 0
        for (const { slots, x } of log.steps()) {
          most++
          expect(new Set(slots).size).toBe(slots.length)
          slots.forEach((each, row) => {
            expect(x[2 * row + 1]).toBe(-x[2 * row]!)
            found.set(each, [...(found.get(each) ?? []), x[2 * row]!])
          })
        }
        expect(found).toEqual(wanted)
        expect(most).toBe(Math.max(0, ...[...wanted.values()].map((inputs) => inputs.length)))
        log.clear()
        expect([...log.steps()]).toEqual([])
      },
    ),
  )
})
