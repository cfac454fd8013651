import fc from 'fast-check'
import { expect, test } from 'vitest'
import { InputLog } from '../../../src/inference/webgpu/input-log.ts'

const slot = fc.integer({ min: 0, max: 5 })
const step = fc.uniqueArray(slot, { minLength: 1, maxLength: 6 })

test('every slot gets its inputs in its order, once, from where it was last known; no slot stands twice in a step', () => {
  const knownAts = fc.array(fc.nat(60), { minLength: 6, maxLength: 6 })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), knownAts, (steps, knownAt) => {
      const log = new InputLog(2, 100)
      const wanted = new Map<number, number[]>()
      let nth = 0
      for (const slots of steps) {
        const x = slots.flatMap((_, row) => [nth + row, -(nth + row)])
        log.append(Int32Array.from(slots), Float32Array.from(x), slots.length)
        for (const each of slots) {
          if (nth >= knownAt[each]!) wanted.set(each, [...(wanted.get(each) ?? []), nth])
          nth++
        }
      }
      expect(log.rows).toBe(nth)
      const found = new Map<number, number[]>()
      let most = 0
      for (const { slots, x } of log.steps((each, at) => at >= knownAt[each]!)) {
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
      expect([...log.steps(() => true)]).toEqual([])
    }),
  )
})
