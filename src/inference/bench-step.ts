import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { VigilError } from '../errors.ts'
import type { StepEngine } from '../stream/ports.ts'
import { softwareAdapterOnly } from './doctor.ts'
import { openStepGraph } from './engine.ts'
import type { GraphShape } from './graph-shape.ts'
import { inProcessEngine } from './in-process.ts'
import type { DeviceProcess } from './webgpu/device-process.ts'
import { openBareDevice } from './webgpu/resident.ts'
import { lendSoftware } from './webgpu/software.ts'
import { openWebgpuEngine } from './webgpu/webgpu-engine.ts'
import { openWorkerEngine } from './worker-engine.ts'

export interface StepBenchOptions {
  readonly onnx: Uint8Array
  readonly shape: GraphShape
  readonly batch: number
  readonly threads: number
  readonly provider: string
  /** state rows the batches are drawn from, in shuffled order; the batch by default. More rows, colder caches. */
  readonly patients?: number
  /** wall time to spend, about; 6 by default */
  readonly seconds?: number
}

export interface StepBench {
  readonly batch: number
  readonly patients: number
  readonly features: number
  readonly hidden: number
  readonly layers: number
  readonly threads: number
  readonly provider: string
  /** patient-steps per second through the engine: gather, run, scatter */
  readonly stepsPerSecond: number
  /**
   * the same graph, batch and threads through onnxruntime alone, on preallocated tensors, in interleaved rounds; on WebGPU
   * with its state left on the device from one run to the next
   */
  readonly bareStepsPerSecond: number
  readonly ratio: number
  /** patient-steps per second when the engine runs in its worker */
  readonly workerStepsPerSecond: number
  /** of a step, the part that is not the device's process at work but the way there and back; only where there is one */
  readonly transportShare?: number
  /** milliseconds in which the states of one batch come down from the device; only where they live on one */
  readonly fetchMs?: number
  /** 99th percentile of the main thread's event-loop delay while the worker steps `pacedRowsPerSecond` */
  readonly eventLoopDelayP99Ms: number
  readonly pacedRowsPerSecond: number
}

/** The ward the paced part stands for: 10,000 patients at one frame a second. */
const PACED_ROWS = 10_000
/** A median is of at least so many, however slow they are. */
const FEWEST_TURNS = 5

/**
 * Measure the step of one graph beside bare onnxruntime, medians of interleaved rounds.
 * @throws VigilError config-invalid (batch or threads below 1), and as `openStepGraph`
 */
export async function benchStep(options: StepBenchOptions): Promise<StepBench> {
  const { onnx, shape, batch, threads, provider, patients = batch, seconds = 6 } = options
  if (!Number.isInteger(batch) || batch < 1) throw invalid('batch', 'at least 1', batch)
  if (!Number.isInteger(patients) || patients < batch) throw invalid('patients', 'at least the batch', patients)
  const graphOptions = { provider, threads, maxBatch: batch }
  const feed = new Feed(batch, patients, shape)
  if (provider === 'webgpu') return await benchDevice(options, feed, seconds)
  const bare = await openStepGraph(onnx, shape, graphOptions)
  const engine = inProcessEngine(await openStepGraph(onnx, shape, graphOptions))
  bare.x.set(feed.x)
  const rounds = await race(engine, () => bare.run(batch), feed, seconds / 2)
  await engine.close()
  await bare.close()

  const worker = await openWorkerEngine({ onnx, shape, options: graphOptions })
  const workerMs = await rounded(() => feed.step(worker), seconds / 6)
  const eventLoopDelayP99Ms = await paced(worker, feed, seconds / 3)
  await worker.close()
  return figures(options, feed, { ...rounds, worker: workerMs }, eventLoopDelayP99Ms)
}

/** The same of the engine whose states stay on a GPU: it has a process of its own in any case. */
async function benchDevice(options: StepBenchOptions, feed: Feed, seconds: number): Promise<StepBench> {
  const { onnx, shape, batch, threads } = options
  const software = softwareAdapterOnly()
  if (software) lendSoftware()
  const cpu = await openWorkerEngine({ onnx, shape, options: { provider: 'cpu', threads, maxBatch: batch } })
  let device: DeviceProcess | undefined
  let lost: string | undefined
  const engine = await openWebgpuEngine(
    cpu,
    { onnx, shape },
    {
      software,
      rows: feed.patients,
      started: (process) => {
        device = process
      },
      lost: ({ reason }) => {
        lost = reason
      },
    },
  )
  const bare = await openBareDevice(onnx, shape, feed.x, batch)
  const worked: number[] = []
  const rounds = await race(
    engine,
    () => bare.run(),
    feed,
    seconds / 2,
    () => worked.push(device!.workedMs),
  )
  await bare.close()
  const workerMs = await rounded(() => feed.step(engine), seconds / 6)
  const fetchMs = await rounded(
    () => engine.fetchStates!(),
    0,
    () => feed.step(engine),
  )
  const eventLoopDelayP99Ms = await paced(engine, feed, seconds / 3)
  await engine.close()
  if (lost !== undefined) throw new VigilError('engine-failed', `the device was lost: ${lost}`)
  const transportShare = 1 - median(worked) / rounds.engine
  return { ...figures(options, feed, { ...rounds, worker: workerMs }, eventLoopDelayP99Ms), transportShare, fetchMs }
}

