import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline as streamPipeline } from 'node:stream/promises'
import { lastValueFrom } from 'rxjs'
import { ndjsonFile } from '../alerts/sinks/ndjson-file.ts'
import { openWard } from '../app.ts'
import { withClosing } from '../closing.ts'
import { fileBytes } from '../ingest/bytes.ts'
import { lineBatches, lineText } from '../ingest/ndjson.ts'
import { replaySource } from '../ingest/recordings.ts'
import type { Log } from '../log.ts'
import { prometheusTelemetry } from '../metrics/telemetry.ts'
import { pipeline } from '../stream/pipeline.ts'
import { type ChannelTable, channelTable } from '../vitals/channels.ts'
import type { Reading } from '../vitals/reading.ts'
import type { Settings } from '../vitals/settings.ts'
import { alertCounter } from './alert-counter.ts'
import { walkingPatients } from './readings.ts'
import { scratch } from './scratch.ts'
import { type RanWard, ranWard } from './shape.ts'

export interface ReplayBench extends RanWard {
  readonly beds: number
  readonly hours: number
  readonly cadenceSeconds: number
  readonly seconds: number
  /** ward hours over wall hours */
  readonly speedup: number
  readonly readings: number
  readonly alertEvents: number
  /** the bare anchor: the same file split into lines and parsed as JSON, nothing else, in the same run */
  readonly bareSeconds: number
}

/** A recorded ward on disk (NDJSON, one line a bed and cadence) through the serving pipeline, alerts written to a file. */
export function benchReplay(
  settings: Settings,
  log: Log,
  { beds, hours, cadenceSeconds }: Pick<ReplayBench, 'beds' | 'hours' | 'cadenceSeconds'>,
): Promise<ReplayBench> {
  return withClosing(async (atEnd) => {
    const folder = await scratch('replay', atEnd)
    const file = join(folder, 'ward.ndjson')
    const ticks = Math.max(1, Math.round((hours * 3600) / cadenceSeconds))
    await streamPipeline(Readable.from(lines(channelTable(), beds, ticks, cadenceSeconds)), createWriteStream(file))
    const bareSeconds = await parseOnly(file)
    const telemetry = prometheusTelemetry()
    const served = await openWard({ settings, telemetry, log, unpaced: true })
    atEnd(() => served.close())
    const alerts = await ndjsonFile(join(folder, 'alerts.ndjson'), { fresh: true })
    atEnd(() => alerts.close())
    const counter = alertCounter()
    const began = performance.now()
    const flushes = pipeline(
      replaySource([file], { table: served.table, batch: settings.inference.maxBatch }),
      served.ward,
      {
        sinks: [alerts, counter],
        telemetry,
        maxBatch: settings.inference.maxBatch,
        maxWaitMs: 0,
        unpaced: true,
        signalLostSeconds: undefined,
        now: Date.now,
      },
    )
    await lastValueFrom(flushes)
    const wall = (performance.now() - began) / 1000
    return {
      beds,
      hours,
      cadenceSeconds,
      seconds: Number(wall.toFixed(2)),
      speedup: Math.round((hours * 3600) / wall),
      readings: beds * ticks,
      alertEvents: counter.events,
      bareSeconds: Number(bareSeconds.toFixed(2)),
      ...ranWard(served, settings),
    }
  })
}

async function parseOnly(file: string): Promise<number> {
  const began = performance.now()
  for await (const batch of lineBatches(fileBytes(file)))
    for (let i = 0; i < batch.numbers.length; i++) JSON.parse(lineText(batch, i)!)
  return (performance.now() - began) / 1000
}

function* lines(table: ChannelTable, beds: number, ticks: number, cadenceSeconds: number): Generator<string> {
  const walk = walkingPatients(table, beds)
  for (let tick = 0; tick < ticks; tick++) {
    let text = ''
    for (let bed = 0; bed < beds; bed++) text += wireLine(table, walk(bed, tick * cadenceSeconds))
    yield text
  }
}

function wireLine(table: ChannelTable, reading: Reading): string {
  const values = Object.fromEntries(
    reading.channels.map((index, i) => [table.channels[index]!.name, reading.values[i]]),
  )
  return `${JSON.stringify({ patient: reading.patientKey, time: reading.time, complete: true, values })}\n`
}
