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
  /** numbers of step workers that are compared; one worker by default */
  readonly workers?: readonly number[]
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
  /** patient-steps per second when the engine runs in its worker; the first of `workers` where several are compared */
  readonly workerStepsPerSecond: number
  /** each number of workers, in interleaved rounds; only where several are compared */
  readonly workers?: readonly WorkersFigure[]
  /** of a step, the part that is not the device's process at work but the way there and back; only where there is one */
  readonly transportShare?: number
  /** milliseconds in which the states of one batch come down from the device; only where they live on one */
  readonly fetchMs?: number
  /** 99th percentile of the main thread's event-loop delay while the worker steps `pacedRowsPerSecond` */
  readonly eventLoopDelayP99Ms: number
  readonly pacedRowsPerSecond: number
}

/** An engine of so many step workers. */
interface WorkersFigure {
  readonly workers: number
  readonly stepsPerSecond: number
  /** over the first's */
  readonly speedup: number
}

/** The ward the paced part stands for: 10,000 patients at one frame a second. */
const PACED_ROWS = 10_000
/** A median is of at least so many, however slow they are. */
const FEWEST_TURNS = 5

/**
 * Measure the step of one graph beside bare onnxruntime, medians of interleaved rounds.
 * @throws VigilError config-invalid (batch, threads or workers below 1), and as `openStepGraph`
 */
export async function benchStep(options: StepBenchOptions): Promise<StepBench> {
  const { onnx, shape, batch, threads, provider, workers = [1], patients = batch, seconds = 6 } = options
  if (!Number.isInteger(batch) || batch < 1) throw invalid('batch', 'at least 1', batch)
  if (!Number.isInteger(patients) || patients < batch) throw invalid('patients', 'at least the batch', patients)
  const graphOptions = { provider, threads, maxBatch: batch }
  const feed = new Feed(batch, patients, shape)
  const least = Math.min(...workers)
  if (!Number.isInteger(least) || least < 1) throw invalid('workers', 'at least 1', least)
  if (provider === 'webgpu') return await benchDevice(options, feed, seconds)
  const bare = await openStepGraph(onnx, shape, graphOptions)
  const engine = inProcessEngine(await openStepGraph(onnx, shape, graphOptions))
  bare.x.set(feed.x)
  const anchored = await race([() => feed.step(engine), () => bare.run(batch)], seconds / 2)
  await engine.close()
  await bare.close()

  const start = { onnx, shape, options: graphOptions }
  const engines = await Promise.all(workers.map((many) => openWorkerEngine(start, { workers: many })))
  const beside = await race(
    engines.map((each) => () => feed.step(each)),
    (seconds * workers.length) / 6,
  )
  const eventLoopDelayP99Ms = await paced(engines[0]!, feed, seconds / 3)
  await Promise.all(engines.map((each) => each.close()))
  const ms = { engine: anchored[0]!, bare: anchored[1]!, worker: beside[0]! }
  const found = figures(options, feed, ms, eventLoopDelayP99Ms)
  if (workers.length === 1) return found
  const compared = workers.map((many, i) => {
    return { workers: many, stepsPerSecond: perSecond(batch, beside[i]!), speedup: beside[0]! / beside[i]! }
  })
  return { ...found, workers: compared }
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
  const step = async () => {
    await feed.step(engine)
    worked.push(device!.workedMs)
  }
  const [engineMs, bareMs] = await race([step, () => bare.run()], seconds / 2, () => worked.splice(0))
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
  const transportShare = 1 - median(worked) / engineMs!
  const ms = { engine: engineMs!, bare: bareMs!, worker: workerMs }
  return { ...figures(options, feed, ms, eventLoopDelayP99Ms), transportShare, fetchMs }
}

function figures(
  { shape, batch, threads, provider }: StepBenchOptions,
  { patients }: Feed,
  ms: Record<'engine' | 'bare' | 'worker', number>,
  eventLoopDelayP99Ms: number,
): StepBench {
  const { features, hidden, layers } = shape
  return {
    batch,
    patients,
    features,
    hidden,
    layers,
    threads,
    provider,
    stepsPerSecond: perSecond(batch, ms.engine),
    bareStepsPerSecond: perSecond(batch, ms.bare),
    ratio: ms.bare / ms.engine,
    workerStepsPerSecond: perSecond(batch, ms.worker),
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

/**
 * Milliseconds of each, in turns: medians.
 * @param warm called when those that were run so far only compiled and warmed up
 */
async function race(
  runs: readonly (() => Promise<unknown>)[],
  seconds: number,
  warm: () => void = () => {},
): Promise<number[]> {
  const times = runs.map(() => [] as number[])
  const start = performance.now()
  const end = start + seconds * 1000
  let cold = true
  for (let turn = 0; performance.now() < end || times[0]!.length < FEWEST_TURNS; turn++) {
    if (cold && (turn >= 10 || (turn > 0 && performance.now() - start > seconds * 500))) {
      cold = false
      warm()
    }
    for (const [i, run] of runs.entries()) {
      const ms = await timed(run)
      if (!cold) times[i]!.push(ms)
    }
  }
  return times.map(median)
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

function perSecond(batch: number, ms: number): number {
  return Math.round((batch * 1000) / ms)
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
