import { type InferenceSession, Tensor } from 'onnxruntime-node'
import { VigilError } from '../../errors.ts'
import { checkTensors, openSession, reason } from '../engine.ts'
import { type GraphShape, stateSize } from '../graph-shape.ts'
import { growGraph, readGraph, residentGraph, writeGraph } from './graphs.ts'

/** Rows are added by so many times as many, so that a ward that fills up seldom moves its state. */
const GROWTH = 2

/**
 * One model whose state [R, S] stays on the device: a step takes features there and brings forecasts back. Every run
 * gives a new state tensor, since onnxruntime's Node binding writes into no tensor that is on the device already; the
 * old one is disposed, and so its memory is the next one's. Never ask such a tensor for its data (onnxruntime ends the
 * process), and never dispose one after its session was released: `close` keeps that order.
 */
export class ResidentState {
  readonly #shape: GraphShape
  readonly #step: InferenceSession
  readonly #read: InferenceSession
  readonly #write: InferenceSession
  readonly #grow: InferenceSession
  #state: Tensor
  #rows = 0
  /** [B, 1] int64, and its low and high words */
  #slots = new BigInt64Array(0)
  #words = new Int32Array(0)

  private constructor(shape: GraphShape, sessions: readonly InferenceSession[]) {
    this.#shape = shape
    ;[this.#step, this.#read, this.#write, this.#grow] = sessions as [
      InferenceSession,
      InferenceSession,
      InferenceSession,
      InferenceSession,
    ]
    this.#state = new Tensor('float32', new Float32Array(0), [0, stateSize(shape)])
  }

  /**
   * Open a model on the device, with room for some rows.
   * @throws VigilError manifest-invalid, provider-unavailable (no adapter, an operator that it lacks, too many rows)
   */
  static async open(onnx: Uint8Array, shape: GraphShape, rows: number): Promise<ResidentState> {
    await checkGraph(onnx, shape)
    const sessions: InferenceSession[] = []
    try {
      const stays = { state_next: 'gpu-buffer' } as const
      const graphs = [
        [residentGraph(onnx, shape), { ...stays, forecast: 'cpu' }],
        [readGraph(shape), { rows: 'cpu' }],
        [writeGraph(shape), stays],
        [growGraph(shape), stays],
      ] as const
      for (const [graph, outputs] of graphs) sessions.push(await openSession(graph, 'webgpu', 1, outputs))
      const resident = new ResidentState(shape, sessions)
      await resident.#room(rows - 1)
      return resident
    } catch (error) {
      for (const session of sessions) await session.release()
      throw error
    }
  }

