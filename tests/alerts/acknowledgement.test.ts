import { describe, expect, test } from 'vitest'
import { acknowledge, type Deed } from '../../src/alerts/acknowledgement.ts'
import { type Advance, advance, endSome, NO_ALERTS, NO_CALLS, type OpenAlerts } from '../../src/alerts/lifecycle.ts'
import type { AlertBody } from '../../src/vitals/alert.ts'
import type { Condition } from '../../src/vitals/condition.ts'
import { CONTEXT, condition, lost, T0, withP } from './ward.ts'

/** a patient whose conditions and whose nurses are dictated, second by second; `rules` changes what decides about calls */
function patient(rules: Partial<typeof CONTEXT> = {}) {
  let open: OpenAlerts = NO_ALERTS
  let calls = NO_CALLS
  const context = () => ({ ...CONTEXT, ...rules, calls })
  const take = (step: Advance): readonly AlertBody[] => {
    open = step.open
    calls = step.calls
    return step.bodies
  }
  const at = (second: number) => T0 + second * 1000
  return {
    at: (second: number, ...conditions: Condition[]) => take(advance(context(), open, conditions, at(second))),
    does: (second: number, deed: Deed) => take(acknowledge(context(), open, open[0]!.alertId, deed, at(second))),
    ends: (second: number) => take(endSome(context(), open, () => true, at(second), 'end')),
    open: () => open,
  }
}
const said = (bodies: readonly AlertBody[]) => bodies.map(({ phase, signal }) => `${phase} ${signal.call}`)
const asystole = condition({
  detector: 'limits',
  code: 'asystole',
  kind: 'physiological',
  priority: 'high',
  latching: true,
})

describe('the re-alarm silence', () => {
  test('lasts from the last call, to the millisecond, and not from what it held back', () => {
    const it = patient()
    it.at(0, condition())
    it.at(40)
    expect(said(it.at(1000, condition()))).toEqual(['start silenced'])
    it.at(1040)
    expect(said(it.at(1799.999, condition()))).toEqual(['start silenced'])
    expect(said(it.at(1800, condition()))).toEqual(['continue now'])
    it.at(1840)
    expect(said(it.at(2000, condition()))).toEqual(['start silenced'])
  })

  test('is passed by a much worse score, a higher priority, asystole and a bed that is not watched', () => {
    const worse = [withP(1.2e-8), condition({ priority: 'high' })]
    for (const next of worse) {
      const it = patient()
      it.at(0, condition())
      it.ends(10)
      expect(said(it.at(20, next))).toEqual(['start now'])
    }
    for (const one of [asystole, lost(T0, 30)]) {
      const it = patient()
      it.at(0, one)
      it.ends(10)
      expect(said(it.at(20, one))).toEqual(['start now'])
    }
  })

  test('holds what is a little worse back, and calls when it escalates', () => {
    const it = patient()
    it.at(0, condition())
    it.ends(10)
    expect(said(it.at(20, withP(0.9e-7)))).toEqual(['start silenced'])
    expect(said(it.at(21, condition({ priority: 'high' })))).toEqual(['escalate now'])
  })

  test('is of one code: another calls at once; 0 s is none', () => {
    const it = patient()
    it.at(0, condition())
    it.ends(10)
    expect(said(it.at(20, condition({ code: 'hr-low' })))).toEqual(['start now'])
    const none = patient({ silenceSeconds: 0 })
    none.at(0, condition())
    none.ends(10)
    expect(said(none.at(20, condition()))).toEqual(['start now'])
  })
})

describe('what nobody acknowledges', () => {
  const rules = { unansweredSeconds: 60 }

  test('is escalated three times, and no more', () => {
    const it = patient(rules)
    const sent = Array.from({ length: 290 }, (_, s) => said(it.at(s, condition()))).flat()
    expect(sent).toEqual(['start now', 'escalate now', 'escalate now', 'escalate now'])
    expect(it.open()[0]).toMatchObject({ unanswered: 3, said: { priority: 'medium' } })
  })

  test('is not escalated when it is low, acknowledged, paused, muted or was never told', () => {
    const low = patient(rules)
    const acked = patient(rules)
    const muted = patient({ ...rules, mutedUntil: T0 + 1_000_000 })
    acked.at(0, condition())
    acked.does(1, { deed: 'ack', by: 'n', at: T0 })
    for (let s = 2; s < 200; s++) {
      expect(low.at(s, condition({ priority: 'low' })).filter(({ phase }) => phase === 'escalate')).toEqual([])
      expect(acked.at(s, condition())).toEqual([])
      expect(muted.at(s, condition()).filter(({ phase }) => phase === 'escalate')).toEqual([])
    }
  })
})

describe('a deed', () => {
  test('the first acknowledgement counts; a second, and a resume or reset of what is neither, give no message', () => {
    const it = patient()
    it.at(0, condition())
    expect(said(it.does(5, { deed: 'ack', by: 'first', at: T0 + 4_999.6 }))).toEqual(['update acknowledged'])
    expect(it.does(6, { deed: 'ack', by: 'second', at: T0 + 6000 })).toEqual([])
    expect(it.does(7, { deed: 'resume' })).toEqual([])
    expect(it.does(8, { deed: 'reset' })).toEqual([])
    expect(it.open()[0]!.ack).toEqual({ by: 'first', at: T0 + 5000 })
  })

  test('about an alert that is not open gives nothing, and changes nothing', () => {
    const { open } = advance(CONTEXT, NO_ALERTS, [condition()], T0)
    const after = acknowledge(CONTEXT, open, 'f'.repeat(32), { deed: 'ack', by: 'n', at: T0 }, T0)
    expect(after.bodies).toEqual([])
    expect(after.open).toBe(open)
  })

  test('what was latched and is back calls anew, and is acknowledged no more', () => {
    const it = patient()
    it.at(0, asystole)
    const latched = it.at(30)
    expect(latched[0]).toMatchObject({ phase: 'update', state: 'latched', signal: { latching: true, call: 'told' } })
    expect(it.at(31)).toEqual([])
    expect(it.at(40, asystole)[0]).toMatchObject({ phase: 'update', state: 'active', signal: { call: 'now' } })
    it.does(41, { deed: 'ack', by: 'n', at: T0 })
    expect(it.at(71)[0]).toMatchObject({ phase: 'end', state: 'inactive' })
  })

  test('a pause under a mute stays both: the call comes when neither holds', () => {
    const it = patient({ mutedUntil: T0 + 50_000 })
    it.at(0, condition())
    expect(said(it.does(1, { deed: 'pause', until: T0 + 80_000 }))).toEqual(['update muted'])
    const sent = Array.from({ length: 100 }, (_, s) => said(it.at(2 + s, condition()))).flat()
    expect(sent).toEqual(['continue now'])
    expect(it.open()[0]!.called).toBe(T0 + 80_000)
  })
})
