import { VigilError } from '../../errors.ts'
import type { StepEngine } from '../../stream/ports.ts'
import { stateSize } from '../graph-shape.ts'
import { checkFeatures } from '../in-process.ts'
import { SlotClaims } from '../slot-claims.ts'
import type { RowsEngine } from '../worker-engine.ts'
import type { WorkerStart } from '../worker-messages.ts'
import { DeviceProcess } from './device-process.ts'
import { InputLog } from './input-log.ts'
import { SlotSet } from './slot-set.ts'
import { ASK } from './wire.ts'

/** What became of a device that was lost. */
export interface Recovery {
  readonly reason: string
  /** patient-steps that the processor made again */
  readonly rows: number
  readonly seconds: number
  /** why the processor could not; the patients whose states are lost begin cold */
  readonly failed?: string
}

export interface WebgpuOptions {
  /** rows that the device holds from the beginning; it makes room for more as slots grow */
  readonly rows?: number
  /** a software driver plays the GPU: correct, slow, and given time accordingly */
  readonly software?: boolean
  /** a step that takes longer means that the device is lost, ms */
  readonly deadlineMs?: number
  /** told when the device is lost and the processor has taken over */
  readonly lost?: (recovery: Recovery) => void
  /** told of the process that holds the device, which tests end */
  readonly started?: (process: DeviceProcess) => void
}

/** A step of a GPU is a matter of milliseconds; a bed must not go unwatched for more than 5 s, recovery included. */
const DEADLINE_MS = 2000
const SOFTWARE_DEADLINE_MS = 60_000
/** Loading drivers and compiling shaders. */
const OPENING_MS = 60_000
const FIRST_ROWS = 1024
/** The processor makes up for the steps since the states were last known within about this time. */
const REPLAY_SECONDS = 2
const FEWEST_LOGGED = 4096
const MOST_LOGGED = 1 << 20
/** Bytes of states that go up or down in one request at most. */
const CHUNK_BYTES = 16 << 20

/**
 * A step engine whose states stay on a GPU, in a process of its own. Beside it stands the same model on the processor: its
 * rows are the states as they were last read from the device, and what was stepped since is kept as inputs. When the
 * device is lost (its process ends, does not answer in time, or says that it failed), the processor steps those inputs
 * again and goes on: no step fails, and no state is lost.
 */
class WebgpuEngine implements StepEngine {
  readonly stateSize: number
  readonly forecastSize: number
  readonly #features: number
  readonly #device: DeviceProcess
  readonly #cpu: RowsEngine
  readonly #log: InputLog
  readonly #deadlineMs: number
  readonly #options: WebgpuOptions
  readonly #claims = new SlotClaims()
  /** slots whose newest state is the device's alone; once it is lost: and could not be made again */
  readonly #ahead = new SlotSet()
  /** slots whose row on the processor was written and is not on the device yet */
  readonly #written = new SlotSet()
  /** rows written while the processor makes up for lost steps, [stateSize] each; undefined: it does not */
  #deferred: Map<number, Float32Array> | undefined
  #recovered: Promise<void> | undefined
  #failure: VigilError | undefined
  #inFlight: Promise<unknown> = Promise.resolve()
  #fetching: Promise<void> | undefined
  #closed = false

