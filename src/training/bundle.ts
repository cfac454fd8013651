import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AnyManifest } from '../inference/model-store.ts'
import { ClassifierManifest } from '../vitals/classifier-manifest.ts'
import { GoldenSteps, ModelManifest } from '../vitals/manifest.ts'
import { ReconstructorManifest } from '../vitals/reconstructor-manifest.ts'

/** The files of one model version, before they are written. */
export interface Bundle {
  readonly manifest: AnyManifest
  /** bytes of model.onnx */
  readonly onnx: Uint8Array
  readonly golden: GoldenSteps
  readonly metrics: unknown
  /** text of card.md */
  readonly card: string
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

const SCHEMAS = { classify: ClassifierManifest, reconstruct: ReconstructorManifest } as const

/**
 * Write a model version: model.onnx, manifest.json, golden.json, metrics.json, card.md and their SHA256SUMS.
 * @param dir folder of the version, made when it is not there
 */
export async function writeBundle(dir: string, bundle: Bundle): Promise<void> {
  const { manifest } = bundle
  const schema = 'task' in manifest ? SCHEMAS[manifest.task] : ModelManifest
  const files: [name: string, content: Uint8Array | string][] = [
    ['card.md', bundle.card],
    ['golden.json', `${JSON.stringify(GoldenSteps.parse(bundle.golden))}\n`],
    ['manifest.json', `${JSON.stringify(schema.parse(manifest), null, 1)}\n`],
    ['metrics.json', `${JSON.stringify(bundle.metrics, null, 1)}\n`],
    ['model.onnx', bundle.onnx],
  ]
  await mkdir(dir, { recursive: true })
  for (const [name, content] of files) await writeFile(join(dir, name), content)
  // last, so that a bundle that was cut while being written is refused
  await writeFile(join(dir, 'SHA256SUMS'), files.map(([name, content]) => `${sha256(content)}  ${name}\n`).join(''))
}
