import type { AnyManifest } from '../inference/model-store.ts'
import { addVersion, sha256, type VersionFile } from '../inference/registry/versions.ts'
import { ClassifierManifest } from '../vitals/classifier-manifest.ts'
import { GateVerdict } from '../vitals/gate-verdict.ts'
import { GoldenSteps, ModelManifest } from '../vitals/manifest.ts'
import { ReconstructorManifest } from '../vitals/reconstructor-manifest.ts'

export { sha256 }

/** The files of one model version, before they are written. */
export interface Bundle {
  readonly manifest: AnyManifest
  /** bytes of model.onnx */
  readonly onnx: Uint8Array
  readonly golden: GoldenSteps
  readonly metrics: unknown
  /** text of card.md */
  readonly card: string
  /** what the gate found of a retrained model */
  readonly verdict?: GateVerdict
}

const SCHEMAS = { classify: ClassifierManifest, reconstruct: ReconstructorManifest } as const

/**
 * Register a model version: model.onnx, manifest.json, golden.json, metrics.json, card.md and their SHA256SUMS, all or
 * nothing.
 * @param dir folder of the version: REGISTRY/NAME/VERSION
 * @throws VigilError usage when the version is there already; registry-unwritable
 */
export async function writeBundle(dir: string, bundle: Bundle): Promise<void> {
  const { manifest } = bundle
  const schema = 'task' in manifest ? SCHEMAS[manifest.task] : ModelManifest
  const files: VersionFile[] = [
    ['card.md', bundle.card],
    ['golden.json', `${JSON.stringify(GoldenSteps.parse(bundle.golden))}\n`],
    ['manifest.json', `${JSON.stringify(schema.parse(manifest), null, 1)}\n`],
    ['metrics.json', `${JSON.stringify(bundle.metrics, null, 1)}\n`],
    ['model.onnx', bundle.onnx],
  ]
  if (bundle.verdict) files.push(['verdict.json', `${JSON.stringify(GateVerdict.parse(bundle.verdict), null, 1)}\n`])
  await addVersion(dir, files)
}
