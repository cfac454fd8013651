// One seed of one record in a thread of its own: train, step, hand back the mean of its networks' forecasts.
import { parentPort, workerData } from 'node:worker_threads'
import { openTrainingEngine, type TrainingEngineName } from '../training/engine.ts'
import { fitEcg, forecastEcg } from './ecg-network.ts'

/** What a worker is started with. */
export interface EcgWork {
  /** [N] normalised samples of the whole record */
  readonly z: Float32Array
  /** how many of them, at the start, are trained on */
  readonly trained: number
  readonly seed: number
  readonly engine: TrainingEngineName
}

const { z, trained, seed, engine } = workerData as EcgWork
await openTrainingEngine(engine)
const networks = await fitEcg(z.subarray(0, trained), seed)
const mean = new Float32Array(z.length)
for (const weights of networks) {
  const forecasts = await forecastEcg(weights, z)
  for (let t = 0; t < mean.length; t++) mean[t]! += forecasts[t]! / networks.length
}
parentPort!.postMessage(mean, [mean.buffer])
