import { random } from '../../random.ts'
import { optimiser, update } from '../adamw.ts'
import { type ThroughChunk, throughChunk, zeroState } from '../bptt.ts'
import { firstWeights, type NetworkShape, parameterArrays, parameterShapes, weightsOf } from '../network.ts'

/** What is trained for a moment: the size of the shipped networks, on chunks short enough for the slowest engine. */
const SHAPE: NetworkShape = { features: 16, hidden: 64, layers: 2, channels: 4, horizons: 3 }
const LANES = 64
const STEPS = 16

/** Whole updates a second of the engine at hand, on noise, after one that warms it up. */
export async function updatesPerSecond(milliseconds: number): Promise<number> {
  const once = trainOnNoise(SHAPE, LANES, STEPS)
  await once()
  const from = performance.now()
  let done = 0
  do {
    await once()
    done++
  } while (performance.now() - from < milliseconds)
  return (1000 * done) / (performance.now() - from)
}

/** A network that is trained on noise: every call is one whole update, forward, back and optimiser. */
export function trainOnNoise(
  shape: NetworkShape,
  lanes: number,
  steps: number,
  through: ThroughChunk = throughChunk,
): () => Promise<void> {
  const rng = random(1)
  const state = optimiser(parameterArrays(firstWeights(shape, rng, 0)))
  const matrix = parameterShapes(shape).map((dims) => dims.length === 2)
  const x = Float32Array.from({ length: steps * lanes * shape.features }, () => rng.normal())
  return async () => {
    const weights = weightsOf(shape, state.parameters)
    const { gradients } = await through(shape, weights, x, lanes, zeroState(shape, lanes), (outputs) =>
      outputs.map((value) => value / outputs.length),
    )
    update(state, gradients, matrix, 1e-3, { weightDecay: 1e-4, clipNorm: 1, averaging: 0.999 })
  }
}
