import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { build } from 'vite'

const require = createRequire(import.meta.url)

/**
 * Give TensorFlow.js its automatic gradients, which Vigil itself never needs: the package has them only as ES modules
 * with a `.js` ending that Node 20 does not load, so they are bundled first. They register in the process-wide registry.
 */
export async function registerAutomaticGradients(): Promise<void> {
  const entry = path.join(path.dirname(require.resolve('@tensorflow/tfjs-core')), 'register_all_gradients.js')
  const dir = await mkdtemp(path.join(tmpdir(), 'vigil-gradients-'))
  try {
    const built = await build({
      configFile: false,
      logLevel: 'silent',
      ssr: { noExternal: true },
      build: { ssr: entry, write: false, rollupOptions: { treeshake: false, output: { format: 'cjs' } } },
    })
    const { output } = built as { output: { code: string }[] }
    const file = path.join(dir, 'gradients.cjs')
    await writeFile(file, output[0]!.code)
    require(file)
  } finally {
    await rm(dir, { recursive: true })
  }
}
