import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Page, Pool } from '../../src/scoring/page.ts'

test('a page is one memory, seen as numbers of every width', () => {
  const page = new Page(4)
  page[1] = 1
  expect([page.words[2], page.words[3]]).toEqual([0, 0x3ff00000])
  page.floats[7] = 1
  expect(page.bytes[31]).toBe(0x3f)
  expect(page.slice(0, 2)).toEqual(Float64Array.of(0, 1))
  expect(page.subarray(1, 2)).toEqual(Float64Array.of(1))
})

test('no two holders share a row of a pool, which has no more rows than were ever held at once', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 300 }), { maxLength: 400 }), (steps) => {
      const pool = new Pool(3)
      const held: [row: number, mark: number][] = []
      let most = 0
      steps.forEach((step, mark) => {
        if (step % 3 === 0 && held.length > 0) pool.give(held.splice(step % held.length, 1)[0]![0])
        else {
          const row = pool.take()
          pool.page(row).fill(mark, pool.at(row), pool.at(row) + 3)
          held.push([row, mark])
          most = Math.max(most, held.length)
        }
        expect(pool.taken).toBe(held.length)
        for (const [row, marked] of held) {
          expect(row).toBeGreaterThan(0)
          expect(row).toBeLessThanOrEqual(most)
          expect([...pool.page(row).slice(pool.at(row), pool.at(row) + 3)]).toEqual([marked, marked, marked])
        }
      })
      pool.give(0)
      expect(pool.taken).toBe(held.length)
    }),
    { numRuns: 60 },
  )
})
