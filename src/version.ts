import { readFileSync } from 'node:fs'

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string
  dependencies: Readonly<Record<string, string>>
}

/** The version of this Vigil, as its `package.json` says (beside `src/` and `dist/`). */
export const VERSION = manifest.version
/** The version of onnxruntime it is pinned to. */
export const ONNXRUNTIME = manifest.dependencies['onnxruntime-node'] ?? 'unknown'
