import { tmpdir } from 'node:os'
import { softwareAdapterOnly } from '../../inference/doctor.ts'
import { lendSoftware } from '../../inference/webgpu/software.ts'
import { importOptional } from './folders.ts'

/** What a WebGPU adapter says of itself; the part of the browser's interface that is needed here. */
interface AdapterInfo {
  readonly vendor: string
  readonly architecture: string
  readonly description: string
  readonly isFallbackAdapter?: boolean
}
interface Gpu {
  requestAdapter(): Promise<{ readonly info: AdapterInfo } | null>
}
interface Dawn {
  create(options: readonly string[]): Gpu
  readonly globals: object
}

/** The GPU that serves, or the software driver that plays one. */
export interface Adapter {
  readonly description: string
  readonly software: boolean
}

/** Drivers that compute on the processor. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|software|warp|basic render/i
/** The process's one GPU: Dawn's instance must outlive every tensor. */
let loaded: Promise<Adapter> | undefined

/**
 * Give this process `navigator.gpu` by Dawn, and TensorFlow.js its WebGPU backend; once.
 * @param software whether a software driver may be looked for where there is no GPU
 * @throws Error in one line when there is no adapter
 */
export function loadWebgpu(software: boolean): Promise<Adapter> {
  loaded ??= load(software).catch((error: unknown) => {
    loaded = undefined
    throw error
  })
  return loaded
}

async function load(software: boolean): Promise<Adapter> {
  const dawn = (await importOptional('webgpu')) as Dawn
  process.env['XDG_RUNTIME_DIR'] ??= tmpdir()
  const none = softwareAdapterOnly()
  if (none && !software) throw new Error('there is no GPU; a software one is taken only by name')
  if (none && !lendSoftware()) throw new Error('there is no GPU, and no Chromium whose SwiftShader could play one')
  const gpu = dawn.create([])
  const adapter = await gpu.requestAdapter()
  if (adapter === null) throw new Error('there is no WebGPU adapter')
  const { info } = adapter
  const description = info.description || `${info.vendor} ${info.architecture}`.trim()
  Object.assign(globalThis, dawn.globals)
  // Node 21 brought a navigator, without a GPU
  const { navigator = {} } = globalThis as { navigator?: object }
  Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true })
  Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true })
  await importOptional('@tensorflow/tfjs-backend-webgpu')
  const processor = info.isFallbackAdapter === true || SOFTWARE.test(`${info.architecture} ${description}`)
  return { description, software: processor }
}
