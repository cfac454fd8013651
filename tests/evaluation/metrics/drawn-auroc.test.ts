import fc from 'fast-check'
import { expect, it } from 'vitest'
import { areas } from '../../../src/evaluation/metrics/curves.ts'
import { drawnAuroc } from '../../../src/evaluation/metrics/drawn-auroc.ts'

it('the area of drawn patients is the area of their rows written out as often as they were drawn', () => {
  const rows = fc.array(
    fc.record({ score: fc.integer({ min: -3, max: 3 }), label: fc.nat(1), patient: fc.nat(4) }),
    { minLength: 1, maxLength: 40 },
  )
  const times = fc.array(fc.nat(3), { minLength: 5, maxLength: 5 })
  fc.assert(
    fc.property(rows, times, (of, often) => {
      const drawn = drawnAuroc(of.map(({ score }) => score), of.map(({ label }) => label), of.map(({ patient }) => patient))(often)
      const written = of.flatMap((row) => new Array(often[row.patient]!).fill(row))
      const { auroc } = areas(written.map(({ score }) => score), written.map(({ label }) => label))
      if (Number.isNaN(auroc)) expect(drawn).toBeNaN()
      else expect(drawn).toBeCloseTo(auroc, 12)
    }),
  )
}) // biome-ignore format: one line a call
