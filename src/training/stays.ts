import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { VigilError } from '../errors.ts'
import { openRecording } from '../ingest/recording.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import type { Reading } from '../vitals/reading.ts'
import { sha256 } from './bundle.ts'
import type { Stay } from './dataset.ts'

export interface ReadStays {
  readonly stays: readonly Stay[]
  /** of the names and bytes of all files, in their order */
  readonly sha256: string
}

/**
 * Read recordings as stays, through the decoders that serve.
 * @param dirs folders searched in this order for each file
 * @param files file name by the stay's name
 * @throws VigilError data-missing when a file is in none of the folders; recording-unreadable, recording-format
 */
export async function readStays(
  dirs: readonly string[],
  files: ReadonlyMap<string, string>,
  table: ChannelTable,
): Promise<ReadStays> {
  const stays: Stay[] = []
  const sums: string[] = []
  for (const [name, file] of files) {
    const { path, bytes } = await find(dirs, file)
    sums.push(`${sha256(bytes)}  ${file}\n`)
    const readings: Reading[] = []
    for await (const { inputs } of openRecording(path, { table, patientKey: name })) {
      for (const input of inputs) if (input.kind === 'reading') readings.push(input)
    }
    stays.push({ name, readings })
  }
  return { stays, sha256: sha256(sums.join('')) }
}

async function find(dirs: readonly string[], file: string): Promise<{ path: string; bytes: Uint8Array }> {
  for (const dir of dirs) {
    const path = join(dir, file)
    try {
      return { path, bytes: await readFile(path) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        throw new VigilError('recording-unreadable', `${file} cannot be read`, { place: path, cause: error })
      }
    }
  }
  throw new VigilError('data-missing', `${file} is in none of the data folders`, { place: dirs.join(', ') })
}
