import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AtEnd } from '../closing.ts'

/** A folder of a bench's own, which is gone when it ends, and when its process is ended half-way. */
export async function scratch(what: string, atEnd: AtEnd): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `vigil-bench-${what}-`))
  const sweep = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', sweep)
  atEnd(() => {
    process.off('exit', sweep)
    sweep()
  })
  return folder
}
