import { existsSync } from 'node:fs'
import { sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { VigilError } from './errors.ts'

/**
 * The file a thread or a process is started with. They run JavaScript: from TypeScript sources (tests) the built one is used.
 * @param meta `import.meta.url` of whoever starts it, in the same folder
 * @throws VigilError engine-failed
 */
export function builtFile(meta: string, name: string): string {
  const beside = fileURLToPath(new URL(name, meta))
  const file = meta.endsWith('.ts') ? beside.replace(`${sep}src${sep}`, `${sep}dist${sep}`) : beside
  if (!existsSync(file)) throw new VigilError('engine-failed', `${name} is not built; run the build`, { place: file })
  return file
}
