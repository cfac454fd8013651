import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { VigilError } from '../../errors.ts'
import { fileBytes } from '../../ingest/bytes.ts'
import { type TarEntry, untar } from './tar.ts'

/** One file of a publisher's folder, whether it lies there by itself or in an archive. */
export type DataFile = TarEntry

/** Folders below the named one that are looked into: `training/training_setB/p100001.psv` and the like. */
const DEEPEST = 3
const ARCHIVE = /\.(tar|tar\.gz|tgz)$/

/**
 * Every wanted file below a folder, one in memory at a time: loose files by path, then those of its .tar and .tar.gz.
 * @param dir a folder, or one archive
 * @param wanted by the file's own name
 * @throws VigilError data-missing where there is no such folder; recording-unreadable for what cannot be read to its end
 */
export async function* filesBelow(dir: string, wanted: RegExp): AsyncGenerator<DataFile> {
  const { loose, archives } = await listed(dir, wanted)
  for (const path of loose) {
    const bytes = await readFile(path).catch((cause: unknown) => {
      throw new VigilError('recording-unreadable', 'a file of the data cannot be read', { place: dir, cause })
    })
    yield { name: basename(path), path, bytes }
  }
  for (const path of archives) {
    for await (const entry of untar(fileBytes(path), path)) if (wanted.test(entry.name)) yield entry
  }
}

async function listed(dir: string, wanted: RegExp): Promise<{ loose: string[]; archives: string[] }> {
  const kind = await stat(dir).catch((cause: unknown) => {
    throw new VigilError('data-missing', 'there is no such folder', { place: dir, cause })
  })
  if (!kind.isDirectory()) return { loose: [], archives: [dir] }
  const loose: string[] = []
  const archives: string[] = []
  const look = async (folder: string, depth: number): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true })
    entries.sort((a, b) => (a.name < b.name ? -1 : 1))
    for (const entry of entries) {
      const path = join(folder, entry.name)
      const it = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry
      if (it === undefined || entry.name.startsWith('.')) continue
      if (it.isDirectory()) {
        if (depth < DEEPEST) await look(path, depth + 1)
      } else if (wanted.test(entry.name)) loose.push(path)
      else if (ARCHIVE.test(entry.name)) archives.push(path)
    }
  }
  await look(dir, 0)
  return { loose, archives }
}

/** A file's text: UTF-8, or UTF-16 by its byte order mark, which is taken off. */
export function textOf(bytes: Uint8Array): string {
  const [a, b] = bytes
  const encoding = a === 0xff && b === 0xfe ? 'utf-16le' : a === 0xfe && b === 0xff ? 'utf-16be' : 'utf-8'
  return new TextDecoder(encoding).decode(bytes)
}
