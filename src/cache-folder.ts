import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where downloads are kept, outside any checkout: `VIGIL_CACHE`, else the user's cache folder. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>>, home = homedir()): string {
  if (env['VIGIL_CACHE']) return env['VIGIL_CACHE']
  return join(env['XDG_CACHE_HOME'] || join(home, '.cache'), 'vigil')
}
