import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Asked, StepControl } from '../../src/inference/step-control.ts'

const share = (step: number): Asked => ({
  count: step + 10,
  first: 1,
  end: step + 5,
  step,
  again: step % 3 === 0,
  box: step % 2,
})

describe('the words by which steps are asked for', () => {
  test('say the share that was asked for, in order, and which of them failed', () => {
    const asker = new StepControl()
    const thread = new StepControl(0, asker.words)
    asker.ask(share(1), 0)
    asker.ask(share(2), 0)
    expect(thread.next(0, 0)).toEqual(share(1))
    expect(asker.done).toBe(0)
    thread.over(1, true)
    expect([asker.done, asker.failed(1)]).toEqual([1, true])
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

  test('let nobody sleep through the word of the other, whoever is faster', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 40, maxLength: 200 }), (turns) => {
        const asker = new StepControl()
        const thread = new StepControl(0, asker.words)
        let asked = 0
        let known = 0
        let made = 0
        /** messages under way; who waits for one */
        let go = 0
        let stepped = 0
        let sleeps = false
        let waits = false
        const ask = () => {
          if (stepped > 0) stepped = 0
          waits = false
          known = asker.done
          if (asked - known < 2) {
            if (asker.ask(share(++asked), 0)) go++
          } else if (asker.wait(known + 1)) waits = true
        }
        const step = () => {
          if (go > 0) go = 0
          sleeps = false
          if (thread.next(made, 0) === undefined) sleeps = thread.sleep(made, 0)
          else if (thread.over(++made, false)) stepped++
        }
        for (const mine of turns) {
          if (mine && (!waits || stepped > 0)) ask()
          else if (!mine && (!sleeps || go > 0)) step()
          const stuck = waits && stepped === 0 && sleeps && go === 0
          expect(stuck).toBe(false)
          if (sleeps && go === 0) expect(made).toBe(asked)
          if (waits && stepped === 0) expect(asker.done).toBe(known)
        }
      }),
    )
  })
})
