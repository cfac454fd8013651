import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { acknowledge } from '../../src/alerts/acknowledgement.ts'
import { bodyLine } from '../../src/alerts/body.ts'
import { advance, NO_ALERTS } from '../../src/alerts/lifecycle.ts'
import { openWard } from '../../src/app.ts'
import { decodeReading } from '../../src/ingest/decode-reading.ts'
import { alertTopic } from '../../src/kafka/alert-record.ts'
import { createLog } from '../../src/log.ts'
import type { AlertBody } from '../../src/vitals/alert.ts'
import { channelTable } from '../../src/vitals/channels.ts'
import type { Control } from '../../src/vitals/control.ts'
import { Mode } from '../../src/vitals/reading.ts'
import { Settings } from '../../src/vitals/settings.ts'
import { CONTEXT, condition } from '../alerts/ward.ts'
import { reading } from '../stream/reading.ts'
import { countingTelemetry, realWards } from '../stream/real-ward.ts'
import { keyOf, T0 } from './ward-journals.ts'

const KEY = keyOf('1')
const calm = { hr: 72, pulse: 72, spo2: 97, resp: 16 }
const second = (s: number, values: Record<string, number> = calm, more: object = {}) =>
  reading({ time: T0 + s * 1000, values, complete: true, ...more })
const seconds = (from: number, to: number, values?: Record<string, number>, more?: object) =>
  Array.from({ length: to - from }, (_, i) => second(from + i, values, more))
const low = { ...calm, spo2: 84 }
const act = (s: number, more: object): Control =>
  ({ kind: 'control', patientKey: KEY, at: T0 + s * 1000, by: 'nurse-7', ...more }) as Control
const phases = (bodies: readonly AlertBody[]) => bodies.map(({ phase }) => phase)
const calls = (bodies: readonly AlertBody[]) => bodies.map(({ signal }) => signal.call)

let wards: Awaited<ReturnType<typeof realWards>>
beforeAll(async () => {
  wards = await realWards()
})
afterAll(() => wards.close())

