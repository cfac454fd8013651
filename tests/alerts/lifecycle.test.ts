import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { acknowledge, type Deed } from '../../src/alerts/acknowledgement.ts'
import { bodyLine } from '../../src/alerts/body.ts'
import {
  type Advance,
  advance,
  endAlert,
  endAll,
  NO_ALERTS,
  NO_CALLS,
  type OpenAlerts,
} from '../../src/alerts/lifecycle.ts'
import { AlertBody } from '../../src/vitals/alert.ts'
import type { Condition } from '../../src/vitals/condition.ts'
import { CONTEXT, condition, lost, T0, withP } from './ward.ts'

/** a patient whose conditions are dictated, second by second */
function patient() {
  let open: OpenAlerts = NO_ALERTS
  const take = ({ open: next, bodies }: Advance): readonly AlertBody[] => {
    open = next
    return bodies
  }
  return {
    at: (second: number, ...conditions: Condition[]) => take(advance(CONTEXT, open, conditions, T0 + second * 1000)),
    end: (second: number, code: string) => take(endAlert(CONTEXT, open, code, T0 + second * 1000)),
    endAll: (second: number, phase: 'end' | 'reset') => take(endAll(CONTEXT, open, T0 + second * 1000, phase)),
    open: () => open,
  }
}
const phases = (bodies: readonly AlertBody[]) => bodies.map(({ phase }) => phase)

describe('the life of an alert', () => {
  test('starts with its condition, stays silent while nothing changes, ends 30 s after it', () => {
    const it = patient()
    expect(it.at(0, condition())[0]).toMatchObject({ phase: 'start', seq: 0, state: 'active' })
    for (let s = 1; s <= 100; s++) expect(it.at(s, condition())).toEqual([])
    for (let s = 101; s < 130; s++) expect(it.at(s)).toEqual([])
    const [end] = it.at(130)
    expect(end).toMatchObject({
      phase: 'end',
      seq: 1,
      state: 'inactive',
      times: { event: T0 + 130_000, ended: T0 + 100_000, onset: T0 },
    })
    expect(it.open()).toEqual([])
  })

  test('a condition that returns within 30 s is the same alert; after its end it is another', () => {
    const it = patient()
    const first = it.at(0, condition())[0]!
    for (let s = 1; s < 200; s += 25) expect(it.at(s, condition())).toEqual([])
    it.at(300)
    const again = it.at(301, condition({ onset: T0 + 301_000 }))[0]!
    expect(again).toMatchObject({ phase: 'start', seq: 0 })
    expect(again.alertId).not.toBe(first.alertId)
  })

  test('is sent again every 300 s while it stands', () => {
    const it = patient()
    const sent: number[] = []
    for (let s = 0; s <= 1000; s++)
      for (const { phase } of it.at(s, condition())) if (phase === 'continue') sent.push(s)
    expect(sent).toEqual([300, 600, 900])
  })

  test('is updated when it matters, at most once in 30 s', () => {
    const it = patient()
    it.at(0, withP(1e-6))
    expect(it.at(5, withP(1e-9))).toEqual([])
    expect(it.at(31, withP(0.9e-6))).toEqual([])
    const [update] = it.at(32, withP(1e-8))
    expect(update).toMatchObject({ phase: 'update', seq: 1, score: { value: 1e-8 } })
    expect(it.at(61, withP(1e-12))).toEqual([])
    expect(phases(it.at(62, withP(1e-12)))).toEqual(['update'])
    const hr = { ...condition().channels[0]!, channel: 'hr' }
    expect(phases(it.at(92, { ...withP(1e-12), channels: [hr] }))).toEqual(['update'])
  })

  test('being sent again holds no update back', () => {
    const it = patient()
    it.at(0, withP(1e-6))
    expect(phases(it.at(300, withP(1e-6)))).toEqual(['continue'])
    expect(phases(it.at(301, withP(1e-9)))).toEqual(['update'])
  })

  test('a limit is updated when a value is twice as far beyond it, a NEWS2 when it rises', () => {
    const score = (name: string, value: number, threshold: number) =>
      condition({ code: name.toLowerCase(), score: { name, value, threshold, calibrated: false } })
    const it = patient()
    it.at(0, score('limit', 88, 90), score('NEWS2', 5, 5))
    expect(it.at(40, score('limit', 87, 90), score('NEWS2', 5, 5))).toEqual([])
    expect(it.at(41, score('limit', 86, 90), score('NEWS2', 6, 5)).map(({ code }) => code)).toEqual(['limit', 'news2'])
  })

  test('escalates at once, and loses priority only after 30 s', () => {
    const it = patient()
    it.at(0, condition({ priority: 'low' }))
    expect(it.at(1, condition({ priority: 'high' }))[0]).toMatchObject({ phase: 'escalate', priority: 'high', seq: 1 })
    for (let s = 2; s < 31; s++) expect(it.at(s, condition({ priority: 'low' }))).toEqual([])
    expect(it.at(31, condition({ priority: 'low' }))[0]).toMatchObject({ phase: 'deescalate', priority: 'low', seq: 2 })
  })

  test('the 30 s before it loses priority are counted from when it last had it', () => {
    const it = patient()
    for (let s = 0; s <= 100; s++) it.at(s, condition())
    for (let s = 101; s < 130; s++) expect(it.at(s, condition({ priority: 'low' }))).toEqual([])
    expect(phases(it.at(130, condition({ priority: 'low' })))).toEqual(['deescalate'])
  })

  test('one open alert per code: of two conditions the higher priority speaks', () => {
    const it = patient()
    const bodies = it.at(0, condition({ priority: 'low' }), condition({ priority: 'high', label: 'worse' }))
    expect(bodies).toHaveLength(1)
    expect(bodies[0]).toMatchObject({ priority: 'high', label: 'worse' })
  })

  test('a lost signal is a technical alert that stays until the signal is back', () => {
    const it = patient()
    expect(it.at(31, lost(T0 + 31_000, 31))[0]).toMatchObject({
      code: 'signal-lost',
      kind: 'technical',
      times: { onset: T0 },
    })
    for (let s = 32; s < 331; s++) expect(it.at(s)).toEqual([])
    expect(phases(it.at(331))).toEqual(['continue'])
    expect(it.end(400, 'unexpected')).toEqual([])
    expect(it.end(400, 'signal-lost')[0]).toMatchObject({ phase: 'end', seq: 2 })
  })

  test('a discharge ends everything, another patient in the bed resets everything', () => {
    for (const phase of ['end', 'reset'] as const) {
      const it = patient()
      it.at(0, condition(), condition({ code: 'hr-high', detector: 'limits' }))
      const bodies = it.endAll(5, phase)
      expect(phases(bodies)).toEqual([phase, phase])
      expect(bodies.every(({ state, seq }) => state === 'inactive' && seq === 1)).toBe(true)
      expect(it.open()).toEqual([])
      expect(it.endAll(6, phase)).toEqual([])
    }
  })

  test('a detector without a source is a defect, said so', () => {
    expect(() => advance(CONTEXT, NO_ALERTS, [condition({ detector: 'unheard-of' })], T0)).toThrow(
      expect.objectContaining({ code: 'internal' }),
    )
  })
})

