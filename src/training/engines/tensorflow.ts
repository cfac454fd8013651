import util from 'node:util'
import { importOptional, isInstalled } from './folders.ts'

/**
 * Load TensorFlow's own library: on an NVIDIA GPU where `@tensorflow/tfjs-node-gpu` could be installed, else on the
 * processor. It registers itself as backend "tensorflow".
 * @returns why a GPU package that is installed does not serve
 */
export async function loadTensorflow(): Promise<string | undefined> {
  // one thread: a chunk's products are small, and splitting them costs more than it gains (docs/performance.md)
  process.env['TF_NUM_INTRAOP_THREADS'] ??= '1'
  process.env['TF_ENABLE_ONEDNN_OPTS'] ??= '0'
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2'
  // tfjs-node calls util functions that Node 23 dropped
  const old = util as unknown as Record<string, unknown>
  old['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined
  old['isArray'] ??= Array.isArray
  let reason: string | undefined
  if (isInstalled('@tensorflow/tfjs-node-gpu')) {
    try {
      await importOptional('@tensorflow/tfjs-node-gpu')
      return undefined
    } catch (cause) {
      reason = `@tensorflow/tfjs-node-gpu does not load: ${String((cause as Error).message).split('\n')[0]}`
    }
  }
  await importOptional('@tensorflow/tfjs-node')
  return reason
}
