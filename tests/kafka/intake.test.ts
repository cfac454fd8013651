import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Intake, portionsOf } from '../../src/kafka/intake.ts'
import type { NewRecord } from '../../src/kafka/port.ts'
import { reject } from '../../src/vitals/rejection.ts'

/** Records of one fetch: how many inputs each gives, or that it is keyless. */
const fetches = fc.array(fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constant('keyless' as const)), { maxLength: 40 })

function intakeOf(fetch: readonly (number | 'keyless')[]): Intake {
  const inputs: Intake['inputs'][number][] = []
  const offsets: number[] = []
  const rekeyed: [number, NewRecord][] = []
  fetch.forEach((gives, offset) => {
    if (gives === 'keyless') rekeyed.push([offset, { topic: 't', partition: 0, key: `${offset}`, value: null }])
    else
      for (let i = 0; i < gives; i++) {
        inputs.push(reject('late', `${offset}/${i}`))
        offsets.push(offset)
      }
  })
  return { inputs, offsets, rekeyed, misplaced: 0 }
}

test('a commit between any two portions of a fetch tells nothing twice and passes nothing over', () => {
  fc.assert(
    fc.property(fetches, fc.integer({ min: 1, max: 8 }), (fetch, size) => {
      const intake = intakeOf(fetch)
      const portions = portionsOf(intake, size, fetch.length)
      expect(portions.flatMap(({ inputs }) => inputs)).toEqual(intake.inputs)
      expect(portions.flatMap(({ offsets }) => offsets)).toEqual(intake.offsets)
      expect(portions.flatMap(({ rekeyed }) => rekeyed)).toEqual(intake.rekeyed.map(([, record]) => record))
      expect(portions.at(-1)?.worked).toBe(fetch.length)
      // a process that begins at the position of any portion finds all that is not in the portions up to it, and no more
      portions.forEach(({ worked }, i) => {
        const done = portions.slice(0, i + 1)
        expect(done.flatMap(({ offsets }) => offsets)).toEqual(intake.offsets.filter((it) => it < worked))
        expect(done.flatMap(({ rekeyed }) => rekeyed).map(({ key }) => Number(key))).toEqual(
          intake.rekeyed.map(([offset]) => offset).filter((it) => it < worked),
        )
      })
    }),
    { numRuns: 500 },
  )
})
