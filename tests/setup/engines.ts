import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../../src/cache-folder.ts'
import { ENGINE_FOLDERS } from '../../src/training/engines/folders.ts'

/**
 * Whether a suite must do without an engine that `npm run engines` sets up; says so. In CI it is there, or the suite fails:
 * `npm test` has set it up, or counted a failure.
 */
export function engineMissing(engine: 'tensorflow' | 'webgpu'): boolean {
  if (process.env['CI'] === 'true') return false
  const { folder } = ENGINE_FOLDERS.find((it) => it.engine === engine)!
  if (existsSync(join(cacheFolder(process.env), folder))) return false
  console.warn(`the training engine ${engine} is not set up (npm run engines): its tests do not run`)
  return true
}
