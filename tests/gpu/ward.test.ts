import { expect, it } from 'vitest'
import { openModel } from '../../src/inference/model-store.ts'
import { type EngineEvent, openEngine } from '../../src/inference/open-engine.ts'
import { decodeState, type Layout, layoutOf } from '../../src/stream/state-record.ts'
import { bedside } from '../../src/training/recipes/bedside.ts'
import { channelTable } from '../../src/vitals/channels.ts'
import { reading } from '../stream/reading.ts'
import { freshWard, MODELS } from '../stream/real-ward.ts'

const T0 = Date.UTC(2026, 0, 1)
const BEDS = ['a', 'b', 'c', 'd', 'e']
const FROM = { source: 'test', partition: 0, layouts: new Map<string, Layout>(), now: 0 }

/** A reading of every bed in each of these seconds. */
const seconds = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => from + i).flatMap((second) =>
    BEDS.map((patientKey, bed) => {
      const values = { hr: 70 + 9 * bed + Math.sin(second / 3), spo2: 97 - bed, resp: 14 + bed, pulse: 70 + 9 * bed }
      return reading({ patientKey, time: T0 + 1000 * second, values, complete: true })
    }),
  )

it('patients go from a ward on the device to one on the processor and back, with the states they would have had', async () => {
  const bundle = await openModel(MODELS, 'bedside')
  const table = channelTable(bundle.manifest.declares)
  const events: EngineEvent[] = []
  const log = (event: EngineEvent) => void events.push(event)
  const open = (provider: string) =>
    openEngine(bundle, { providers: [provider], threads: 1, maxBatch: 64, inWorker: true, log })
  const [onDevice, onCpu, alone] = await Promise.all([open('webgpu'), open('cpu'), open('cpu')])
  const [device, cpu, whole] = [onDevice, onCpu, alone].map((engine) => freshWard(bundle.manifest, table, engine, {}))
  // the shipped model reproduces its golden steps on the device, which is said
  expect(events).toContainEqual(
    expect.objectContaining({ model: `bedside@${bedside.version}`, provider: 'webgpu', serves: true }),
  )
  expect(onDevice!.provider).toBe('webgpu')
  type Bed = NonNullable<typeof device>
  const handOver = async (from: Bed, to: Bed) => {
    await from.ward.state.fetch()
    const records = BEDS.map((key) => [key, from.ward.state.save(key)!.record] as const)
    to.ward.state.leave(0)
    for (const [key, record] of records) to.ward.state.load(key, record, FROM)
  }

  await device!.give(seconds(0, 20))
  expect(() => device!.ward.state.save('a')).toThrow('before it was fetched')
  await handOver(device!, cpu!)
  await cpu!.give(seconds(20, 40))
  await handOver(cpu!, device!)
  await device!.give(seconds(40, 60))
  await whole!.give(seconds(0, 60))

  await device!.ward.state.fetch()
  expect(whole!.ward.state.fetch()).toBeUndefined()
  const floatsOf = (bed: Bed, key: string) => {
    const { record } = bed.ward.state.save(key)!
    return decodeState(record, bed.ward.state.layouts.find(({ id }) => id === layoutOf(record))!).floats
  }
  for (const key of BEDS) {
    const [found, wanted] = [floatsOf(device!, key), floatsOf(whole!, key)]
    expect(wanted.some((value) => value !== 0)).toBe(true)
    expect(Math.max(...found.map((value, i) => Math.abs(value - wanted[i]!)))).toBeLessThan(1e-4)
  }
  expect(device!.counts.modelFailures).toEqual({ engine: 0, output: 0 })
  await Promise.all([onDevice, onCpu, alone].map((engine) => engine.close()))
  await expect(onDevice.step(Int32Array.of(0), new Float32Array(16), 1)).rejects.toMatchObject({
    code: 'engine-failed',
  })
})
