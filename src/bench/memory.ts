import { openWard, type Served } from '../app.ts'
import { withClosing } from '../closing.ts'
import type { Log } from '../log.ts'
import { prometheusTelemetry } from '../metrics/telemetry.ts'
import type { InputBatch } from '../stream/ports.ts'
import { OK } from '../vitals/reading.ts'
import type { Settings } from '../vitals/settings.ts'
import { walkingPatients } from './readings.ts'
import { residentBytes } from './resident.ts'
import { type RanWard, ranWard } from './shape.ts'

export interface MemoryBench extends RanWard {
  readonly patients: number
  /** resident memory of the whole process after a collection */
  readonly rssBytes: number
  /** resident memory that the patients added, buffers included, over the patients */
  readonly bytesPerPatient: number
  /** resident memory before the first patient: Node, onnxruntime and the model */
  readonly idleRssBytes: number
  readonly framesPerPatient: number
  readonly openAlertEvents: number
}

/** The core channels beside those that walk, at typical values. */
const BESIDE: Readonly<Record<string, number>> = {
  abp_sys: 120,
  abp_dia: 70,
  abp_mean: 87,
  nibp_sys: 118,
  nibp_dia: 68,
  nibp_mean: 85,
  temp: 36.8,
  etco2: 38,
}

/** Resident memory of many patients: every core channel, so many frames each, one in a hundred with an open alert. */
export function benchMemory(
  settings: Settings,
  log: Log,
  flags: Pick<MemoryBench, 'patients' | 'framesPerPatient'>,
): Promise<MemoryBench> {
  return withClosing(async (atEnd) => {
    const served = await openWard({ settings, telemetry: prometheusTelemetry(), log })
    atEnd(() => served.close())
    return { ...(await fill(served, settings, flags)), ...ranWard(served, settings) }
  })
}

async function fill(
  served: Served,
  settings: Settings,
  { patients, framesPerPatient }: Pick<MemoryBench, 'patients' | 'framesPerPatient'>,
): Promise<Omit<MemoryBench, keyof RanWard>> {
  const { ward, table } = served
  const beside = Object.keys(BESIDE).map((name) => table.index.get(name)!)
  const typical = Object.values(BESIDE)
  const fine = typical.map(() => OK)
  const walk = walkingPatients(table, patients)
  const idleRssBytes = await residentBytes()
  const batch: InputBatch = { source: 'memory', partition: 0, inputs: [], offsets: [], done() {} }
  let openAlertEvents = 0
  for (let tick = 0; tick < framesPerPatient; tick++) {
    for (let patient = 0; patient < patients; patient++) {
      const walked = walk(patient, tick)
      const reading = {
        ...walked,
        channels: [...walked.channels, ...beside],
        values: [...walked.values, ...typical],
        statuses: [...walked.statuses, ...fine],
      }
      while (!ward.accept(reading, batch, tick, 0)) await ward.drain()
      if (patient % settings.inference.maxBatch === 0) await ward.drain()
    }
    await ward.drain()
    openAlertEvents += ward.takeOutputs().length
  }
  const rssBytes = await residentBytes()
  return {
    patients,
    rssBytes,
    bytesPerPatient: Math.round((rssBytes - idleRssBytes) / patients),
    idleRssBytes,
    framesPerPatient,
    openAlertEvents,
  }
}
