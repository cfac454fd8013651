import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { VigilError } from '../errors.ts'

/** What a folder of recordings may hold; WFDB records go by their header, and a segment's header belongs to its record. */
const RECORDING = /(_Numerics\.csv|\.ndjson|\.jsonl|n\.hea)(\.gz)?$/

/**
 * The recordings that paths mean: files as they are, folders by the files in them that look like recordings, by name.
 * @throws VigilError `data-missing` when a path does not exist or a folder holds no recording
 */
export async function findRecordings(paths: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const path of paths) {
    const kind = await stat(path).catch((cause: unknown) => {
      throw new VigilError('data-missing', `there is no ${path}`, { place: path, cause })
    })
    if (!kind.isDirectory()) {
      found.push(path)
      continue
    }
    const names = (await readdir(path)).filter((name) => RECORDING.test(name)).sort()
    if (names.length === 0) {
      throw new VigilError('data-missing', `${path} holds no recording (*_Numerics.csv, *.ndjson, *n.hea)`, {
        place: path,
      })
    }
    found.push(...names.map((name) => join(path, name)))
  }
  return found
}