  constructor(device: DeviceProcess, cpu: RowsEngine, features: number, options: WebgpuOptions, logged: number) {
    this.#device = device
    this.#cpu = cpu
    this.#options = options
    this.stateSize = cpu.stateSize
    this.forecastSize = cpu.forecastSize
    this.#features = features
    this.#log = new InputLog(features, logged)
    this.#deadlineMs = options.deadlineMs ?? (options.software ? SOFTWARE_DEADLINE_MS : DEADLINE_MS)
    device.lost.then((error) => void this.#recover(error))
  }

  /** The device's, until it is lost. */
  get provider(): string {
    return this.#recovered === undefined ? 'webgpu' : 'cpu'
  }

  async step(slots: Int32Array, x: Float32Array, count: number): Promise<Float32Array> {
    if (this.#closed) throw new VigilError('engine-failed', 'the step engine is closed')
    checkFeatures(x, count, this.#features)
    this.#claims.claim(slots, count)
    const stepped = this.#stepped(slots, x, count)
    this.#inFlight = stepped.catch(() => {})
    try {
      return await stepped
    } finally {
      this.#claims.release()
    }
  }

  reset(slot: number): void {
    this.#put(slot, undefined)
  }

  writeState(slot: number, from: Float32Array): void {
    if (from.length !== this.stateSize)
      throw new VigilError('internal', `a state row has ${this.stateSize} floats, not ${from.length}`)
    this.#put(slot, from)
  }

  readState(slot: number, into: Float32Array): void {
    this.#claims.guard(slot)
    const deferred = this.#deferred?.get(slot)
    if (deferred !== undefined) into.set(deferred)
    else if (this.#ahead.has(slot))
      throw new VigilError('internal', `the state of slot ${slot} was read before it was fetched`)
    else this.#cpu.readState(slot, into)
  }

  fetchStates(): Promise<void> {
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined
    })
    return this.#fetching
  }

  async #fetch(): Promise<void> {
    if (this.#recovered === undefined) {
      try {
        await this.#bringDown()
        return
      } catch (error) {
        await this.#recover(error)
      }
    }
    await this.#recovered
    if (this.#ahead.size > 0) throw this.#failure
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#inFlight
    await this.#fetching?.catch(() => {})
    await this.#recovered
    await Promise.all([this.#device.close(), this.#cpu.close()])
  }

  async #stepped(slots: Int32Array, x: Float32Array, count: number): Promise<Float32Array> {
    if (this.#recovered === undefined) {
      try {
        // what is kept since the states were last known must not take the processor too long
        if (this.#log.rows > 0 && this.#log.rows + count > this.#log.limit) await this.#bringDown()
        await this.#bringUp()
        const inputs = x.subarray(0, count * this.#features)
        const asked = this.#ask(ASK.step, count, [slots.subarray(0, count), inputs])
        // while the device is at work
        this.#log.begin(slots, x, count)
        const forecast = await asked
        this.#log.stepped(count)
        for (let row = 0; row < count; row++) this.#ahead.add(slots[row]!)
        return forecast
      } catch (error) {
        await this.#recover(error)
      }
    }
    await this.#recovered
    if (this.#ahead.size > 0 && slots.subarray(0, count).some((slot) => this.#ahead.has(slot))) throw this.#failure
    return await this.#cpu.step(slots, x, count)
  }

  async #ask(what: 2 | 3 | 4, rows: number, parts: readonly ArrayBufferView[]): Promise<Float32Array> {
    const { buffer, byteOffset, byteLength } = await this.#device.ask(what, rows, parts, this.#deadlineMs)
    return new Float32Array(buffer, byteOffset, byteLength / Float32Array.BYTES_PER_ELEMENT)
  }

  #put(slot: number, from: Float32Array | undefined): void {
    this.#claims.guard(slot)
    this.#ahead.delete(slot)
    this.#log.known(slot)
    if (this.#deferred !== undefined) {
      this.#deferred.set(slot, from?.slice() ?? new Float32Array(this.stateSize))
      return
    }
    if (this.#recovered === undefined) this.#written.add(slot)
    if (from === undefined) this.#cpu.reset(slot)
    else this.#cpu.writeState(slot, from)
  }

  /** Rows that were written here, to the device; those that are written meanwhile wait for the next time. */
  async #bringUp(): Promise<void> {
    const size = this.stateSize
    for (const slots of this.#chunks(this.#written)) {
      const rows = new Float32Array(slots.length * size)
      slots.forEach((slot, row) => {
        this.#cpu.readState(slot, rows.subarray(row * size, (row + 1) * size))
        this.#written.delete(slot)
      })
      await this.#ask(ASK.write, slots.length, [slots, rows])
    }
  }

  /** Rows that were stepped there, to the processor. */
  async #bringDown(): Promise<void> {
    const size = this.stateSize
    for (const slots of this.#chunks(this.#ahead)) {
      const rows = await this.#ask(ASK.read, slots.length, [slots])
      // a row that was written meanwhile is newer than the device's
      let kept = 0
      for (let row = 0; row < slots.length; row++) {
        const slot = slots[row]!
        if (!this.#ahead.delete(slot)) continue
        this.#log.known(slot)
        if (kept !== row) rows.copyWithin(kept * size, row * size, (row + 1) * size)
        slots[kept++] = slot
      }
      this.#cpu.writeStates(slots, rows, kept)
    }
    this.#log.clear()
  }

  /** The slots in pieces whose rows go into one request. */
  #chunks(slots: SlotSet): Int32Array[] {
    const all = slots.slots()
    const most = Math.max(1, Math.floor(CHUNK_BYTES / (this.stateSize * Float32Array.BYTES_PER_ELEMENT)))
    return Array.from({ length: Math.ceil(all.length / most) }, (_, i) => all.subarray(i * most, (i + 1) * most))
  }

  /** The device is lost: step again, on the processor, what was stepped since its rows were last known. */
  #recover(error: unknown): Promise<void> {
    if (this.#closed && this.#recovered === undefined) {
      // nobody will ask for the states any more
      this.#recovered = Promise.resolve()
    }
    this.#recovered ??= this.#makeUp(error instanceof Error ? error.message : String(error))
    return this.#recovered
  }

  async #makeUp(reason: string): Promise<void> {
    const began = performance.now()
    this.#device.signal('SIGKILL')
    const deferred = new Map<number, Float32Array>()
    this.#deferred = deferred
    let rows = 0
    try {
      for (const { slots, x } of this.#log.steps()) {
        await this.#cpu.step(slots, x, slots.length)
        rows += slots.length
      }
      this.#ahead.clear()
    } catch (cause) {
      const message = `the device was lost (${reason}), and the processor could not take over`
      this.#failure = new VigilError('engine-failed', message, { cause })
    }
    this.#deferred = undefined
    for (const [slot, row] of deferred) this.#cpu.writeState(slot, row)
    this.#log.clear()
    this.#written.clear()
    const failed = this.#failure === undefined ? {} : { failed: this.#failure.message }
    this.#options.lost?.({ reason, rows, seconds: (performance.now() - began) / 1000, ...failed })
  }
}

/**
 * Open a model on the device of this machine, in a process of its own.
 * @param cpu the same model on the processor; it is closed with the engine, or when this throws
 * @throws VigilError provider-unavailable (no adapter, not enough memory ...), manifest-invalid
 */
export async function openWebgpuEngine(
  cpu: RowsEngine,
  { onnx, shape }: Pick<WorkerStart, 'onnx' | 'shape'>,
  options: WebgpuOptions = {},
): Promise<StepEngine> {
  const { rows = FIRST_ROWS, software = false } = options
  const device = new DeviceProcess()
  try {
    options.started?.(device)
    await device.open(onnx, { shape, rows, software }, OPENING_MS)
    await compile(device, shape)
    return new WebgpuEngine(device, cpu, shape.features, options, await replayable(cpu, shape))
  } catch (error) {
    await Promise.all([device.close(), cpu.close()])
    throw unavailable(error)
  }
}

/** A device that fails before it served is one that is not there. */
function unavailable(error: unknown): unknown {
  if (!(error instanceof VigilError) || error.code !== 'engine-failed') return error
  return new VigilError('provider-unavailable', error.message, { place: 'webgpu', cause: error })
}

/** Have every shader compiled, by using it, on rows that are zeros before and after. */
async function compile(device: DeviceProcess, shape: WorkerStart['shape']): Promise<void> {
  const { features } = shape
  for (const rows of [1, 64]) {
    const slots = Int32Array.from({ length: rows }, (_, i) => i)
    const zeros = new Float32Array(rows * stateSize(shape))
    await device.ask(ASK.step, rows, [slots, new Float32Array(rows * features)], OPENING_MS)
    await device.ask(ASK.read, rows, [slots], OPENING_MS)
    await device.ask(ASK.write, rows, [slots, zeros], OPENING_MS)
  }
}

/** Rows that the processor steps in the time that a recovery may take, measured. */
async function replayable(cpu: StepEngine, { features }: WorkerStart['shape']): Promise<number> {
  const rows = 512
  const slots = Int32Array.from({ length: rows }, (_, i) => i)
  const x = new Float32Array(rows * features)
  await cpu.step(slots, x, rows)
  const began = performance.now()
  await cpu.step(slots, x, rows)
  const perSecond = (1000 * rows) / (performance.now() - began)
  for (const slot of slots) cpu.reset(slot)
  return Math.min(MOST_LOGGED, Math.max(FEWEST_LOGGED, Math.round(perSecond * REPLAY_SECONDS)))
}
