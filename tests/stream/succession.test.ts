import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { follow, type Step, seenBy } from '../../src/stream/succession.ts'
import { Succession } from '../../src/vitals/succession.ts'

const [ONE, TWO, THREE] = ['m@1', 'm@2', 'm@3'] as const
const HOUR = 3_600_000
const begin: Succession = { origin: ONE, champion: ONE }

/** A succession after some steps, of which every one is followed. */
function taken(...steps: readonly [Step['action'], string][]): Succession {
  return steps.reduce<Succession>((from, [action, model], i) => {
    const next = follow(from, { action, model }, i * 1000, HOUR)
    if ('refused' in next) throw new Error(`${action} ${model}: ${next.refused}`)
    return next
  }, begin)
}

const refused = (from: Succession, action: Step['action'], model: string) => {
  const next = follow(from, { action, model }, 0, HOUR)
  return 'refused' in next ? next.refused : undefined
}

describe('the succession of a model', () => {
  test('a challenger sees nobody before it is warm, then runs in shadow, and takes over with the former one beside it', () => {
    const asked = taken(['shadow', TWO])
    expect(seenBy(asked)).toEqual({ champion: ONE })
    const warm = taken(['shadow', TWO], ['warmed', TWO])
    expect(seenBy(warm)).toEqual({ champion: ONE, shadow: TWO })
    const promoted = taken(['shadow', TWO], ['warmed', TWO], ['promote', TWO])
    expect(seenBy(promoted)).toEqual({ champion: TWO, shadow: ONE })
    expect(promoted.beside).toMatchObject({ role: 'former', until: 2000 + HOUR })
    expect(promoted.promotedAt).toBe(2000)
    expect(seenBy(taken(['shadow', TWO], ['warmed', TWO], ['promote', TWO], ['release', ONE]))).toEqual({
      champion: TWO,
    })
  })

  test('a promotion of a version that is not warm waits for it', () => {
    const waiting = taken(['promote', TWO])
    expect(seenBy(waiting)).toEqual({ champion: ONE })
    expect(seenBy(taken(['promote', TWO], ['warmed', TWO]))).toEqual({ champion: TWO, shadow: ONE })
    expect(seenBy(taken(['shadow', TWO], ['promote', TWO], ['warmed', TWO]))).toEqual({ champion: TWO, shadow: ONE })
  })

  test('who went back is no challenger again by itself, unless somebody says so', () => {
    const back = taken(['promote', TWO], ['warmed', TWO], ['rollback', TWO])
    expect(back).toEqual({ origin: ONE, champion: ONE, left: [TWO] })
    expect(follow(back, { action: 'shadow', model: TWO }, 0, HOUR)).toMatchObject({ left: [], beside: { model: TWO } })
    expect(taken(['shadow', TWO], ['release', TWO])).toEqual({ origin: ONE, champion: ONE, left: [TWO] })
  })

  test('what cannot be is refused, and says why', () => {
    expect(refused(begin, 'rollback', ONE)).toBe('the champion before m@1 was released')
    expect(refused(begin, 'rollback', TWO)).toBe('m@2 is not the champion')
    expect(refused(begin, 'release', TWO)).toBe('m@2 does not run beside the champion')
    expect(refused(begin, 'warmed', TWO)).toBe('m@2 is not being warmed')
    expect(refused(begin, 'promote', ONE)).toBe('m@1 is the champion')
    expect(refused(taken(['promote', TWO]), 'promote', TWO)).toBe('m@2 is being warmed')
  })

  const steps = fc.array(
    fc.record({
      action: fc.constantFrom('shadow', 'promote', 'rollback', 'release', 'warmed' as const),
      model: fc.constantFrom(ONE, TWO, THREE),
    }),
    { maxLength: 30 },
  )

  test('whatever is told: the champion and whoever is beside it differ, only a warm version takes over, and the record keeps it all', () =>
    fc.assert(
      fc.property(steps, (told) => {
        let now: Succession = begin
        for (const step of told) {
          const next = follow(now, step, 0, HOUR)
          if ('refused' in next) continue
          expect(next.origin).toBe(ONE)
          expect(next.beside?.model).not.toBe(next.champion)
          const warmNow = now.beside?.warm === true || step.action === 'warmed' ? now.beside?.model : undefined
          if (next.champion !== now.champion) expect(next.champion).toBe(warmNow)
          if (next.beside?.role === 'former') expect(next.beside.warm).toBe(true)
          expect(Succession.parse(JSON.parse(JSON.stringify(next)))).toEqual(next)
          now = next
        }
      }),
    ))

  test('a step told twice is refused the second time, or changes nothing', () =>
    fc.assert(
      fc.property(steps, (told) => {
        let now: Succession = begin
        for (const step of told) {
          const next = follow(now, step, 0, HOUR)
          if ('refused' in next) continue
          const again = follow(next, step, 0, HOUR)
          if (!('refused' in again)) expect({ again, step }).toEqual({ again: next, step })
          now = next
        }
      }),
    ))
})
