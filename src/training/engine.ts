import * as tf from '@tensorflow/tfjs-core'
import { VigilError } from '../errors.ts'
import { updatesPerSecond } from './engines/probe.ts'
import { loadTensorflow } from './engines/tensorflow.ts'
import { loadWasm } from './engines/wasm.ts'
import { loadWebgpu } from './engines/webgpu.ts'

/** What can do the arithmetic of training. `auto` takes the one that is fastest in a probe of a second, never a software GPU. */
export const TRAINING_ENGINES = ['auto', 'tensorflow', 'webgpu', 'wasm', 'cpu'] as const
export type TrainingEngineName = (typeof TRAINING_ENGINES)[number]
type Named = Exclude<TrainingEngineName, 'auto'>

export interface TrainingEngine {
  readonly name: Named
  /** what was tried and why it does not serve, or not as well */
  readonly refused: readonly { readonly name: string; readonly reason: string }[]
  /** of an engine that is not what its name promises: a GPU that is played by the processor */
  readonly warning?: string
}

export interface EngineOptions {
  /** whether the network's code reads tensors at once: a GPU gives them only to those who wait */
  readonly readsAtOnce?: boolean
}

/** What `auto` looks at. The plain `cpu` backend is forty times slower than wasm: only where nothing else runs. */
const CANDIDATES: readonly Named[] = ['tensorflow', 'webgpu', 'wasm']
/** What the candidates share for their probes, ms. */
const PROBE_MS = 1000

/**
 * Make a TensorFlow.js backend the one that trains from now on in this process.
 * @throws VigilError provider-unavailable when the named one, or under `auto` none, works here
 */
export async function openTrainingEngine(
  name: TrainingEngineName,
  { readsAtOnce = false }: EngineOptions = {},
): Promise<TrainingEngine> {
  tf.enableProdMode()
  if (name === 'auto') return await fastest(readsAtOnce)
  try {
    const warning = await open(name, readsAtOnce, true)
    return { name, refused: [], ...(warning === undefined ? {} : { warning }) }
  } catch (cause) {
    throw new VigilError('provider-unavailable', `${name}: ${firstLine(cause)}`, { place: 'engine', cause })
  }
}

/** An engine as a person is told of it, before it trains. */
export function introduced({ name, refused, warning }: TrainingEngine): string[] {
  const lines = refused.map((it) => `engine ${it.name} does not train: ${it.reason}`)
  return [...lines, `training engine: ${name}`, ...(warning === undefined ? [] : [`WARNING: ${warning}`])]
}

async function fastest(readsAtOnce: boolean): Promise<TrainingEngine> {
  const refused: { name: string; reason: string }[] = []
  const speeds: { name: Named; speed: number }[] = []
  for (const name of CANDIDATES) {
    try {
      const warning = await open(name, readsAtOnce, false)
      if (name === 'webgpu' && warning !== undefined) throw new Error(warning)
      if (warning !== undefined) refused.push({ name: 'tensorflow on a GPU', reason: warning })
      speeds.push({ name, speed: await updatesPerSecond(PROBE_MS / CANDIDATES.length) })
    } catch (cause) {
      refused.push({ name, reason: firstLine(cause) })
    }
  }
  const [first, ...slower] = speeds.sort((a, b) => b.speed - a.speed)
  if (first === undefined) {
    try {
      await open('cpu', readsAtOnce, false)
    } catch (cause) {
      const reasons = [...refused, { name: 'cpu', reason: firstLine(cause) }]
      const said = reasons.map((it) => `${it.name}: ${it.reason}`).join('; ')
      throw new VigilError('provider-unavailable', `no training engine works here (${said})`, { place: 'engine' })
    }
    return { name: 'cpu', refused }
  }
  for (const { name, speed } of slower) {
    const times = (first.speed / speed).toFixed(1)
    refused.push({ name, reason: `${first.name} is ${times} times as fast in a probe of a second` })
  }
  await use(first.name)
  return { name: first.name, refused }
}

/** @returns a warning where the engine is not what its name promises */
async function open(name: Named, readsAtOnce: boolean, byName: boolean): Promise<string | undefined> {
  if (name === 'webgpu' && readsAtOnce) throw new Error("this recipe's network reads its sums at once, a GPU cannot")
  const warning = await OPENERS[name](byName)
  await use(name)
  return warning
}

const OPENERS: Readonly<Record<Named, (byName: boolean) => Promise<string | undefined>>> = {
  tensorflow: loadTensorflow,
  async webgpu(byName) {
    const { description, software } = await loadWebgpu(byName)
    return software ? `${description} is a software GPU: correct, and slow; taken only by name` : undefined
  },
  wasm: loadWasm,
  async cpu() {
    await import('@tensorflow/tfjs-backend-cpu')
    return undefined
  },
}

async function use(backend: Named): Promise<void> {
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js refused its backend "${backend}"`)
  await tf.ready()
}

const firstLine = (cause: unknown): string => String(cause instanceof Error ? cause.message : cause).split('\n')[0]!
