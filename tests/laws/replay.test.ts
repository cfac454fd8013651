import { fileURLToPath } from 'node:url'
import { lastValueFrom } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bodyLine } from '../../src/alerts/body.ts'
import { findRecordings } from '../../src/ingest/find-recordings.ts'
import { replaySource, timedSource } from '../../src/ingest/recordings.ts'
import { pipeline } from '../../src/stream/pipeline.ts'
import type { Source } from '../../src/stream/ports.ts'
import { AlertBody } from '../../src/vitals/alert.ts'
import { channelTable } from '../../src/vitals/channels.ts'
import { bedKey } from '../../src/vitals/reading.ts'
import { FrameReport } from '../../src/vitals/report.ts'
import { Settings } from '../../src/vitals/settings.ts'
import { reading } from '../stream/reading.ts'
import { countingTelemetry, realWard } from '../stream/real-ward.ts'

const EXAMPLES = fileURLToPath(new URL('../../examples/recordings/', import.meta.url))
const recordings = (await findRecordings([EXAMPLES])).filter((path) => path.includes('bidmc'))

/** Tight limits, so that every recording has alerts to compare. */
const eager = Settings.parse({ limits: { adult: { hr: { high: 80 }, resp: { high: 15 }, spo2: { low: 98 } } } })

/** What a replay says: alert bodies and frames, as they would stand in files. */
const replay = (paths: readonly string[], maxBatch = 64) =>
  said(replaySource(paths, { table: channelTable() }), maxBatch)

async function said(source: Source, maxBatch: number) {
  const bed = await realWard({ maxBatch, settings: eager })
  const { telemetry } = countingTelemetry()
  const alerts: string[] = []
  const sink = {
    name: 'lines',
    async deliver(outputs: readonly Parameters<typeof collect>[0][]) {
      for (const output of outputs) collect(output)
    },
    async close() {},
  }
  function collect(output: (typeof bed.outputs)[number]) {
    if (output.kind === 'alert') alerts.push(bodyLine(output.envelope.body))
  }
  const options = {
    sinks: [sink],
    telemetry,
    maxBatch,
    maxWaitMs: 0,
    unpaced: true,
    signalLostSeconds: undefined,
    now: Date.now,
  }
  await lastValueFrom(pipeline(source, bed.ward, options))
  await bed.close()
  return { alerts, frames: bed.frames.map((frame) => JSON.stringify(frame)) }
}

const of = (key: string, lines: readonly string[]) => lines.filter((line) => line.includes(`"patientKey":"${key}"`))

describe('a replay', () => {
  it('gives the same bytes twice: every alert body and every score', async () => {
    const [once, again] = [await replay(recordings), await replay(recordings)]
    expect(once.alerts.length).toBeGreaterThan(10)
    expect(again.alerts.join('')).toBe(once.alerts.join(''))
    expect(again.frames).toEqual(once.frames)
    for (const line of once.frames) FrameReport.parse(JSON.parse(line))
    for (const line of once.alerts) AlertBody.parse(JSON.parse(line))
  })

  it("gives a patient the same bytes alone as among others: nobody's scores depend on who shares the batch", async () => {
    const all = await replay(recordings)
    for (const [i, key] of [
      [0, 'bidmc_05'],
      [4, 'bidmc_34'],
    ] as const) {
      const alone = await replay([recordings[i]!], 7)
      expect(alone.frames).toEqual(of(key, all.frames))
      expect(alone.alerts).toEqual(of(key, all.alerts))
      expect(alone.frames).toHaveLength(481)
    }
  })

  it('says it in one order, whatever the disk does, of beds that report when they like', async () => {
    // three beds: one each second, one in bursts of three after three, one every other second
    const inputs = Array.from({ length: 900 }, (_, s) => [
      at('1', s),
      ...(s % 3 === 2 ? [at('2', s - 2), at('2', s - 1), at('2', s)] : []),
      ...(s % 2 === 0 ? [at('3', s)] : []),
    ]).flat()
    const from = (slow: (batch: number) => boolean) =>
      timedSource('replay', async function* () {
        for (let i = 0; i < inputs.length; i += 16) {
          if (slow(i / 16)) await new Promise((resolve) => setTimeout(resolve, 2))
          const part = inputs.slice(i, i + 16)
          yield { times: part.map(({ time }) => time), inputs: part }
        }
      })
    const quick = await said(
      from(() => false),
      16,
    )
    expect(quick.alerts.length).toBeGreaterThan(3)
    for (const slow of [() => true, (i: number) => i % 5 === 0, (i: number) => i % 7 < 3])
      expect(await said(from(slow), 16)).toEqual(quick)
  })
})

const at = (bed: string, s: number) =>
  reading({ time: Date.UTC(2026, 0, 1) + s * 1000, values: { hr: 70 + (s % 60), spo2: 97 }, complete: true, patientKey: bedKey('ICU', bed) }) // biome-ignore format: one reading