  /**
   * Advance these rows by one frame.
   * @param slots [>= count]
   * @param x [>= count * F]
   * @returns [count * O]
   */
  async step(slots: Int32Array, x: Float32Array, count: number): Promise<Float32Array> {
    const { features } = this.#shape
    await this.#room(most(slots, count))
    const { forecast, state_next } = await run(this.#step, {
      x: new Tensor('float32', x.subarray(0, count * features), [count, features]),
      state: this.#state,
      slots: this.#indices(slots, count),
    })
    this.#keep(state_next!)
    return forecast!.data as Float32Array
  }

  /** @returns [count * S]; every slot must have been stepped or written before */
  async read(slots: Int32Array, count: number): Promise<Float32Array> {
    await this.#room(most(slots, count))
    const { rows } = await run(this.#read, { state: this.#state, slots: this.#indices(slots, count) })
    return rows!.data as Float32Array
  }

  /** @param rows [>= count * S] */
  async write(slots: Int32Array, rows: Float32Array, count: number): Promise<void> {
    const size = stateSize(this.#shape)
    await this.#room(most(slots, count))
    const { state_next } = await run(this.#write, {
      state: this.#state,
      slots: this.#indices(slots, count),
      rows: new Tensor('float32', rows.subarray(0, count * size), [count, size]),
    })
    this.#keep(state_next!)
  }

  async close(): Promise<void> {
    this.#forget()
    for (const session of [this.#step, this.#read, this.#write, this.#grow]) await session.release()
  }

  /** Have a row for this slot, and for all before it; where twice as many do not fit, just so many. */
  async #room(slot: number): Promise<void> {
    if (slot < this.#rows) return
    const double = this.#rows * GROWTH
    if (slot + 1 < double) {
      try {
        return await this.#add(double)
      } catch {
        // it may still hold fewer
      }
    }
    await this.#add(slot + 1)
  }

  /** Zeros behind the rows that there are. @throws VigilError provider-unavailable, with the bytes asked for */
  async #add(rows: number): Promise<void> {
    const size = stateSize(this.#shape)
    const more = rows - this.#rows
    try {
      const zeros = new Tensor('float32', new Float32Array(more * size), [more, size])
      const { state_next } = await run(this.#grow, { state: this.#state, rows: zeros })
      this.#keep(state_next!)
    } catch (cause) {
      const mebibytes = Math.ceil((rows * size * Float32Array.BYTES_PER_ELEMENT) / 2 ** 20)
      const message = `webgpu: no room for ${rows} rows of ${size} floats, ${mebibytes} MiB in one buffer: ${reason(cause)}`
      throw new VigilError('provider-unavailable', message, { cause })
    }
    this.#rows = rows
  }

  #keep(state: Tensor): void {
    this.#forget()
    this.#state = state
  }

  #forget(): void {
    if (this.#state.location === 'gpu-buffer') this.#state.dispose()
  }

  /** Slots as the graphs index by: [B, 1] int64. A slot is never negative: its high word is 0. */
  #indices(slots: Int32Array, count: number): Tensor {
    if (this.#slots.length < count) {
      this.#slots = new BigInt64Array(2 * count)
      this.#words = new Int32Array(this.#slots.buffer)
    }
    for (let row = 0; row < count; row++) this.#words[2 * row] = slots[row]!
    return new Tensor('int64', this.#slots.subarray(0, count), [count, 1])
  }
}

/**
 * The bare anchor of benches: a model's graph alone, the same batch every time, its state left on the device from one run
 * to the next, and no row gathered or put back.
 */
export async function openBareDevice(
  onnx: Uint8Array,
  shape: GraphShape,
  x: Float32Array,
  batch: number,
): Promise<{ run(): Promise<void>; close(): Promise<void> }> {
  const session = await openSession(onnx, 'webgpu', 1, { state_out: 'gpu-buffer', forecast: 'cpu' })
  const size = stateSize(shape)
  const features = new Tensor('float32', x.subarray(0, batch * shape.features), [batch, shape.features])
  let state: Tensor = new Tensor('float32', new Float32Array(batch * size), [batch, size])
  const forget = () => {
    if (state.location === 'gpu-buffer') state.dispose()
  }
  return {
    async run() {
      const { state_out } = await run(session, { x: features, state_in: state })
      forget()
      state = state_out!
    },
    async close() {
      forget()
      await session.release()
    },
  }
}

async function run(session: InferenceSession, feeds: InferenceSession.FeedsType): Promise<InferenceSession.ReturnType> {
  try {
    return await session.run(feeds)
  } catch (cause) {
    throw new VigilError('engine-failed', `webgpu: ${reason(cause)}`, { cause })
  }
}

/** Whether the graph is what the manifest says, told by the CPU provider: opening there compiles nothing. */
async function checkGraph(onnx: Uint8Array, shape: GraphShape): Promise<void> {
  const session = await openSession(onnx, 'cpu', 1)
  try {
    checkTensors(session, shape)
  } finally {
    await session.release()
  }
}

function most(slots: Int32Array, count: number): number {
  let slot = 0
  for (let row = 0; row < count; row++) if (slots[row]! > slot) slot = slots[row]!
  return slot
}
