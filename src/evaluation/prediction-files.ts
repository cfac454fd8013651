import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { VigilError } from '../errors.ts'

/** A folder that prediction files go to. */
export interface PredictionFolder {
  /** @throws VigilError sink-failed */
  write(name: string, text: string): Promise<void>
}

/** @param dir made when it is not there @throws VigilError sink-failed when it cannot be made */
export async function predictionFolder(dir: string): Promise<PredictionFolder> {
  const failed = (cause: unknown) =>
    new VigilError('sink-failed', 'predictions cannot be written there', { place: dir, cause })
  await mkdir(dir, { recursive: true }).catch((cause: unknown) => {
    throw failed(cause)
  })
  return {
    async write(name, text) {
      await writeFile(join(dir, name), text).catch((cause: unknown) => {
        throw failed(cause)
      })
    },
  }
}
