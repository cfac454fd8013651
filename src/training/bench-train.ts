import { openTrainingEngine, type TrainingEngineName } from './engine.ts'
import { trainOnNoise } from './engines/probe.ts'
import type { NetworkShape } from './network.ts'
import { chunkThreads } from './threads/lanes-apart.ts'

export interface TrainBench {
  readonly engine: string
  readonly hidden: number
  readonly layers: number
  readonly features: number
  readonly batch: number
  readonly chunk: number
  readonly threads: number
  /** patient-timesteps per second: forward, back and update */
  readonly stepsPerSecond: number
}

export interface TrainBenchOptions {
  readonly engine: TrainingEngineName
  readonly hidden: number
  readonly layers: number
  readonly features: number
  readonly batch: number
  readonly chunk: number
  readonly threads: number
  /** how long to measure */
  readonly seconds: number
}

/** How fast this machine trains: whole updates on random input, the best of three windows after a warm-up. */
export async function benchTrain(options: TrainBenchOptions): Promise<TrainBench> {
  const engine = await openTrainingEngine(options.engine)
  const { hidden, layers, features, batch, chunk, threads } = options
  const shape: NetworkShape = { features, hidden, layers, channels: 4, horizons: 3 }
  const work = await chunkThreads(engine.name, threads)
  try {
    const once = trainOnNoise(shape, batch, chunk, work.through)
    await once()
    let best = 0
    for (let window = 0; window < 3; window++) {
      const from = performance.now()
      let updates = 0
      do {
        await once()
        updates++
      } while (performance.now() - from < (options.seconds * 1000) / 3)
      best = Math.max(best, (updates * batch * chunk * 1000) / (performance.now() - from))
    }
    return { engine: engine.name, hidden, layers, features, batch, chunk, threads, stepsPerSecond: Math.round(best) }
  } finally {
    await work.close()
  }
}
