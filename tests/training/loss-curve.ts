import { random } from '../../src/random.ts'
import { optimiser, update } from '../../src/training/adamw.ts'
import { throughChunk, zeroState } from '../../src/training/bptt.ts'
import { openTrainingEngine, type TrainingEngineName } from '../../src/training/engine.ts'
import {
  firstWeights,
  type NetworkShape,
  parameterArrays,
  parameterShapes,
  weightsOf,
} from '../../src/training/network.ts'

/** The seed's loss curve: a network learns the next value of swings of its own, chunk by chunk with the state carried. */
export async function lossCurve(
  engine: TrainingEngineName,
  shape: NetworkShape,
  { lanes, steps, updates }: { lanes: number; steps: number; updates: number },
): Promise<number[]> {
  await openTrainingEngine(engine)
  const rng = random(11)
  const state = optimiser(parameterArrays(firstWeights(shape, rng, -1)))
  const matrix = parameterShapes(shape).map((dims) => dims.length === 2)
  const phases = Float64Array.from({ length: lanes }, () => 6 * rng.uniform())
  const outputs = 2 * shape.horizons * shape.channels
  let carried = zeroState(shape, lanes)
  const losses: number[] = []
  for (let done = 0; done < updates; done++) {
    const value = (t: number, lane: number) => Math.sin(0.4 * (done * steps + t) + phases[lane]!)
    const rows = Array.from({ length: steps * lanes }, (_, row) => [Math.floor(row / lanes), row % lanes] as const)
    const x = Float32Array.from(rows.flatMap(([t, b]) => new Array<number>(shape.features).fill(value(t, b))))
    const wanted = Float32Array.from(rows.flatMap(([t, b]) => new Array<number>(outputs).fill(value(t + 1, b))))
    let loss = 0
    const weights = weightsOf(shape, state.parameters)
    const result = await throughChunk(shape, weights, x, lanes, carried, (found) => {
      const gradient = found.map((output, i) => output - wanted[i]!)
      loss = gradient.reduce((sum, off) => sum + off * off, 0) / found.length
      return gradient.map((off) => (2 * off) / found.length)
    })
    carried = result.state
    losses.push(loss)
    update(state, result.gradients, matrix, 1e-2, { weightDecay: 1e-3, clipNorm: 1, averaging: 0.99 })
  }
  return losses
}
