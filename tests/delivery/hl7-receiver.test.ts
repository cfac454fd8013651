import { Hl7Message } from '@medplum/core'
import * as fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { hl7Receiver } from '../../src/delivery/hl7-receiver.ts'
import { parseMessage } from '../../src/hl7/message.ts'
import { alertMessage } from '../../src/hl7/r40.ts'
import { Phase, Priority } from '../../src/vitals/alert.ts'
import { alert, mllpReceiver } from './receivers.ts'

const never = new AbortController().signal
const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function pair(answer: Parameters<typeof mllpReceiver>[0], timeoutMs = 2000) {
  const receiver = await mllpReceiver(answer)
  const sink = hl7Receiver({ name: 'engine', host: '127.0.0.1', port: receiver.port, caFile: undefined, timeoutMs })
  closing.push(() => sink.close(), receiver.close)
  return { receiver, sink }
}

test('an alert is an ORU^R40 whose facets say what, how urgent, in which phase, of which value', () => {
  const sent = alert('p-1', 3, { phase: 'escalate', priority: 'high', kind: 'physiological', code: 'spo2-low' })
  const message = Hl7Message.parse(alertMessage(sent, 'C-1', Date.UTC(2026, 0, 5, 12, 5)))
  const text = (segment: string, field: number) => message.getSegment(segment)!.getField(field)?.toString()
  expect(text('MSH', 9)).toBe('ORU^R40^ORU_R40')
  expect(text('MSH', 11)).toBe('P')
  expect(text('PID', 3)).toBe('p-1^^^VIGIL^PI')
  expect(text('PV1', 3)).toBe('ICU^^7')
  expect(text('OBR', 3)).toBe(`${sent.body.eventId}^VIGIL`)
  expect(text('OBR', 29)).toBe(`${sent.body.alertId}^VIGIL`)
  const obx = message
    .getAllSegments('OBX')
    .map((it) => [it.getField(3)?.toString(), it.getField(5)?.toString(), it.getField(8)?.toString()])
  expect(obx).toEqual([
    ['196616^MDC_EVT_ALARM^MDC', 'spo2-low^SpO2 88 %, expected 94 to 98 %, since 12:04:10^99VIGIL', 'A~PH~SP'],
    ['150456^spo2^MDC', '88', ''],
    ['68481^MDC_ATTR_EVENT_PHASE^MDC', 'escalate', ''],
    ['68482^MDC_ATTR_ALARM_STATE^MDC', 'active', ''],
    ['68483^MDC_ATTR_ALARM_INACTIVATION_STATE^MDC', 'enabled', ''],
  ])
})

test('whatever stands in an alert, the message can be taken apart again', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Phase.options),
      fc.constantFrom(...Priority.options),
      fc.string({ minLength: 1, maxLength: 80 }),
      fc.string({ maxLength: 20 }),
      (phase, priority, label, bed) => {
        const sent = alert('p-1', 0, {
          phase,
          priority,
          label,
          subject: { patientKey: 'p|1^2', keyedBy: 'patient', unit: 'A&B', bed },
        })
        const parsed = parseMessage(alertMessage(sent, 'C-1', 0))
        expect(parsed).not.toHaveProperty('malformed')
        expect('segments' in parsed && parsed.segments.map(({ name }) => name)).toEqual([
          'MSH',
          'PID',
          'PV1',
          'OBR',
          'OBX',
          'OBX',
          'OBX',
          'OBX',
          'OBX',
          'NTE',
          'NTE',
        ])
      },
    ),
  )
})

test('a test alert is no production, a bed without a patient names none', () => {
  const sent = {
    ...alert('bed:ICU/7', 0, { subject: { patientKey: 'bed:ICU/7', keyedBy: 'bed', unit: 'ICU', bed: '7' } }),
    mode: 'test' as const,
  }
  const message = Hl7Message.parse(alertMessage(sent, 'C-1', 0))
  expect(message.getSegment('MSH')!.getField(11)?.toString()).toBe('D')
  expect(message.getSegment('PID')!.getField(3)?.toString()).toBe('')
})

test('messages go one after the other on one connection, each acknowledged', async () => {
  const { receiver, sink } = await pair(() => 'AA')
  const outcomes = await Promise.all(Array.from({ length: 10 }, (_, n) => sink.deliver(alert('p-1', n), never)))
  expect(outcomes).toEqual(Array(10).fill(undefined))
  expect(
    receiver.taken.map(
      (it) =>
        it
          .split('\r')
          .find((line) => line.startsWith('OBR'))!
          .split('|')[3],
    ),
  ).toEqual(Array.from({ length: 10 }, (_, n) => `${alert('p-1', n).body.eventId}^VIGIL`))
})

test.each([
  ['AE', 'AE'],
  ['CE', 'CE'],
  ['silence', 'did not acknowledge'],
  ['hang-up', 'closed the connection'],
])('%s: it may be taken later, by the same id on a new connection', async (answer, why) => {
  const { receiver, sink } = await pair((_, nth) => (nth === 0 ? answer : 'CA'), 300)
  await expect(sink.deliver(alert('p-1', 0), never)).rejects.toMatchObject({
    code: 'sink-failed',
    retriable: true,
    message: expect.stringContaining(why),
  })
  expect(await sink.deliver(alert('p-1', 0), never)).toBeUndefined()
  expect(receiver.taken).toHaveLength(1)
})

test.each(['AR', 'CR'])('%s: it is refused for good', async (answer) => {
  const { sink } = await pair(() => answer)
  expect(await sink.deliver(alert('p-1', 0), never)).toEqual({ answer: `${answer} 102` })
})

test('an end in the middle ends it', async () => {
  const { sink } = await pair(() => 'silence')
  const end = new AbortController()
  const delivering = sink.deliver(alert('p-1', 0), end.signal)
  setTimeout(() => end.abort(), 50)
  await expect(delivering).rejects.toThrow()
})
