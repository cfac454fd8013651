import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { following, StepControl } from '../../src/inference/step-control.ts'
import type { Share } from '../../src/inference/worker-messages.ts'

const share = (step: number): Share => ({
  count: (step & 1023) + 10,
  first: 1,
  end: (step & 1023) + 5,
  step,
  again: step % 3 === 0,
})

describe('the words by which steps are asked for', () => {
  test('say the share that was asked for, in order, and which of them failed', () => {
    const asker = new StepControl()
    const thread = new StepControl(0, asker.words)
    asker.ask(share(1), 0)
    asker.ask(share(2), 0)
    expect(thread.next(0, 0)).toEqual(share(1))
    expect(asker.isOver(1)).toBe(false)
    thread.over(1, true)
    expect([asker.isOver(1), asker.failed(1), asker.isOver(2)]).toEqual([true, true, false])
    expect(thread.next(1, 0)).toEqual(share(2))
    thread.over(2, false)
    asker.ask(share(3), 0)
    expect([asker.failed(2), asker.failed(3)]).toEqual([false, false])
    expect(thread.next(2, 0)).toEqual(share(3))
  })

  test('keep a step back until the messages before it were heard', () => {
    const asker = new StepControl()
    const thread = new StepControl(0, asker.words)
    asker.ask(share(1), 2)
    expect(thread.next(0, 1)).toBeUndefined()
    // the second message is under way: nobody need look again before it comes
    expect(thread.sleep(0, 1)).toBe(true)
    expect(thread.next(0, 2)).toEqual(share(1))
  })

  test('let nobody sleep through the word of the other, whoever is faster, and whatever the number', () => {
    const begin = fc.constantFrom(0, 2 ** 31 - 5, -7)
    fc.assert(
      fc.property(begin, fc.array(fc.boolean(), { minLength: 40, maxLength: 200 }), (from, turns) => {
        const asker = new StepControl()
        const thread = new StepControl(0, asker.words)
        // as if so many steps had been made
        asker.words.fill(from, 0, 2)
        let [asked, known, made] = [from, from, from]
        let flying = 0
        /** messages under way; who waits for one */
        let go = 0
        let stepped = 0
        let sleeps = false
        let waits = false
        const ask = () => {
          stepped = 0
          waits = false
          for (; asker.isOver(following(known)) && flying > 0; flying--) known = following(known)
          if (flying < 2) {
            flying++
            asked = following(asked)
            if (asker.ask(share(asked), 0)) go++
          } else if (asker.wait(following(known))) waits = true
        }
        const step = () => {
          go = 0
          sleeps = false
          const next = thread.next(made, 0)
          if (next === undefined) sleeps = thread.sleep(made, 0)
          else {
            made = following(made)
            expect(next).toEqual(share(made))
            if (thread.over(made, false)) stepped++
          }
        }
        for (const mine of turns) {
          if (mine && (!waits || stepped > 0)) ask()
          else if (!mine && (!sleeps || go > 0)) step()
          expect(waits && stepped === 0 && sleeps && go === 0).toBe(false)
          if (sleeps && go === 0) expect(made).toBe(asked)
          if (waits && stepped === 0) expect(asker.isOver(following(known))).toBe(false)
        }
      }),
    )
  })
})
