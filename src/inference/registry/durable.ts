import { randomBytes } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { VigilError } from '../../errors.ts'

/**
 * A name beside `path` under which it is made before it becomes visible. It begins with a point: whoever lists the
 * registry passes over it, also when its maker was killed.
 */
export function besides(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`)
}

/** Write a new file and wait until it is on the disk. */
export async function writeSynced(path: string, content: Uint8Array | string): Promise<void> {
  const file = await open(path, 'wx')
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Wait until what was renamed or made in a folder is on the disk. */
export async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/**
 * Replace a file at once: a reader sees the old content or the new one, after a crash or a power cut too.
 * @throws VigilError registry-unwritable, and the old content stays
 */
export async function replaceFile(path: string, content: string, beforeRename: () => Promise<void>): Promise<void> {
  const made = besides(path)
  try {
    await writeSynced(made, content)
    await beforeRename()
    await rename(made, path)
    await syncFolder(dirname(path))
  } catch (cause) {
    await rm(made, { force: true }).catch(() => {})
    throw unwritable(path, cause)
  }
}

/** What the disk said, in the words of the registry; an error that is coded already stays as it is. */
export function unwritable(place: string, cause: unknown): VigilError {
  if (cause instanceof VigilError) return cause
  const { code = '', message } = cause as NodeJS.ErrnoException
  const full = code === 'ENOSPC' || code === 'EDQUOT' ? 'the disk is full' : message
  return new VigilError('registry-unwritable', `${full}; the registry is as it was`, { place, cause })
}
