import { expect, test } from 'vitest'
import { Owned } from '../../src/kafka/owned.ts'
import { takeTransaction } from '../../src/kafka/transaction.ts'
import { Ward } from '../../src/stream/ward.ts'
import { channelTable } from '../../src/vitals/channels.ts'
import { Settings } from '../../src/vitals/settings.ts'
import { reading } from '../stream/reading.ts'
import { countingTelemetry } from '../stream/real-ward.ts'

const TOPIC = 'v.readings'
const T0 = Date.UTC(2026, 0, 1)

/** A ward of limits alone, whose patients belong to partitions. */
function limitsWard() {
  const ward = new Ward({
    table: channelTable([]),
    detectors: [],
    settings: Settings.parse({}),
    maxBatch: 8,
    telemetry: countingTelemetry().telemetry,
    tap: undefined,
    instance: 'test',
    partitioned: true,
    now: () => 0,
  })
  const give = async (partition: number, offset: number, second: number) => {
    const input = reading({ time: T0 + second * 1000, values: { hr: 70 }, complete: true })
    const batch = { source: TOPIC, partition, inputs: [input], offsets: [offset], done() {} }
    while (!ward.accept(input, batch, offset, 0)) await ward.drain()
    await ward.drain()
  }
  return { ward, give }
}

/** What a partition would commit of the ward's newest outputs. */
function committed(ward: Ward, partition: number, worked: number, before = 0) {
  const owned = new Owned(partition)
  owned.outputs = ward.takeOutputs().filter((it) => it.kind !== 'alert' && it.partition === partition)
  owned.worked.set(TOPIC, worked)
  owned.committed = new Map([[TOPIC, before]])
  const { records } = takeTransaction(owned, { prefix: 'v', state: ward.state, withAlerts: true, quota: 1 })
  const of = (topic: string) => records.filter((it) => it.topic === topic)
  return {
    letters: of('v.readings.dlq').length,
    states: of('v.state').filter(({ key }) => typeof key === 'string').length,
  }
}

test('a patient whose key came by another partition too: a dead letter there, once, and no state in the wrong changelog', async () => {
  const { ward, give } = limitsWard()
  await give(0, 0, 0)
  await give(1, 7, 1)
  expect(committed(ward, 1, 8)).toEqual({ letters: 1, states: 0 })
  // the state is still to be saved where it belongs
  expect(ward.state.unsaved(0).size).toBe(1)
  // the partition is worked again from before it, as after a restart, up to where it was committed
  await give(1, 7, 1)
  expect(committed(ward, 1, 8, 8)).toEqual({ letters: 0, states: 0 })
  expect(committed(ward, 0, 1)).toEqual({ letters: 0, states: 1 })
})
