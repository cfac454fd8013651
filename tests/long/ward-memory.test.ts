import { expect, test } from 'vitest'
import { openWard } from '../../src/app.ts'
import { walkingPatients } from '../../src/bench/readings.ts'
import { residentBytes } from '../../src/bench/resident.ts'
import { createLog } from '../../src/log.ts'
import type { InputBatch } from '../../src/stream/ports.ts'
import { Settings } from '../../src/vitals/settings.ts'
import { countingTelemetry } from '../stream/real-ward.ts'

const residentMiB = async () => (await residentBytes()) / 2 ** 20

/** Shifts of one patient after another in every bed: what is discharged must leave nothing behind. */
const BEDS = 1000
const HOURS = 2
const STAY_SECONDS = 900
const SETTLED_SECONDS = 1800
const SILENT_SECONDS = 30

test('a thousand beds, two hours, a new patient every quarter of an hour: memory stays flat', async () => {
  const { counts, telemetry } = countingTelemetry()
  const served = await openWard({ settings: Settings.parse({}), telemetry, log: createLog('warn') })
  const { ward, table } = served
  const walk = walkingPatients(table, BEDS)
  const batch: InputBatch = { source: 'long', partition: 0, inputs: [], offsets: [], done() {} }
  let offset = 0
  let settled = 0
  let now = 0
  const accept = async (input: Parameters<typeof ward.accept>[0]) => {
    while (!ward.accept(input, batch, offset, now)) await ward.drain()
    offset++
  }
  for (let second = 0; second < HOURS * 3600; second++) {
    const stay = Math.floor(second / STAY_SECONDS)
    now = second * 1000
    // what remains of those who left is forgotten by the wall clock
    if (second % 60 === 0) for (const entry of ward.silent(now, SILENT_SECONDS)) await accept(entry)
    for (let bed = 0; bed < BEDS; bed++) {
      const reading = walk(bed, second)
      const patientKey = `${reading.patientKey}-${stay}`
      if (second % STAY_SECONDS === STAY_SECONDS - 1) {
        await accept({ kind: 'journal', entry: 'discharge', patientKey, at: reading.time, afterOffset: offset })
      } else await accept({ ...reading, patientKey })
    }
    await ward.drain()
    ward.takeOutputs()
    counts.queued.length = 0
    if (second === SETTLED_SECONDS) settled = await residentMiB()
  }
  expect(counts.frames).toBeGreaterThan(BEDS * HOURS * 3500)
  expect(ward.watching).toEqual({ warming: 0, watching: 0, degraded: 0, blind: 0 })
  // one leaked session or row of every discharged patient, 6,000 of them after the settling, would be 24 MiB
  expect((await residentMiB()) - settled).toBeLessThan(16)
  await served.close()
})
