import '../inference/no-telemetry.ts'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { builtFile } from '../built-file.ts'
import { VigilError } from '../errors.ts'
import type { TrainingEngineName } from '../training/engine.ts'
import { type EcgRecord, trainedSamples } from './ecg-record.ts'
import type { EcgWork } from './ecg-worker.ts'

/** First weights and windows of the networks whose forecasts are averaged. */
export const ECG_SEEDS = [1, 2, 3]

/** Mean and standard deviation of the first tenth take the whole record to z. An unreadable sample stays NaN. */
export function normalised(record: EcgRecord): Float32Array {
  const first = record.values.subarray(0, trainedSamples(record)).filter((value) => !Number.isNaN(value))
  const mean = first.reduce((sum, value) => sum + value / first.length, 0)
  const deviation = Math.sqrt(first.reduce((sum, value) => sum + (value - mean) ** 2 / first.length, 0))
  return Float32Array.from(record.values, (value) => (value - mean) / (deviation || 1))
}

/**
 * One-step forecasts of several records by our networks: for each record [N], number t made before sample t. Seeds of
 * records are trained and stepped side by side, one a core; the result does not depend on how many.
 * @throws VigilError training-failed, provider-unavailable, engine-failed
 */
export async function forecastRecords(
  records: readonly EcgRecord[],
  engine: TrainingEngineName,
  told: (line: string) => void,
): Promise<Float32Array[]> {
  const z = records.map(normalised)
  const work = records.flatMap((_, r) => ECG_SEEDS.map((seed) => ({ r, seed })))
  const means = z.map((samples) => new Float32Array(samples.length))
  const found = new Map<string, Float32Array>()
  let next = 0
  const lane = async (): Promise<void> => {
    for (let job = work[next++]; job !== undefined; job = work[next++]) {
      const { r, seed } = job
      const trained = trainedSamples(records[r]!)
      found.set(`${r} ${seed}`, await inWorker({ z: filled(z[r]!, trained), trained, seed, engine }))
      told(`${records[r]!.name}: seed ${seed} trained and stepped`)
    }
  }
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), work.length) }, lane))
  for (const { r, seed } of work) {
    const forecasts = found.get(`${r} ${seed}`)!
    for (let t = 0; t < forecasts.length; t++) means[r]![t]! += forecasts[t]! / ECG_SEEDS.length
  }
  return means
}

/** In the part that is trained on, an unreadable sample is taken as its predecessor; elsewhere it stays NaN and steps nothing. */
function filled(z: Float32Array, trained: number): Float32Array {
  const copy = z.slice()
  for (let t = 0; t < trained; t++) if (Number.isNaN(copy[t]!)) copy[t] = t === 0 ? 0 : copy[t - 1]!
  return copy
}

function inWorker(work: EcgWork): Promise<Float32Array> {
  const worker = new Worker(builtFile(import.meta.url, 'ecg-worker.js'), {
    workerData: work,
    execArgv: [],
    name: 'vigil-ecg',
  })
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', (cause) => reject(cause instanceof VigilError ? cause : failed(`${cause}`, cause)))
    worker.once('exit', (code) => reject(failed(`its thread ended with code ${code}`)))
  })
}

const failed = (why: string, cause?: unknown): VigilError =>
  new VigilError('training-failed', `the record's networks could not be trained: ${why}`, { cause })
