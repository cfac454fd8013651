import { TestScheduler } from 'rxjs/testing'
import { describe, expect, it } from 'vitest'
import { microBatches } from '../../src/stream/micro-batches.ts'
import type { InputBatch, Turn } from '../../src/stream/ports.ts'

const batch = (inputs: number): InputBatch => ({
  source: 'test',
  partition: 0,
  inputs: Array.from({ length: inputs }),
  offsets: [],
  done() {},
})
const [a, b, c] = [batch(1), batch(2), batch(4)]
const t: Turn = { ...batch(0), take: () => [] }

function marbles(source: string, expected: string, maxInputs: number): void {
  const scheduler = new TestScheduler((actual, wanted) => expect(actual).toEqual(wanted))
  scheduler.run(({ cold, expectObservable }) => {
    const collected = cold(source, { a, b, c, t }).pipe(microBatches(maxInputs, 5, scheduler))
    expectObservable(collected).toBe(expected, { x: [a, b], y: [c], z: [a], w: [b, c], u: [a, t], v: [t] })
  })
}

describe('micro-batches', () => {
  it('leave after the first input has waited long enough', () => {
    marbles('-a-b------c-------|', '------x--------y--|', 100)
  })
  it('leave at once when they are full', () => {
    marbles('-a-b------c-------|', '---x------y-------|', 3)
  })
  it('leave at once with a turn, which waits for nobody', () => {
    marbles('-a-t---t--c-------|', '---u---v-------y--|', 100)
  })
  it('leave with the end of the source', () => {
    marbles('-a---------b-c|', '------z-------(w|)', 100)
  })
  it('pass an error on', () => {
    marbles('-a--#', '----#', 100)
  })
})
