import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import util from 'node:util'
import * as tf from '@tensorflow/tfjs-core'
import { VigilError } from '../errors.ts'

/** What can do the arithmetic of training. `auto` takes the first of tensorflow, wasm, cpu that works here. */
export const TRAINING_ENGINES = ['auto', 'tensorflow', 'webgpu', 'wasm', 'cpu'] as const
export type TrainingEngineName = (typeof TRAINING_ENGINES)[number]

export interface TrainingEngine {
  readonly name: Exclude<TrainingEngineName, 'auto'>
  /** what was tried first and why it does not serve */
  readonly refused: readonly { readonly name: string; readonly reason: string }[]
}

const require = createRequire(import.meta.url)

/**
 * Make a TensorFlow.js backend the one that trains from now on in this process.
 * @throws VigilError provider-unavailable when the named one, or under `auto` none, works here
 */
export async function openTrainingEngine(name: TrainingEngineName): Promise<TrainingEngine> {
  const wanted = name === 'auto' ? (['tensorflow', 'wasm', 'cpu'] as const) : [name]
  const refused: { name: string; reason: string }[] = []
  for (const candidate of wanted) {
    try {
      await OPENERS[candidate]()
      tf.enableProdMode()
      return { name: candidate, refused }
    } catch (cause) {
      refused.push({ name: candidate, reason: String(cause instanceof Error ? cause.message : cause).split('\n')[0]! })
    }
  }
  const reasons = refused.map((it) => `${it.name}: ${it.reason}`).join('; ')
  const message = name === 'auto' ? `no training engine works here (${reasons})` : reasons
  throw new VigilError('provider-unavailable', message, { place: 'engine' })
}

const OPENERS: Readonly<Record<TrainingEngine['name'], () => Promise<void>>> = {
  async tensorflow() {
    // tfjs-node calls util functions that Node 23 dropped
    const old = util as unknown as Record<string, unknown>
    old['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined
    old['isArray'] ??= Array.isArray
    await importOptional('@tensorflow/tfjs-node-gpu')
    await use('tensorflow')
  },
  async webgpu() {
    await importOptional('@tensorflow/tfjs-backend-webgpu')
    await use('webgpu')
  },
  async wasm() {
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm')
    setWasmPaths(`${path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}${path.sep}`)
    await use('wasm')
  },
  async cpu() {
    await import('@tensorflow/tfjs-backend-cpu')
    await use('cpu')
  },
}

/** A package that may not be installed; resolved first, so that its absence is said in one line. */
async function importOptional(name: string): Promise<void> {
  let file: string
  try {
    file = require.resolve(name)
  } catch {
    throw new Error(`the package ${name} is not installed`)
  }
  await import(pathToFileURL(file).href)
}

async function use(backend: string): Promise<void> {
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js refused its backend "${backend}"`)
  await tf.ready()
}
