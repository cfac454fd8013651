import { fileURLToPath } from 'node:url'
import { openModel } from '../../src/inference/model-store.ts'
import { openEngine } from '../../src/inference/open-engine.ts'
import { Detector } from '../../src/stream/detector.ts'
import type { FrameTap, Input, InputBatch, Output, StepEngine, Telemetry } from '../../src/stream/ports.ts'
import { Ward } from '../../src/stream/ward.ts'
import type { AlertBody } from '../../src/vitals/alert.ts'
import { type ChannelTable, channelTable } from '../../src/vitals/channels.ts'
import type { ModelManifest } from '../../src/vitals/manifest.ts'
import type { FrameReport } from '../../src/vitals/report.ts'
import { Settings } from '../../src/vitals/settings.ts'

export const MODELS = fileURLToPath(new URL('../../models/', import.meta.url))

/** Counts what the ward tells its metrics. */
export function countingTelemetry() {
  const counts = {
    readings: 0,
    frames: 0,
    alerts: 0,
    entries: [] as string[],
    modelFailures: { engine: 0, output: 0 },
    /** episodes that began, and those of them that called somebody */
    calls: { onsets: 0, called: 0 },
    rejected: new Map<string, number>(),
    queued: [] as [inputs: number, seconds: number][],
    sinkFailures: [] as boolean[],
  }
  const telemetry: Telemetry = {
    readings(n) {
      counts.readings += n
    },
    rejected: (reason, n) => void counts.rejected.set(reason, (counts.rejected.get(reason) ?? 0) + n),
    frames(n) {
      counts.frames += n
    },
    stepped() {},
    providerLost() {},
    modelFailed(_, cause, rows) {
      counts.modelFailures[cause] += rows
    },
    risks() {},
    alert({ phase, signal }) {
      counts.alerts++
      if (phase !== 'start') return
      counts.calls.onsets++
      if (signal.call === 'now') counts.calls.called++
    },
    entered: (entry) => void counts.entries.push(entry),
    watching() {},
    queued: (inputs, seconds) => void counts.queued.push([inputs, seconds]),
    sinkFailed: (_, retriable) => void counts.sinkFailures.push(retriable),
  }
  return { counts, telemetry }
}

interface WardGiven {
  maxBatch?: number
  settings?: Settings
  /** of the first input; 0 by default */
  offset?: number
  fallsBack?: boolean
}

/** A ward with the shipped model on a real engine, that remembers every frame and output. */
export async function realWard(options: WardGiven & { variant?: (manifest: ModelManifest) => ModelManifest } = {}) {
  const wards = await realWards(options.variant)
  return { ...wards.fresh(options), close: wards.close }
}

/** Wards one after the other on one engine: each takes the slots that the last one left behind. */
export async function realWards(variant: (manifest: ModelManifest) => ModelManifest = (manifest) => manifest) {
  const bundle = await openModel(MODELS, 'bedside')
  const manifest = variant(bundle.manifest)
  const table = channelTable(manifest.declares)
  const engine = await openEngine(bundle, { providers: ['cpu'], threads: 1, maxBatch: 64, inWorker: false })
  return {
    manifest,
    table,
    engine,
    fresh: (options: WardGiven = {}) => freshWard(manifest, table, engine, options),
    close: () => engine.close(),
  }
}

export function freshWard(
  manifest: ModelManifest,
  table: ChannelTable,
  engine: StepEngine,
  { maxBatch = 64, settings = Settings.parse({}), offset: first = 0, fallsBack = false }: WardGiven,
) {
  const { counts, telemetry } = countingTelemetry()
  const frames: FrameReport[] = []
  const watched: [string, string][] = []
  const tap: FrameTap = {
    wants: () => true,
    frames: (reports) => void frames.push(...reports),
    watchingChanged: (key, watching) => void watched.push([key, watching]),
    left() {},
  }
  const detector = new Detector(manifest, table, engine, maxBatch)
  const ward = new Ward({
    table,
    detectors: [detector],
    settings,
    maxBatch,
    telemetry,
    tap,
    instance: 'test',
    fallsBack,
    now: () => 0,
  })
  const outputs: Output[] = []
  let offset = first

  /** Put inputs in, in order, and score and step all that they close. */
  async function give(inputs: readonly Input[], arrived = 0): Promise<void> {
    const batch: InputBatch = { source: 'test', partition: 0, inputs, offsets: [], done() {} }
    for (const input of inputs) {
      while (!ward.accept(input, batch, offset, arrived)) await ward.drain()
      offset++
    }
    await ward.drain()
    outputs.push(...ward.takeOutputs())
  }

  return {
    ward,
    give,
    frames,
    outputs,
    counts,
    watched,
    manifest,
    bodies: (code?: string): AlertBody[] =>
      outputs.flatMap((it) =>
        it.kind === 'alert' && (code === undefined || it.envelope.body.code === code) ? [it.envelope.body] : [],
      ),
    refused: () => outputs.flatMap((it) => (it.kind === 'dead-letter' ? [it.rejection.reason] : [])),
  }
}