describe('laws', () => {
  const PRIORITIES = ['low', 'medium', 'high'] as const
  const arbitrary = fc.record({
    code: fc.constantFrom('unexpected', 'hr-high', 'spo2-low', 'signal-lost', 'asystole'),
    priority: fc.constantFrom(...PRIORITIES),
    p: fc.constantFrom(1e-5, 1e-7, 1e-12),
    lead: fc.constantFrom('spo2', 'hr'),
    since: fc.integer({ min: 0, max: 60 }),
  })
  const ticks = fc.array(
    fc.tuple(
      fc.constantFrom(1, 1, 1, 1, 7, 31, 301),
      fc.array(arbitrary, { maxLength: 4 }),
      fc.constantFrom('', '', '', '', '', '', 'end', 'reset', 'back', 'ack', 'pause', 'resume', 'clear'),
    ),
    {
      minLength: 1,
      maxLength: 80,
    },
  )
  const DEEDS: Record<'ack' | 'pause' | 'resume' | 'clear', (at: number) => Deed> = {
    ack: (at) => ({ deed: 'ack', by: 'nurse', at }),
    pause: (at) => ({ deed: 'pause', until: at + 60_000 }),
    resume: () => ({ deed: 'resume' }),
    clear: () => ({ deed: 'reset' }),
  }
  type Ticks = typeof ticks extends fc.Arbitrary<infer T> ? T : never

  /** all bodies of a journal, tick by tick; `through` is what happens to the open alerts between two ticks */
  function live(steps: Ticks, through = (open: OpenAlerts): OpenAlerts => open): AlertBody[][] {
    let open: OpenAlerts = NO_ALERTS
    let calls = NO_CALLS
    let time = T0
    // half an hour of mute begins where the third tick lies, and nobody answers for ten minutes
    const context = () => ({ ...CONTEXT, calls, unansweredSeconds: 600, mutedUntil: T0 + 1_800_000 })
    const said: AlertBody[][] = []
    for (const [gap, conditions, verdict] of steps) {
      time += gap * 1000
      const made = conditions.map(({ code, priority, p, lead, since }) => ({
        ...withP(p),
        code,
        priority,
        latching: code === 'signal-lost' || code === 'asystole',
        kind: code === 'signal-lost' ? ('technical' as const) : ('physiological' as const),
        onset: time - since * 1000,
        channels: [{ ...condition().channels[0]!, channel: lead }],
      }))
      const step = advance(context(), through(open), made, time)
      said.push([...step.bodies])
      open = step.open
      calls = step.calls
      expect(new Set(open.map(({ code }) => code)).size).toBe(open.length)
      const after =
        verdict === 'end' || verdict === 'reset'
          ? endAll(context(), open, time, verdict)
          : verdict === 'back'
            ? endAlert(context(), open, 'signal-lost', time)
            : verdict !== '' && open[0]
              ? acknowledge(context(), open, open[0].alertId, DEEDS[verdict](time), time)
              : undefined
      if (after) {
        said.push([...after.bodies])
        open = after.open
        calls = after.calls
      }
    }
    return said
  }

  test('every body fits the contract; an alert starts once, ends at most once and last, its sequence has no holes', () => {
    fc.assert(
      fc.property(ticks, (steps) => {
        const open = new Map<string, AlertBody>()
        for (const body of live(steps).flat()) {
          AlertBody.parse(body)
          const before = open.get(body.code)
          if (body.phase === 'start') {
            expect(before).toBeUndefined()
            expect(body.seq).toBe(0)
          } else {
            expect(body.alertId).toBe(before!.alertId)
            expect(body.seq).toBe(before!.seq + 1)
            expect(body.times.event).toBeGreaterThanOrEqual(before!.times.event)
            expect(body.times).toMatchObject({ onset: before!.times.onset, detected: before!.times.detected })
          }
          expect(body.times.onset).toBeLessThanOrEqual(body.times.detected)
          expect(body.times.detected).toBeLessThanOrEqual(body.times.event)
          const closes = body.phase === 'end' || body.phase === 'reset'
          expect(body.state === 'inactive').toBe(closes)
          expect(body.times.ended !== undefined).toBe(closes)
          if (closes) open.delete(body.code)
          else open.set(body.code, body)
        }
      }),
    )
  })

  test('at most one message of an alert in a tick, and at most one update in 30 s of what it says', () => {
    fc.assert(
      fc.property(ticks, (steps) => {
        const before = new Map<string, AlertBody>()
        for (const bodies of live(steps)) {
          expect(new Set(bodies.map(({ code }) => code)).size).toBe(bodies.length)
          for (const body of bodies) {
            const { alertId, phase, times, score, channels, state } = body
            const last = before.get(alertId)
            const restated =
              phase === 'update' &&
              state === last!.state &&
              JSON.stringify({ score, channels }) !== JSON.stringify({ score: last!.score, channels: last!.channels })
            if (restated) expect(times.event - last!.times.event).toBeGreaterThanOrEqual(30_000)
            // a message that says nothing new is no change
            if (phase === 'start' || restated || phase.endsWith('escalate')) before.set(alertId, body)
            else before.set(alertId, { ...body, times: last!.times })
          }
        }
      }),
    )
  })

  test('somebody is called once for what stands, again only when it is worse, or a pause or mute is over', () => {
    fc.assert(
      fc.property(ticks, (steps) => {
        const last = new Map<string, AlertBody>()
        for (const body of live(steps).flat()) {
          const before = last.get(body.alertId)
          const { call, ack } = body.signal
          if (body.state === 'inactive') expect(call).toBe('none')
          if (ack && body.state !== 'inactive') expect(['acknowledged', 'muted']).toContain(call)
          if (call === 'now' && before?.signal.call === 'now' && before.state !== 'latched')
            expect(body.phase).toBe('escalate')
          if (body.code === 'asystole' || body.kind === 'technical') expect(call).not.toBe('silenced')
          if (body.code === 'asystole') expect(call).not.toBe('muted')
          last.set(body.alertId, body)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('the same journal says the same bytes, also when the open alerts were saved and read back at every tick', () => {
    const bytes = (bodies: AlertBody[][]) => bodies.flat().map(bodyLine).join('')
    fc.assert(
      fc.property(ticks, (steps) => {
        const first = bytes(live(steps))
        expect(bytes(live(steps))).toBe(first)
        expect(bytes(live(steps, (open) => JSON.parse(JSON.stringify(open)) as OpenAlerts))).toBe(first)
      }),
    )
  })

  test('the input is never changed', () => {
    const frozen = (open: OpenAlerts): OpenAlerts => {
      for (const alert of open) Object.freeze(alert)
      return Object.freeze([...open])
    }
    fc.assert(
      fc.property(ticks, (steps) => {
        expect(() => live(steps, frozen)).not.toThrow()
      }),
    )
  })

  test('event time never goes back within an alert, whatever the clock of the ticks does', () => {
    let { open } = advance(CONTEXT, NO_ALERTS, [condition({ priority: 'low' })], T0 + 60_000)
    const back = advance(CONTEXT, open, [condition({ priority: 'high' })], T0 + 10_000)
    open = back.open
    expect(back.bodies[0]!.times.event).toBe(T0 + 60_000)
    expect(advance(CONTEXT, open, [], T0 + 89_999).bodies).toEqual([])
    expect(phases(advance(CONTEXT, open, [], T0 + 90_000).bodies)).toEqual(['end'])
  })
})
