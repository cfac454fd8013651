import { expect, test } from 'vitest'
import { fromNowOn } from '../../src/app/from-now-on.ts'
import type { Output, Sink } from '../../src/stream/ports.ts'
import { alertOf, PATIENTS, START } from '../dashboard/testward.ts'

test('what happened before is history, of alerts and of the journal; everything else is passed on', async () => {
  const seen: Output[] = []
  let closed = false
  const sink: Sink = {
    name: 'seen',
    async deliver(outputs) {
      seen.push(...outputs)
    },
    async close() {
      closed = true
    },
  }
  const at = (event: number) =>
    alertOf(PATIENTS[0]!, { id: event, times: { event: START + event, onset: START, detected: START } })
  const entry = (time: number) =>
    ({
      kind: 'journal',
      entry: { kind: 'journal', entry: 'discharge', patientKey: 'p', at: START + time, afterOffset: 0 },
    }) as unknown as Output
  const news = fromNowOn(sink, START + 100)
  await news.deliver([at(99), at(100), entry(99), entry(100)])
  expect(seen).toEqual([at(100), entry(100)])
  await news.close()
  expect(closed).toBe(true)
})
