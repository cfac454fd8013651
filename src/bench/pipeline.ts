import { lastValueFrom, Observable } from 'rxjs'
import { openWard, type Served } from '../app.ts'
import { withClosing } from '../closing.ts'
import type { Log } from '../log.ts'
import { prometheusTelemetry } from '../metrics/telemetry.ts'
import { pipeline } from '../stream/pipeline.ts'
import type { InputBatch, Source, Telemetry } from '../stream/ports.ts'
import type { Reading } from '../vitals/reading.ts'
import type { Settings } from '../vitals/settings.ts'
import { alertCounter } from './alert-counter.ts'
import { walkingPatients } from './readings.ts'
import { type RanWard, ranWard } from './shape.ts'

export interface PipelineBench extends RanWard {
  readonly readings: number
  readonly patients: number
  /** seconds of the stream: readings of each patient */
  readonly seconds: number
  readonly readingsPerSecond: number
  /** from the moment a reading is handed over to the moment all it caused is delivered, at that load */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly alertEvents: number
  /** the bare anchor: the step engine alone, in its worker, on full batches, in the same run */
  readonly bareStepsPerSecond: number
}

/** Decoded readings in memory -> alerts, as fast as the pipeline takes them. */
export function benchPipeline(settings: Settings, log: Log, patients: number, seconds: number): Promise<PipelineBench> {
  return withClosing(async (atEnd) => {
    const telemetry = prometheusTelemetry()
    const served = await openWard({ settings, telemetry, log })
    atEnd(() => served.close())
    return { ...(await race(served, telemetry, settings, patients, seconds)), ...ranWard(served, settings) }
  })
}

async function race(
  served: Served,
  telemetry: Telemetry,
  settings: Settings,
  patients: number,
  seconds: number,
): Promise<Omit<PipelineBench, keyof RanWard>> {
  const batch = settings.inference.maxBatch
  const walk = walkingPatients(served.table, patients)
  const batches: Reading[][] = []
  for (let tick = 0; tick < seconds; tick++) {
    for (let from = 0; from < patients; from += batch) {
      const count = Math.min(batch, patients - from)
      batches.push(Array.from({ length: count }, (_, i) => walk(from + i, tick)))
    }
  }
  const bareStepsPerSecond = await bare(served, batch)
  const latencies: number[] = []
  const counter = alertCounter()
  const began = performance.now()
  const flushes = pipeline(memorySource(batches, latencies), served.ward, {
    sinks: [counter],
    telemetry,
    maxBatch: batch,
    maxWaitMs: settings.inference.maxWaitMs,
    signalLostSeconds: undefined,
    now: Date.now,
  })
  await lastValueFrom(flushes)
  const wall = (performance.now() - began) / 1000
  latencies.sort((a, b) => a - b)
  const readings = seconds * patients
  return {
    readings,
    patients,
    seconds,
    readingsPerSecond: Math.round(readings / wall),
    p50Ms: round(quantile(latencies, 0.5)),
    p99Ms: round(quantile(latencies, 0.99)),
    alertEvents: counter.events,
    bareStepsPerSecond,
  }
}

/** Batches from memory, at most two of them undone, each timed from hand-over to acknowledgement. */
function memorySource(batches: readonly (readonly Reading[])[], latencies: number[]): Source {
  return new Observable<InputBatch>((subscriber) => {
    let next = 0
    let undone = 0
    let offset = 0
    const feed = (): void => {
      while (undone < 2 && next < batches.length) {
        const inputs = batches[next++]!
        const offsets = Float64Array.from(inputs, () => offset++)
        const handed = performance.now()
        undone++
        subscriber.next({
          source: 'memory',
          partition: 0,
          inputs,
          offsets,
          done: () => {
            latencies.push(performance.now() - handed)
            undone--
            if (next === batches.length && undone === 0) subscriber.complete()
            else setImmediate(feed)
          },
        })
      }
    }
    feed()
  })
}

async function bare(served: Served, batch: number): Promise<number> {
  const { engine, manifest } = served.detectors[0]!
  const slots = Int32Array.from({ length: batch }, (_, i) => i)
  const x = new Float32Array(batch * manifest.graph.features)
  for (let i = 0; i < 5; i++) await engine.step(slots, x, batch)
  const rounds = 100
  const began = performance.now()
  for (let i = 0; i < rounds; i++) await engine.step(slots, x, batch)
  const rate = (rounds * batch) / ((performance.now() - began) / 1000)
  for (const slot of slots) engine.reset(slot)
  return Math.round(rate)
}

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0
const round = (value: number): number => Number(value.toFixed(3))
