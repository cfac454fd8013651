import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { VigilError } from './errors.ts'

/**
 * A file of the build, for a thread or a process of its own. Those run JavaScript: from TypeScript sources (tests) the built
 * file is used.
 * @param name below src/, as built: `inference/worker.js`
 * @throws VigilError engine-failed when it is not built
 */
export function builtFile(name: string): string {
  const folder = import.meta.url.endsWith('.ts') ? '../dist/' : './'
  const file = fileURLToPath(new URL(`${folder}${name}`, import.meta.url))
  if (!existsSync(file)) throw new VigilError('engine-failed', `${name} is not built; run the build`, { place: file })
  return file
}
