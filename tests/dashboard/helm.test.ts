import fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'
import { Helm, type SteerAnswer, type SteerRequest } from '../../src/dashboard/web/helm.ts'

let asked: { readonly request: SteerRequest; answer(answer: SteerAnswer): Promise<void> }[]
let changes: number
let helm: Helm
/** Whatever follows from an answer has happened. */
const settled = () => new Promise<void>((done) => setImmediate(done))
beforeEach(() => {
  asked = []
  changes = 0
  const send = (request: SteerRequest) =>
    new Promise<SteerAnswer>((resolve) => {
      const answer = (it: SteerAnswer) => {
        resolve(it)
        return settled()
      }
      asked.push({ request, answer })
    })
  helm = new Helm(send, () => changes++)
})
const seek = (at: number): SteerRequest => ({ do: 'seek', at })

test('what was said before a moment was asked for does not bring the old one back', async () => {
  helm.ask(seek(170))
  expect(helm.moment(3)).toBe(170)
  await asked[0]!.answer({ sought: 4 })
  // the answer is quicker than the stream
  expect(helm.moment(3)).toBe(170)
  expect(helm.moment(4)).toBeUndefined()
  expect(helm.moment(4)).toBeUndefined()
})

test('the stream may be quicker than the answer', async () => {
  helm.ask(seek(170))
  expect(helm.moment(4)).toBe(170)
  await asked[0]!.answer({ sought: 4 })
  expect(helm.moment(4)).toBeUndefined()
})

test('one request is under way, and of moments that wait the newest alone is asked for', async () => {
  helm.ask(seek(1))
  helm.ask(seek(2))
  helm.ask(seek(3))
  expect(helm.moment(0)).toBe(3)
  expect(asked.map(({ request }) => request)).toEqual([seek(1)])
  await asked[0]!.answer({ sought: 1 })
  expect(helm.moment(1)).toBe(3)
  expect(asked.map(({ request }) => request)).toEqual([seek(1), seek(3)])
  await asked[1]!.answer({ sought: 2 })
  expect(helm.moment(2)).toBeUndefined()
  expect(asked).toHaveLength(2)
})

test('to play from the start is to go there and then to play, and neither is left out', async () => {
  helm.ask(seek(9))
  helm.ask({ do: 'pause' })
  helm.ask(seek(0))
  helm.ask({ do: 'play' })
  for (let i = 0; i < 4; i++) await asked[i]!.answer({})
  expect(asked.map(({ request }) => request)).toEqual([seek(9), { do: 'pause' }, seek(0), { do: 'play' }])
})

test('a moment that is held is not asked for, and stays whatever is said and answered', async () => {
  helm.ask(seek(5))
  helm.hold(60)
  await asked[0]!.answer({ sought: 1 })
  expect(helm.moment(1)).toBe(60)
  expect(helm.moment(7)).toBe(60)
  helm.release()
  expect(helm.moment(7)).toBeUndefined()
  expect(asked).toHaveLength(1)
})

test("a refusal is said until something is taken, and the moment is the server's again", async () => {
  helm.ask(seek(5))
  await asked[0]!.answer({ refused: 'at: not a number' })
  expect([helm.refused, helm.moment(0)]).toEqual(['at: not a number', undefined])
  const before = changes
  helm.ask({ do: 'play' })
  await asked[1]!.answer({})
  expect(helm.refused).toBeUndefined()
  expect(changes).toBeGreaterThan(before)
})

test('another server does not wait for a count that the first one gave', async () => {
  helm.ask(seek(5))
  await asked[0]!.answer({ sought: 6 })
  expect(helm.moment(5)).toBe(5)
  expect(helm.moment(0)).toBeUndefined()
})

test('whatever the order of answers and of the stream, the last moment is shown from the key on and the server ends there', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom('key', 'answer', 'stream'), { maxLength: 40 }), async (steps) => {
      let at = 0
      let sought = 0
      /** what the server said, in its order; the page has heard the first `heard` */
      const said = [{ sought, at }]
      let heard = 0
      const due: (() => void)[] = []
      const steered = new Helm(
        (request) =>
          new Promise((resolve) => {
            due.push(() => {
              if (request.do === 'seek') at = request.at
              said.push({ sought: ++sought, at })
              resolve({ sought })
            })
          }),
        () => {},
      )
      const shown = () => steered.moment(said[heard]!.sought) ?? said[heard]!.at
      let wanted = 0
      for (const step of steps) {
        if (step === 'key') steered.ask(seek(++wanted))
        else if (step === 'answer') due.shift()?.()
        else heard = Math.min(heard + 1, said.length - 1)
        await settled()
        expect(shown()).toBe(wanted)
      }
      for (; due.length > 0; await settled()) due.shift()!()
      heard = said.length - 1
      expect([at, shown()]).toEqual([wanted, wanted])
    }),
  )
})
