import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AlertEpisode, matchEpisodes } from '../../../src/evaluation/compare/episodes.ts'

const episode = (start: number, end: number | undefined, about: Partial<AlertEpisode> = {}): AlertEpisode => ({
  alertId: `${start}-${about.code ?? ''}-${about.patientKey ?? ''}`,
  patientKey: 'p',
  detector: 'bedside',
  code: 'unexpected',
  priority: 'low',
  label: 'x',
  start: start * 1000,
  end: end === undefined ? undefined : end * 1000,
  called: true,
  ...about,
})

describe('alerts of two runs', () => {
  it('are of the same thing when patient and code are, and they stand together or a minute apart', () => {
    const a = [episode(0, 10), episode(500, 510), episode(900, undefined)]
    const b = [episode(70, 80), episode(571, 580), episode(2000, 2100)]
    const { both, onlyA, onlyB } = matchEpisodes(a, b)
    expect(both).toEqual([{ a: a[0], b: b[0] }, { a: a[2], b: b[2] }])
    expect(onlyA).toEqual([a[1]])
    expect(onlyB).toEqual([b[1]])
  }) // biome-ignore format: the pairs

  it('of another code or another patient are not', () => {
    const a = [episode(0, 10)]
    const b = [episode(0, 10, { code: 'drift' }), episode(0, 10, { patientKey: 'q' })]
    expect(matchEpisodes(a, b)).toEqual({ both: [], onlyA: a, onlyB: b })
  })

  it('have one counterpart at most, the nearest', () => {
    const a = [episode(100, 200)]
    const b = [episode(90, 95), episode(105, 120)]
    expect(matchEpisodes(a, b)).toEqual({ both: [{ a: a[0], b: b[1] }], onlyA: [], onlyB: [b[0]] })
  })

  it('are each counted once, and the other way round the same pairs come out', () => {
    const made = fc.array(fc.tuple(fc.integer({ min: 0, max: 600 }), fc.integer({ min: 0, max: 90 })), { maxLength: 12 })
    fc.assert(
      fc.property(made, made, (one, other) => {
        const of = (list: [number, number][], who: string) =>
          list.map(([start, length], i) => episode(start, start + length, { alertId: `${who}${i}` }))
        const [a, b] = [of(one, 'a'), of(other, 'b')]
        const forth = matchEpisodes(a, b)
        const back = matchEpisodes(b, a)
        expect(forth.both.length + forth.onlyA.length).toBe(a.length)
        expect(forth.both.length + forth.onlyB.length).toBe(b.length)
        expect(back.both.map(({ a, b }) => `${b.alertId} ${a.alertId}`).sort()).toEqual(forth.both.map(({ a, b }) => `${a.alertId} ${b.alertId}`).sort())
        expect(matchEpisodes(a, a).both).toHaveLength(a.length)
      }),
      { examples: [[[[61, 0], [2, 0]], [[4, 0], [0, 0]]]] },
    )
  }) // biome-ignore format: the property
})
