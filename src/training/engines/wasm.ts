import { createRequire } from 'node:module'
import path from 'node:path'
import * as tf from '@tensorflow/tfjs-core'

/** Of the wasm backend, what its own kernels use: where its tensors lie in its memory. */
interface WasmBackend {
  makeOutput(shape: number[], dtype: 'float32'): tf.TensorInfo
  /** a view of the tensor; good until the memory grows, which any new tensor may cause */
  typedArrayFromHeap(tensor: tf.TensorInfo): Float32Array
}

/** Load the wasm backend, with our own way to cut matrices. */
export async function loadWasm(): Promise<undefined> {
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm')
  const file = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')
  setWasmPaths(`${path.dirname(file)}${path.sep}`)
  cutWhereItLies()
}

/**
 * The backend's kernels `Slice` and `SplitV` copy a whole tensor out of its memory before they take a part of it (4.22.0):
 * one step of a chunk of 128 x 128 copied 4 MB to get 32 kB. Ours copy the part alone, the same numbers; of what is no
 * matrix of floats the backend's own kernels take care.
 */
function cutWhereItLies(): void {
  replace('Slice', (own) => (params) => {
    const { x } = params.inputs as unknown as { x: tf.TensorInfo }
    if (!isMatrix(x)) return own(params)
    const { begin, size } = params.attrs as unknown as { begin: number | number[]; size: number | number[] }
    const [from, shape] = tf.slice_util.parseSliceParams(x as tf.Tensor, begin, size) as [number[], number[]]
    return cut(params.backend as WasmBackend, x, from, shape)
  })
  replace('SplitV', (own) => (params) => {
    const { x } = params.inputs as unknown as { x: tf.TensorInfo }
    if (!isMatrix(x)) return own(params)
    const { numOrSizeSplits, axis } = params.attrs as unknown as { numOrSizeSplits: number | number[]; axis: number }
    const along = tf.util.parseAxisParam(axis, x.shape)[0]!
    const sizes = tf.backend_util.prepareSplitSize(x as tf.Tensor, numOrSizeSplits, along)
    const from = [0, 0]
    return sizes.map((size) => {
      const part = cut(params.backend as WasmBackend, x, from, along === 0 ? [size, x.shape[1]!] : [x.shape[0]!, size])
      from[along]! += size
      return part
    })
  })
}

/** Put a kernel of ours in the place of the backend's, once. */
function replace(kernelName: 'Slice' | 'SplitV', ours: (own: tf.KernelFunc) => tf.KernelFunc): void {
  const registered = tf.getKernel(kernelName, 'wasm')
  if (REPLACED.has(registered)) return
  tf.unregisterKernel(kernelName, 'wasm')
  tf.registerKernel({ ...registered, kernelFunc: ours(registered.kernelFunc) })
  REPLACED.add(tf.getKernel(kernelName, 'wasm'))
}

const REPLACED = new WeakSet<tf.KernelConfig>()

const isMatrix = ({ shape, dtype }: tf.TensorInfo): boolean => shape.length === 2 && dtype === 'float32'

/** The part of a matrix x [R, C] that begins at a row and a column. */
function cut(
  backend: WasmBackend,
  x: tf.TensorInfo,
  [row, column]: readonly number[],
  shape: readonly number[],
): tf.TensorInfo {
  const [rows, width] = shape as readonly [number, number]
  const out = backend.makeOutput([rows, width], 'float32')
  if (rows * width === 0) return out
  const all = backend.typedArrayFromHeap(x)
  const part = backend.typedArrayFromHeap(out)
  const stride = x.shape[1]!
  const begin = row! * stride + column!
  if (width === stride) part.set(all.subarray(begin, begin + part.length))
  else for (let i = 0; i < rows; i++) part.set(all.subarray(begin + i * stride, begin + i * stride + width), i * width)
  return out
}
