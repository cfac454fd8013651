import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeReading } from '../../src/ingest/decode-reading.ts'
import { SETTINGS } from '../../src/ingest/simulator/settings.ts'
import { simulatedInputs } from '../../src/ingest/simulator/ward.ts'
import { wireReading } from '../../src/ingest/wire-reading.ts'
import { channelTable } from '../../src/vitals/channels.ts'
import { OK, type Reading, STATUSES, WireReading } from '../../src/vitals/reading.ts'

const table = channelTable()

test('a simulated bed on the wire fits the contract, and is read again as it was', () => {
  const ward = { setting: SETTINGS.training, seed: 3, start: 1_760_000_000_000, hours: 0.5, beds: 1 }
  const inputs = [...simulatedInputs(ward, table)].flatMap((batch) => batch.inputs)
  let readings = 0
  for (const reading of inputs) {
    if (reading.kind !== 'reading') continue
    const wire = wireReading(reading, table, 'live')
    expect(WireReading.safeParse(wire).success).toBe(true)
    const decoded = decodeReading(JSON.stringify(wire), table)
    expect(decoded.rejections).toEqual([])
    expect(decoded.reading).toEqual({ ...reading, mode: 'live' })
    readings++
  }
  expect(readings).toBe(1800)
})

test('statuses, missing values and times of their own come through', () => {
  const value = fc.record({
    channel: fc.constantFrom('hr', 'spo2', 'nibp_sys'),
    value: fc.oneof(fc.constant(Number.NaN), fc.integer({ min: 60, max: 99 })),
    status: fc.nat(STATUSES.length - 1),
    ago: fc.nat(10_000),
  })
  fc.assert(
    fc.property(
      fc.uniqueArray(value, { selector: ({ channel }) => channel, minLength: 1 }),
      fc.boolean(),
      (all, own) => {
        const time = 1_760_000_000_000
        const reading: Reading = {
          kind: 'reading',
          patientKey: 'p',
          encounter: 'e',
          unit: undefined,
          bed: undefined,
          time,
          mode: 'test',
          complete: false,
          channels: all.map(({ channel }) => table.index.get(channel)!),
          values: all.map((it) => it.value),
          // a missing value is never `ok`: the decoder says so of one that claims it
          statuses: all.map((it) =>
            Number.isNaN(it.value) && it.status === OK ? STATUSES.indexOf('not-available') : it.status,
          ),
          times: own ? all.map(({ ago }) => time - ago) : undefined,
        }
        const { reading: again } = decodeReading(JSON.stringify(wireReading(reading, table)), table)
        const times = (it: Reading) => it.times ?? it.channels.map(() => it.time)
        expect({ ...again, times: times(again!) }).toEqual({ ...reading, times: times(reading) })
      },
    ),
  )
})
