import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { VigilError } from '../../errors.ts'
import { besides, syncFolder, unwritable, writeSynced } from './durable.ts'

/** A file of a version: its name and its content. */
export type VersionFile = readonly [name: string, content: Uint8Array | string]

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/**
 * Put a version into a registry, whole or not at all: written and synced under another name, then renamed. A version is
 * never changed and never taken away by Vigil, since a patient's saved state names the version that made it.
 * @param dir folder of the version: REGISTRY/NAME/VERSION
 * @throws VigilError usage when the version is there already; registry-unwritable
 */
export async function addVersion(dir: string, files: readonly VersionFile[]): Promise<void> {
  const made = besides(dir)
  try {
    await mkdir(made, { recursive: true })
    for (const [name, content] of files) await writeSynced(join(made, name), content)
    const sums = files.map(([name, content]) => `${sha256(content)}  ${name}\n`).join('')
    await writeSynced(join(made, 'SHA256SUMS'), sums)
    await syncFolder(made)
    await rename(made, dir)
    await syncFolder(dirname(dir))
  } catch (cause) {
    await rm(made, { recursive: true, force: true }).catch(() => {})
    if (existsSync(dir)) {
      const message = `version ${basename(dir)} is there already, and a version is never changed`
      throw new VigilError('usage', message, { place: dir, cause })
    }
    throw unwritable(dir, cause)
  }
}

const NUMBERS = /^(\d+)\.(\d+)\.(\d+)/

/** Versions of a model in a registry, finished or not yet named by any alias. */
async function versionsOf(registry: string, name: string): Promise<string[]> {
  return readdir(join(registry, name)).catch(() => [])
}

/** `wanted`, or where that is taken the next patch level that is free: a training never replaces what another made. */
export async function freeVersion(registry: string, name: string, wanted: string): Promise<string> {
  const taken = await versionsOf(registry, name)
  if (!taken.includes(wanted)) return wanted
  const [, major, minor] = NUMBERS.exec(wanted) ?? ['', wanted, '0']
  const patches = taken.flatMap((it) => {
    const [, a, b, c] = NUMBERS.exec(it) ?? []
    return a === major && b === minor ? [Number(c)] : []
  })
  return `${major}.${minor}.${Math.max(0, ...patches) + 1}`
}

/** The next minor version after all there are of the champion's major one: what a retrained model is called. */
export async function nextVersion(registry: string, name: string, champion: string): Promise<string> {
  const [, major] = NUMBERS.exec(champion) ?? ['', '1']
  const minors = (await versionsOf(registry, name)).flatMap((it) => {
    const [, a, b] = NUMBERS.exec(it) ?? []
    return a === major ? [Number(b)] : []
  })
  return `${major}.${Math.max(0, ...minors) + 1}.0`
}