function figures(
  { shape, batch, threads, provider }: StepBenchOptions,
  { patients }: Feed,
  ms: Record<'engine' | 'bare' | 'worker', number>,
  eventLoopDelayP99Ms: number,
): StepBench {
  const perSecond = (of: number) => Math.round((batch * 1000) / of)
  const { features, hidden, layers } = shape
  return {
    batch,
    patients,
    features,
    hidden,
    layers,
    threads,
    provider,
    stepsPerSecond: perSecond(ms.engine),
    bareStepsPerSecond: perSecond(ms.bare),
    ratio: ms.bare / ms.engine,
    workerStepsPerSecond: perSecond(ms.worker),
    eventLoopDelayP99Ms,
    pacedRowsPerSecond: PACED_ROWS,
  }
}

/** Batches of patients in shuffled order, and one batch of features. */
class Feed {
  readonly batch: number
  readonly patients: number
  readonly x: Float32Array
  readonly #batches: Int32Array[]
  #next = 0

  constructor(batch: number, patients: number, shape: GraphShape) {
    this.batch = batch
    this.patients = patients
    this.x = Float32Array.from({ length: batch * shape.features }, (_, i) => Math.sin(i))
    // a stride coprime to the patients visits each once
    let stride = Math.max(1, Math.floor(patients * 0.618))
    while (!coprime(stride, patients)) stride++
    const order = Int32Array.from({ length: patients }, (_, i) => (i * stride) % patients)
    this.#batches = Array.from({ length: Math.floor(patients / batch) }, (_, i) =>
      order.subarray(i * batch, (i + 1) * batch),
    )
  }

  step(engine: StepEngine): Promise<unknown> {
    this.#next = (this.#next + 1) % this.#batches.length
    return engine.step(this.#batches[this.#next]!, this.x, this.batch)
  }
}

/** Milliseconds a batch, of the engine and of the bare graph, in turns. */
async function race(
  engine: StepEngine,
  bare: () => Promise<unknown>,
  feed: Feed,
  seconds: number,
  counted: () => void = () => {},
): Promise<Record<'engine' | 'bare', number>> {
  const times = { engine: [] as number[], bare: [] as number[] }
  const start = performance.now()
  const end = start + seconds * 1000
  for (let turn = 0; performance.now() < end || times.engine.length < FEWEST_TURNS; turn++) {
    // the first turns compile and warm up
    const warm = turn >= 10 || (turn > 0 && performance.now() - start > seconds * 500)
    const engineMs = await timed(() => feed.step(engine))
    if (warm) counted()
    const bareMs = await timed(bare)
    if (!warm) continue
    times.engine.push(engineMs)
    times.bare.push(bareMs)
  }
  return { engine: median(times.engine), bare: median(times.bare) }
}

async function rounded(
  step: () => Promise<unknown>,
  seconds: number,
  before?: () => Promise<unknown>,
): Promise<number> {
  const times: number[] = []
  const end = performance.now() + seconds * 1000
  while (performance.now() < end || times.length < FEWEST_TURNS) {
    await before?.()
    times.push(await timed(step))
  }
  return median(times)
}

async function timed(step: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await step()
  return performance.now() - start
}

async function paced(engine: StepEngine, feed: Feed, seconds: number): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const start = performance.now()
  delay.enable()
  for (let rows = 0; rows < PACED_ROWS * seconds; rows += feed.batch) {
    await feed.step(engine)
    const ahead = start + ((rows + feed.batch) * 1000) / PACED_ROWS - performance.now()
    if (ahead > 0) await sleep(ahead)
  }
  delay.disable()
  return delay.percentile(99) / 1e6
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}

function coprime(a: number, b: number): boolean {
  return b === 0 ? a === 1 : coprime(b, a % b)
}

function invalid(name: string, rule: string, value: number): VigilError {
  return new VigilError('config-invalid', `${name} must be a whole number, ${rule}, not ${value}`, { place: name })
}
