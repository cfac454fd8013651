// first, before the library it speaks to
import './no-telemetry.ts'
import { env, InferenceSession, Tensor } from 'onnxruntime-node'
import { VigilError } from '../errors.ts'
import { type GraphShape, stateSize } from './graph-shape.ts'

// what onnxruntime would print is thrown as well, and standard error belongs to the log
env.logLevel = 'fatal'

/** Execution providers Vigil knows, in the words of the settings. */
export const PROVIDERS = ['cpu', 'webgpu', 'cuda'] as const
export type Provider = (typeof PROVIDERS)[number]

export interface GraphOptions {
  readonly provider: string
  /** intra-op threads */
  readonly threads: number
  /** rows of the preallocated tensors */
  readonly maxBatch: number
}

/** The tensors of one batch size: views over the first rows of the buffers. */
interface Views {
  readonly feeds: InferenceSession.FeedsType
  readonly fetches: InferenceSession.FetchesType
}

/** States before a run and after it, and their views by batch size. */
interface StateTensors {
  readonly before: Float32Array<ArrayBuffer>
  readonly after: Float32Array<ArrayBuffer>
  readonly views: Map<number, Views>
}

/** Batch sizes whose views are kept; a ward's batches repeat a few sizes. */
const KEPT_VIEWS = 64

/**
 * One graph on one provider, with its buffers. The caller fills the first `count` rows of `x` and `stateIn`, runs, and
 * reads `forecast` and `stateOut`. A state row is layer by layer h then c, S = L * 2 * H.
 */
export class StepGraph {
  readonly provider: string
  readonly shape: GraphShape
  readonly maxBatch: number
  /** [maxBatch, F] */
  readonly x: Float32Array<ArrayBuffer>
  /** [maxBatch, O] */
  readonly forecast: Float32Array<ArrayBuffer>
  readonly #session: InferenceSession
  #states: StateTensors
  #other: StateTensors

  constructor(session: InferenceSession, shape: GraphShape, options: GraphOptions) {
    const { features, outputs } = shape
    this.provider = options.provider
    this.shape = shape
    this.maxBatch = options.maxBatch
    this.#session = session
    this.x = new Float32Array(options.maxBatch * features)
    this.forecast = new Float32Array(options.maxBatch * outputs)
    const [a, b] = [1, 2].map(() => new Float32Array(options.maxBatch * stateSize(shape)))
    this.#states = { before: a!, after: b!, views: new Map() }
    this.#other = { before: b!, after: a!, views: new Map() }
  }

  /** [maxBatch, S] */
  get stateIn(): Float32Array<ArrayBuffer> {
    return this.#states.before
  }

  /** [maxBatch, S] */
  get stateOut(): Float32Array<ArrayBuffer> {
    return this.#states.after
  }

  /** What the last run made of the states is what the next begins with. */
  swap(): void {
    const states = this.#states
    this.#states = this.#other
    this.#other = states
  }

  /**
   * Run the graph on the first `count` rows; outputs are filled in place.
   * @throws VigilError engine-failed
   */
  async run(count: number): Promise<void> {
    const { feeds, fetches } = this.#states.views.get(count) ?? this.#makeViews(count, this.#states)
    try {
      await this.#session.run(feeds, fetches)
    } catch (cause) {
      throw new VigilError('engine-failed', `${this.provider}: ${reason(cause)}`, { cause })
    }
  }

