import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { openModel } from '../inference/model-store.ts'
import { encodeModel } from '../onnx/proto.ts'
import { random } from '../random.ts'
import { sha256, writeBundle } from '../training/bundle.ts'
import { openTrainingEngine } from '../training/engine.ts'
import { goldenSteps } from '../training/golden.ts'
import { firstWeights, type LayerWeights, type NetworkShape, parameterCount } from '../training/network.ts'
import { stepGraph } from '../training/onnx/graph.ts'
import type { ModelManifest } from '../vitals/manifest.ts'

/** What is other about a version. */
export interface Other {
  readonly version: string
  readonly hidden: number
  readonly layers: number
  readonly seed: number
  readonly manifest?: (manifest: ModelManifest) => ModelManifest
  /** whatever it reads, what it foresees is no finite number; its golden steps read nothing, which it survives */
  readonly overflows?: true
}

const GOLDEN_STEPS = 50
/** smallest scale of a forecast, normalised */
const FLOOR = 0.03

/**
 * A registry with a shipped model and another version of it: a network of another size with fresh weights, which knows
 * nothing, under the shipped one's calibration. For benches and fault harnesses, which ask how versions change hands and
 * not what they know.
 * @param shipped the registry the model is in
 * @param to an empty folder, or a registry
 * @returns NAME@VERSION of the other
 */
export async function otherVersion(shipped: string, name: string, to: string, other: Other): Promise<string> {
  await openTrainingEngine('cpu')
  const { manifest, dir } = await openModel(shipped, name)
  await cp(dir, join(to, name, manifest.version), { recursive: true })
  const { version, hidden, layers, seed, overflows = false } = other
  const { features, form } = manifest.graph
  const { channels, horizons } = manifest
  const shape: NetworkShape = { features, hidden, layers, channels: channels.length, horizons: horizons.length }
  const { normal } = random(seed)
  const fresh = firstWeights(shape, random(seed), 0)
  const weights = overflows ? { ...fresh, head: overflowing(fresh.head) } : fresh
  const floor = new Float32Array(channels.length).fill(FLOOR)
  const about = { name, producer: 'vigil', metadata: {} }
  const onnx = encodeModel(stepGraph(shape, weights, floor, form, about))
  const x = Float32Array.from({ length: GOLDEN_STEPS * features }, () => (overflows ? 0 : normal()))
  const graph = { ...manifest.graph, sha256: sha256(onnx), hidden, layers, parameters: parameterCount(shape) }
  const made: ModelManifest = { ...manifest, version, graph }
  await writeBundle(join(to, name, version), {
    manifest: other.manifest?.(made) ?? made,
    onnx,
    golden: await goldenSteps(shape, weights, floor, x, GOLDEN_STEPS),
    metrics: {},
    card: `# ${name} ${version}\n\nFresh weights: it knows nothing, and is for tests of how versions change hands.\n`,
  })
  return `${name}@${version}`
}

/** The fourth power in the scale of a forecast leaves float32 far below this. */
const overflowing = ({ kernel, bias }: LayerWeights): LayerWeights => ({
  kernel: kernel.map((value) => 1e12 * value),
  bias,
})
