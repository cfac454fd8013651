import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { openWard, type Served } from '../app.ts'
import { withClosing } from '../closing.ts'
import type { Log } from '../log.ts'
import { prometheusTelemetry } from '../metrics/telemetry.ts'
import type { InputBatch } from '../stream/ports.ts'
import { OK } from '../vitals/reading.ts'
import type { Settings } from '../vitals/settings.ts'
import { walkingPatients } from './readings.ts'
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

const CORE = [
  'hr',
  'pulse',
  'spo2',
  'resp',
  'abp_sys',
  'abp_dia',
  'abp_mean',
  'nibp_sys',
  'nibp_dia',
  'nibp_mean',
  'temp',
  'etco2',
]
const TYPICAL = [72, 72, 97, 16, 120, 70, 87, 118, 68, 85, 36.8, 38]
const FRAMES = 120

/** Resident memory of many patients: every core channel, 120 frames each, one in a hundred with an open alert. */
export function benchMemory(settings: Settings, log: Log, patients: number): Promise<MemoryBench> {
  return withClosing(async (atEnd) => {
    const served = await openWard({ settings, telemetry: prometheusTelemetry(), log })
    atEnd(() => served.close())
    return { ...(await fill(served, settings, patients)), ...ranWard(served, settings) }
  })
}

async function fill(served: Served, settings: Settings, patients: number): Promise<Omit<MemoryBench, keyof RanWard>> {
  const { ward, table } = served
  const channels = CORE.map((name) => table.index.get(name)!)
  const statuses = channels.map(() => OK)
  const walk = walkingPatients(table, patients)
  const idleRssBytes = resident()
  const batch: InputBatch = { source: 'memory', partition: 0, inputs: [], offsets: [], done() {} }
  let openAlertEvents = 0
  for (let tick = 0; tick < FRAMES; tick++) {
    for (let patient = 0; patient < patients; patient++) {
      const walked = walk(patient, tick)
      const values = [...walked.values, ...TYPICAL.slice(4)]
      const reading = { ...walked, channels, values, statuses }
      while (!ward.accept(reading, batch, tick, 0)) await ward.drain()
      if (patient % settings.inference.maxBatch === 0) await ward.drain()
    }
    await ward.drain()
    openAlertEvents += ward.takeOutputs().length
  }
  const rssBytes = resident()
  return {
    patients,
    rssBytes,
    bytesPerPatient: Math.round((rssBytes - idleRssBytes) / patients),
    idleRssBytes,
    framesPerPatient: FRAMES,
    openAlertEvents,
  }
}

/** Resident bytes after a full collection. */
function resident(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  return process.memoryUsage().rss
}
