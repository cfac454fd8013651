import { setFlagsFromString } from 'node:v8'
import { expect, test } from 'vitest'
import { acknowledge } from '../../src/alerts/acknowledgement.ts'
import { advance, NO_ALERTS, NO_CALLS, type OpenAlert } from '../../src/alerts/lifecycle.ts'
import { CONTEXT, condition, T0 } from './ward.ts'

/** By then the functions are compiled: it is compiled code that makes a class for each copy. */
const WARM = 20_000

/** An alert in the second tick of its life, and what an acknowledgement leaves of it. */
function raised(at: number): readonly OpenAlert[] {
  const begun = advance(CONTEXT, NO_ALERTS, [condition({ onset: at })], at)
  const context = { ...CONTEXT, calls: begun.calls ?? NO_CALLS }
  const { open } = advance(context, begun.open, [], at + 1000)
  const deed = { deed: 'ack', by: 'nurse', at: at + 2000 } as const
  const acknowledged = acknowledge(context, open, open[0]!.alertId, deed, at + 2000)
  return [...open, ...acknowledged.open]
}

test('open alerts of the same fields have one hidden class, so that whoever reads them in every tick searches nothing', () => {
  setFlagsFromString('--allow-natives-syntax')
  const alike = new Function('a', 'b', 'return %HaveSameMap(a, b)') as (a: object, b: object) => boolean
  for (let i = 0; i < WARM; i++) raised(T0 + i * 1000)
  const before = raised(T0)
  const after = raised(T0 + 1000)
  expect(before).toHaveLength(2)
  expect(before.map((alert, i) => alike(alert, after[i]!))).toEqual([true, true])
})
