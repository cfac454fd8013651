import { openStepGraph } from '../inference/engine.ts'
import type { GraphShape } from '../inference/graph-shape.ts'
import { inProcessEngine } from '../inference/in-process.ts'
import { encodeModel } from '../onnx/proto.ts'
import { random } from '../random.ts'
import type { StepEngine } from '../stream/ports.ts'
import { chronoCell } from '../training/cells/named-cells.ts'
import type { NetworkShape, Weights } from '../training/network.ts'
import { stepGraph } from '../training/onnx/graph.ts'
import { calendar } from './nab-detector.ts'

const DAY_HARMONICS = 2
const SHAPE: NetworkShape = { features: 2 + 2 * (DAY_HARMONICS + 1), hidden: 16, layers: 1, channels: 1, horizons: 1 }
/** memories spread from one row to a day of five-minute rows */
const LONGEST_MEMORY = 300
export const NAB_SEED = 1

/**
 * The recurrent weights: drawn once from a seed, never from data. What is learnt, online, is the readout
 * (`nab-detector.ts`); the forget gates begin, and stay, spread over memories from a row to a day (chrono, Tallec and
 * Ollivier, arXiv 1804.11188).
 */
export function nabWeights(seed: number): Weights {
  const { features, hidden } = SHAPE
  const [kernel, bias] = chronoCell(features, hidden, LONGEST_MEMORY, random(seed)).parameters as [
    Float64Array,
    Float64Array,
  ]
  return {
    layers: [{ kernel: Float32Array.from(kernel), bias: Float32Array.from(bias) }],
    head: { kernel: new Float32Array(2 * hidden), bias: new Float32Array(2) },
  }
}

/** The LSTM of every series: one state row for each, stepped by onnxruntime as a bed is. */
export class NabNetwork {
  readonly hidden = SHAPE.hidden
  readonly #engine: StepEngine
  readonly #slots = Int32Array.of(0)
  readonly #x = new Float32Array(SHAPE.features)
  readonly #state = new Float32Array(2 * SHAPE.hidden)

  private constructor(engine: StepEngine) {
    this.#engine = engine
  }

  static async open(seed = NAB_SEED): Promise<NabNetwork> {
    const about = { name: 'nab', producer: 'vigil', metadata: {} }
    const onnx = encodeModel(stepGraph(SHAPE, nabWeights(seed), Float32Array.of(0.01), 'lstm-operator', about))
    const { features, hidden, layers } = SHAPE
    const shape: GraphShape = { features, hidden, layers, outputs: 2 }
    return new NabNetwork(
      inProcessEngine(await openStepGraph(onnx, shape, { provider: 'cpu', threads: 1, maxBatch: 1 })),
    )
  }

  /** A new series: its state is zero. */
  begin(slot: number): void {
    this.#slots[0] = slot
    this.#engine.reset(slot)
  }

  /** One row of the series begun last. @returns [H] its answer, float32 as doubles */
  async step(time: number, z: number, change: number): Promise<Float64Array> {
    this.#x[0] = z
    this.#x[1] = change
    this.#x.set(calendar(time, DAY_HARMONICS), 2)
    await this.#engine.step(this.#slots, this.#x, 1)
    this.#engine.readState(this.#slots[0]!, this.#state)
    return Float64Array.from(this.#state.subarray(0, SHAPE.hidden)) // h stands before c
  }

  close(): Promise<void> {
    return this.#engine.close()
  }
}