  async close(): Promise<void> {
    for (const { views } of [this.#states, this.#other]) views.clear()
    await this.#session.release()
  }

  #makeViews(count: number, { before, after, views: kept }: StateTensors): Views {
    const { features, outputs } = this.shape
    const state = stateSize(this.shape)
    const rows = (buffer: Float32Array, width: number) =>
      new Tensor('float32', buffer.subarray(0, count * width), [count, width])
    const views = {
      feeds: { x: rows(this.x, features), state_in: rows(before, state) },
      fetches: { forecast: rows(this.forecast, outputs), state_out: rows(after, state) },
    }
    if (kept.size >= KEPT_VIEWS) kept.delete(kept.keys().next().value!)
    kept.set(count, views)
    return views
  }
}

/**
 * Open a step graph on exactly one provider: onnxruntime's own provider lists do not fall back, they throw.
 * @param onnx the file's bytes
 * @throws VigilError config-invalid (unknown provider, threads or batch below 1), manifest-invalid (the graph's tensors
 *   are not those of `shape`), provider-unavailable (the provider cannot run it here)
 */
export async function openStepGraph(onnx: Uint8Array, shape: GraphShape, options: GraphOptions): Promise<StepGraph> {
  checkOptions(options)
  const session = await openSession(onnx, options.provider, options.threads)
  try {
    checkTensors(session, shape)
  } catch (error) {
    await session.release()
    throw error
  }
  return new StepGraph(session, shape, options)
}

/** y = x + x for one float, opset 17: the smallest graph that makes a provider load its libraries and run. */
const PROBE =
  'CAgSBXZpZ2lsOkAKFQoBeAoBeBIBeRoFMF9BZGQiA0FkZBIFcHJvYmVaDwoBeBIKCggIARIECgIIAWIPCgF5EgoKCAgBEgQKAggBQgQKABAR'

/**
 * Run the smallest graph on a provider. Its libraries may end the process: ask in one that may be lost.
 * @throws VigilError provider-unavailable
 */
export async function tryProvider(provider: string): Promise<void> {
  checkOptions({ provider, threads: 1, maxBatch: 1 })
  const session = await openSession(Buffer.from(PROBE, 'base64'), provider, 1)
  try {
    const { y } = await session.run({ x: new Tensor('float32', Float32Array.of(21), [1]) })
    if (y?.data[0] !== 42) throw new VigilError('provider-unavailable', `${provider}: computes 21 + 21 = ${y?.data[0]}`)
  } finally {
    await session.release()
  }
}

/** @throws VigilError config-invalid */
export function checkOptions(options: GraphOptions): void {
  if (!PROVIDERS.includes(options.provider as Provider)) {
    throw new VigilError('config-invalid', `unknown provider "${options.provider}"; known: ${PROVIDERS.join(', ')}`, {
      place: 'inference.providers',
    })
  }
  for (const [name, value] of [['threads', options.threads], ['maxBatch', options.maxBatch]] as const) {
    if (Number.isInteger(value) && value >= 1) continue
    throw new VigilError('config-invalid', `${name} must be a whole number of at least 1, not ${value}`, {
      place: `inference.${name}`,
    })
  } // biome-ignore format: the pairs
}

/** Where each output of a session is to be left. */
type Locations = Readonly<Record<string, 'cpu' | 'gpu-buffer'>>

/**
 * A session on exactly one provider.
 * @param outputs where they stay, on a provider that has a device; no operator may fall back to the processor then
 * @throws VigilError provider-unavailable
 */
export async function openSession(
  onnx: Uint8Array,
  provider: string,
  threads: number,
  outputs?: Locations,
): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(onnx, {
      executionProviders: [provider],
      ...(outputs && { preferredOutputLocation: outputs, extra: { session: { disable_cpu_ep_fallback: '1' } } }),
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      logSeverityLevel: 4,
    })
  } catch (cause) {
    throw new VigilError('provider-unavailable', `${provider}: ${reason(cause)}`, { place: provider, cause })
  }
}

/**
 * Whether the graph's inputs and outputs are those of the contract in the model manifest.
 * @throws VigilError manifest-invalid
 */
export function checkTensors(session: InferenceSession, shape: GraphShape): void {
  const state = ['B', stateSize(shape)]
  expectTensors('input', session.inputMetadata, { x: ['B', shape.features], state_in: state })
  expectTensors('output', session.outputMetadata, { forecast: ['B', shape.outputs], state_out: state })
}

function expectTensors(
  side: 'input' | 'output',
  found: readonly InferenceSession.ValueMetadata[],
  wanted: Readonly<Record<string, readonly (string | number)[]>>,
): void {
  const names = found.map(({ name }) => name)
  for (const name of names) {
    if (!(name in wanted)) throw new VigilError('manifest-invalid', `the graph has an unknown ${side} "${name}"`)
  }
  for (const [name, dims] of Object.entries(wanted)) {
    const value = found.find((each) => each.name === name)
    if (value === undefined) throw new VigilError('manifest-invalid', `the graph has no ${side} "${name}"`)
    // a shape the graph leaves open is settled by the golden steps
    const open = value.isTensor && value.shape.length === 0
    const fits =
      value.isTensor &&
      value.type === 'float32' &&
      (open || (value.shape.length === dims.length && dims.every((dim, i) => dimFits(dim, value.shape[i]!))))
    if (fits) continue
    const has = value.isTensor ? `${value.type} [${value.shape.join(', ')}]` : 'no tensor'
    throw new VigilError(
      'manifest-invalid',
      `${side} "${name}" is ${has}, the manifest asks for float32 [${dims.join(', ')}]`,
    )
  }
}

/** The batch must be open; every other size is fixed, or left open by the graph. */
function dimFits(wanted: string | number, found: string | number): boolean {
  return typeof found === 'string' || found === wanted
}

/** What onnxruntime says, without its source lines, addresses and stack frames. */
export function reason(cause: unknown): string {
  const line = (cause instanceof Error ? cause.message : String(cause)).split('\n', 1)[0]!
  return line.replace(/^\S*\/onnxruntime\/.* was false\. /, '').trim()
}