describe('the fourteen safety rules', () => {
  it('1. silence is never health: lost signal, stale bed, failing and missing model are all said', async () => {
    const bed = wards.fresh()
    await bed.give(seconds(0, 70), 0)
    await bed.give(bed.ward.silent(31_000, 30), 31_000)
    expect(bed.bodies('signal-lost')).toMatchObject([{ phase: 'start', kind: 'technical', signal: { call: 'now' } }])
    // the heartbeat's count
    expect(bed.ward.watching).toEqual({ warming: 0, watching: 0, degraded: 0, blind: 1 })

    const stale = wards.fresh()
    await stale.give([...seconds(0, 70), ...seconds(70, 170, calm, { status: 'invalid' })])
    expect(stale.bodies('stale-bed')).toMatchObject([
      { phase: 'start', kind: 'technical', times: { onset: T0 + 69_000 } },
    ])
    expect(stale.ward.watching.degraded).toBe(1)

    // how it goes on, and comes back, is held by tests/stream/failing.test.ts
    const failing = await realWards()
    const broken = failing.fresh({ fallsBack: true })
    await broken.give(seconds(0, 70))
    await failing.close()
    await broken.give(seconds(70, 90, low))
    expect(broken.bodies('model-failed')).toMatchObject([
      { phase: 'start', kind: 'technical', signal: { call: 'now' } },
    ])
    expect(broken.bodies('spo2-low')).toMatchObject([{ phase: 'start', priority: 'high' }])
    expect(broken.ward.watching.degraded).toBe(1)

    const dir = await mkdtemp(join(tmpdir(), 'vigil-'))
    const { telemetry } = countingTelemetry()
    const settings = Settings.parse({ models: { dir } })
    await expect(openWard({ settings, telemetry, log: createLog('error') })).rejects.toMatchObject({
      code: 'model-not-found',
    })
    await rm(dir, { recursive: true })
  })

  it('2. test and demo data raise nothing on the live topic, and never mix with a live patient', async () => {
    for (const mode of Mode.options) {
      const bed = wards.fresh()
      await bed.give(seconds(0, 20, low).map((it) => ({ ...it, mode })))
      const topics = bed.outputs.flatMap((it) => (it.kind === 'alert' ? [alertTopic('vitals', it.envelope.mode)] : []))
      expect(new Set(topics)).toEqual(new Set([mode === 'live' ? 'vitals.alerts' : 'vitals.alerts.test']))
    }
    const bed = wards.fresh()
    await bed.give(seconds(0, 20).map((it) => ({ ...it, mode: 'live' as const })))
    await bed.give(seconds(20, 40, low))
    expect(bed.refused()).toEqual(Array(20).fill('other-mode'))
    expect(bed.bodies()).toEqual([])
  })

  it('3. a replay never writes to the live topic, whatever its recording says', () => {
    const line = JSON.stringify({ patient: 'p', time: T0, mode: 'live', values: { hr: 72 } })
    const { reading } = decodeReading(line, channelTable(), 'replay')
    expect(alertTopic('vitals', reading!.mode)).not.toBe(alertTopic('vitals', 'live'))
  })

  it('4. an active alert is sent again every alerts.continueSeconds, also while its bed is silent', async () => {
    const bed = wards.fresh({ settings: Settings.parse({ alerts: { unansweredSeconds: 0 } }) })
    await bed.give(seconds(0, 960, low), 0)
    const again = bed.bodies('spo2-low').filter(({ phase }) => phase === 'continue')
    expect(again.map(({ times }) => (times.event - T0) / 1000)).toEqual([310, 610, 910])
    for (let now = 30_000; now <= 930_000; now += 1000) await bed.give(bed.ward.silent(now, 30), now)
    const silent = (code: string) => bed.bodies(code).filter(({ times }) => times.event > T0 + 960_000)
    expect(phases(silent('spo2-low'))).toEqual(['continue', 'continue', 'continue'])
    expect(phases(silent('signal-lost'))).toEqual(['start', 'continue', 'continue', 'continue'])
  })

  it('5. an end needs its condition gone for alerts.clearSeconds; no alert is shorter than that', async () => {
    const bed = wards.fresh()
    await bed.give([...seconds(0, 12, low), ...seconds(12, 30), ...seconds(30, 31, low), ...seconds(31, 100)])
    const [start, end] = bed.bodies('spo2-low')
    expect(phases(bed.bodies('spo2-low'))).toEqual(['start', 'end'])
    expect(end!.times.event - start!.times.detected).toBeGreaterThanOrEqual(30_000)
    expect(end!.times.event - end!.times.ended!).toBeGreaterThanOrEqual(30_000)
  })

  it('6. one open alert per patient and code: further crossings update it', async () => {
    const bed = wards.fresh()
    await bed.give([...seconds(0, 50, low), ...seconds(50, 55), ...seconds(55, 100, { ...calm, spo2: 70 })])
    const own = bed.bodies('spo2-low')
    expect(phases(own)).toEqual(['start', 'update'])
    expect(new Set(own.map(({ alertId }) => alertId)).size).toBe(1)
    expect(own[1]!.label).toContain('70 %')
  })

  it('7. the same code calls nobody twice in half an hour; worse and escalated always passes; every onset is told', async () => {
    const bed = wards.fresh()
    const episode = (at: number, spo2: number) => [
      ...seconds(at, at + 15, { ...calm, spo2 }),
      ...seconds(at + 15, at + 60),
    ]
    await bed.give([...episode(0, 88), ...episode(100, 88), ...episode(200, 88)])
    const starts = () => bed.bodies('spo2-low').filter(({ phase }) => phase === 'start')
    expect(calls(starts())).toEqual(['now', 'silenced', 'silenced'])
    await bed.give(episode(300, 80))
    expect(starts().at(-1)!.signal).toMatchObject({ call: 'now', suppressedSinceLast: 2 })
    await bed.give(episode(2200, 88))
    expect(starts().at(-1)!.signal).toMatchObject({ call: 'now', suppressedSinceLast: 0 })
    expect(bed.counts.calls).toEqual({
      onsets: bed.bodies().filter(({ phase }) => phase === 'start').length,
      called: bed.bodies().filter(({ phase, signal }) => phase === 'start' && signal.call === 'now').length,
    })

    // what nobody acknowledges is escalated by itself, after ten minutes, three times at most
    const never = wards.fresh()
    await never.give(seconds(0, 2700, low))
    const escalated = never.bodies('spo2-low').filter(({ phase }) => phase === 'escalate')
    expect(escalated.map(({ times, signal }) => [(times.event - T0) / 1000, signal.call, signal.unanswered])).toEqual([
      [610, 'now', 1],
      [1210, 'now', 2],
      [1810, 'now', 3],
    ])
  })

  it('8. an episodic value ages: it makes no tick, and is never a new observation', async () => {
    const bed = wards.fresh()
    await bed.give([second(0, { ...calm, nibp_sys: 80 }), ...seconds(1, 900)])
    expect(bed.frames).toHaveLength(900)
    const at = channelTable().index.get('nibp_sys')!
    expect(bed.frames.at(-1)).toMatchObject({
      values: expect.objectContaining({ [at]: 80 }),
      ages: expect.objectContaining({ [at]: 899 }),
    })
    expect(phases(bed.bodies('nibp-sys-low'))).toEqual(['start', 'continue', 'escalate'])
    // a cuff value alone, between two sets, steps nothing
    await bed.give([
      reading({ time: T0 + 900_500, values: { nibp_sys: 82 }, complete: false, times: { nibp_sys: T0 + 600_000 } }),
    ])
    expect(bed.frames).toHaveLength(900)
  })

  it('9. an unknown patient is keyed by the bed, and every alert says so', async () => {
    const bed = wards.fresh()
    const text = (who: object) =>
      JSON.stringify({ ...who, unit: 'ICU', bed: '7', time: T0, complete: true, values: { hr: 0 } })
    const given = [text({}), text({ patient: 'p-1' })].map((line) => decodeReading(line, channelTable()).reading!)
    await bed.give(given)
    expect(bed.bodies('asystole').map(({ subject }) => [subject.keyedBy, subject.patientKey])).toEqual([
      ['bed', 'bed:ICU/7'],
      ['patient', 'p-1'],
    ])
    expect(bed.bodies()[0]!.context.profile).toEqual({ name: 'adult', assumed: true })
  })

  it('10. a new patient at a bed resets the hidden state: the same bytes as in a bed that was never used', async () => {
    const own = seconds(200, 300)
    const fresh = wards.fresh()
    await fresh.give([act(200, { action: 'admit', encounter: 'b' }), ...own])
    const used = wards.fresh()
    await used.give([
      act(0, { action: 'admit', encounter: 'a' }),
      ...seconds(0, 100, { hr: 120, pulse: 121, spo2: 84, resp: 30 }),
    ])
    await used.give([act(200, { action: 'admit', encounter: 'b' })])
    expect(phases(used.bodies('spo2-low')).at(-1)).toBe('reset')
    await used.give(own)
    expect(JSON.stringify(used.frames.slice(100))).toBe(JSON.stringify(fresh.frames))
  })

  it('11. an acknowledgement never deletes: the alert stands, is sent again, and an escalation calls again', async () => {
    const bed = wards.fresh()
    await bed.give(seconds(0, 70, { ...calm, hr: 30 }))
    const { alertId } = bed.bodies('hr-low')[0]!
    await bed.give([act(69, { action: 'ack', alertId })])
    expect(bed.bodies('hr-low').at(-1)).toMatchObject({
      phase: 'update',
      state: 'active',
      signal: { call: 'acknowledged', ack: true, ackBy: 'nurse-7', ackAt: T0 + 69_000 },
    })
    await bed.give(seconds(70, 400, { ...calm, hr: 30 }))
    expect(bed.bodies('hr-low').at(-1)).toMatchObject({
      alertId,
      phase: 'continue',
      state: 'active',
      signal: { call: 'acknowledged' },
    })
    const { open } = advance(CONTEXT, NO_ALERTS, [condition({ priority: 'low' })], T0)
    const acked = acknowledge(CONTEXT, open, open[0]!.alertId, { deed: 'ack', by: 'nurse-7', at: T0 }, T0)
    const [worse] = advance(CONTEXT, acked.open, [condition({ priority: 'high' })], T0 + 1000).bodies
    expect([acked.bodies[0]!.signal.call, worse!.phase, worse!.signal.ack, worse!.signal.call]).toEqual([
      'acknowledged',
      'escalate',
      false,
      'now',
    ])
    await bed.give(seconds(400, 440))
    expect(bed.bodies('hr-low').at(-1)).toMatchObject({ alertId, phase: 'end', signal: { ack: true } })
  })

  it('12. a body is recomputed byte for byte from the state before its first frame and what came since', async () => {
    const bed = wards.fresh()
    await bed.give(seconds(0, 80))
    const { record } = bed.ward.state.save(KEY)!
    const jump = { hr: 130, pulse: 130, spo2: 84, resp: 32 }
    const trace = Array.from({ length: 200 }, (_, i) => second(80 + i, i % 14 < 7 ? jump : calm))
    await bed.give(trace)
    const again = wards.fresh({ offset: 80 })
    again.ward.state.load(KEY, record, { source: 'test', partition: 0, layouts: new Map(), now: 0 })
    await again.give(trace)
    expect(bed.bodies('unexpected').length).toBeGreaterThan(0)
    expect(again.bodies().map(bodyLine)).toEqual(bed.bodies().map(bodyLine))
  })

  it('13. limits run beside the model, which cannot silence them; only bad, impossible and out-of-range values are exempt', async () => {
    const cold = wards.fresh()
    const warm = wards.fresh()
    await cold.give(seconds(100, 120, low))
    await warm.give([...seconds(0, 100), ...seconds(100, 120, low)])
    const what = (it: typeof cold) =>
      it.bodies('spo2-low').map(({ phase, code, times, label }) => ({ phase, code, times, label }))
    expect(what(warm)).toEqual(what(cold))
    expect(what(warm)).toHaveLength(1)
    // asystole: 0 with a good status, at once, and whatever is muted
    await warm.give([act(120, { action: 'mute', until: T0 + 600_000 }), second(121, { ...calm, hr: 0 })])
    expect(warm.bodies('asystole')).toMatchObject([
      { phase: 'start', priority: 'high', signal: { call: 'now', latching: true } },
    ])
    const exempt = wards.fresh()
    const pressures = { abp_sys: 80, abp_mean: 90, abp_dia: 60 }
    await exempt.give([
      ...seconds(0, 20, { hr: 0 }, { status: 'questionable' }),
      ...seconds(20, 60, { ...calm, ...pressures }),
    ])
    // what contradicts itself is said to do so, and alarms no limit
    expect(exempt.bodies().filter(({ kind }) => kind !== 'technical')).toEqual([])
    expect(exempt.bodies().map(({ code }) => code)).toContain('abp-contradiction')
  })

  it('14. nothing suppresses by ratio: SpO2 97 to 80 is within a fifth of what was expected, and alarms', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 91, max: 100 }), fc.integer({ min: 0, max: 89 }), async (before, after) => {
        const bed = wards.fresh()
        await bed.give([...seconds(0, 80, { ...calm, spo2: before }), ...seconds(80, 100, { ...calm, spo2: after })])
        expect(bed.bodies('spo2-low')[0]).toMatchObject({ phase: 'start', priority: 'high', signal: { call: 'now' } })
      }),
      { numRuns: 20, examples: [[97, 80]] },
    )
  })
})
