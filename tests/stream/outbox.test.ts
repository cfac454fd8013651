import { describe, expect, it } from 'vitest'
import { Outbox } from '../../src/stream/outbox.ts'
import { Sessions } from '../../src/stream/sessions.ts'
import { type AlertBody, LATE_MS } from '../../src/vitals/alert.ts'
import type { Mode } from '../../src/vitals/reading.ts'
import { countingTelemetry } from './real-ward.ts'

const TICK = Date.UTC(2026, 10, 26, 12)
const signal = { call: 'now' }
const body = { alertId: 'a', phase: 'start', state: 'active', times: { event: TICK }, signal } as AlertBody

/** The envelope of a message that is sent so long after its tick. */
function sent(mode: Mode, after: number) {
  const { telemetry } = countingTelemetry()
  const outbox = new Outbox({ telemetry, instance: 'test', now: () => TICK + after })
  outbox.alerts(new Sessions().open('p', mode, 'here', 0), [body], 7)
  const [output] = outbox.take()
  if (output?.kind !== 'alert') throw new Error('no alert came out')
  return output.envelope
}

describe('a message', () => {
  it('of a live patient that is sent long after its tick says how late it is', () => {
    expect(sent('live', LATE_MS + 1)).toMatchObject({ late: LATE_MS + 1, emitted: TICK + LATE_MS + 1 })
  })

  it('in time says nothing of it', () => {
    expect(sent('live', LATE_MS)).not.toHaveProperty('late')
    expect(sent('live', -5000)).not.toHaveProperty('late')
  })

  it('of a replay is never late: its times are of another day', () => {
    expect(sent('replay', 86_400_000)).not.toHaveProperty('late')
  })
})
