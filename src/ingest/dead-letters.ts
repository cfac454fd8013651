import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { VigilError } from '../errors.ts'
import type { Output, Sink } from '../stream/ports.ts'

/** One line of the file. The message itself is not in it: it may name a patient; its place leads back to it. */
function line({ rejection, partition, offset }: Extract<Output, { kind: 'dead-letter' }>): string {
  const { reason, detail, path, source, line, column } = rejection
  return `${JSON.stringify({ reason, detail, path, source, line, column, partition, offset })}\n`
}

/**
 * A sink that appends what was rejected to an NDJSON file: reason, sentence, place. Other outputs pass it by.
 * `deliver` resolves when the lines are with the operating system.
 * @throws VigilError sink-failed when the file cannot be opened or written (retriable: the disk may be full)
 */
export async function deadLetterSink(path: string): Promise<Sink> {
  function failed(cause: unknown, retriable: boolean): VigilError {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    return new VigilError('sink-failed', `dead letters cannot be written (${why})`, { place: path, retriable, cause })
  }
  const file = await mkdir(dirname(path), { recursive: true })
    .then(() => open(path, 'a'))
    .catch((cause: unknown) => {
      throw failed(cause, false)
    })
  return {
    name: 'dead-letters',
    async deliver(outputs: readonly Output[]): Promise<void> {
      const lines = outputs.filter((output) => output.kind === 'dead-letter').map(line)
      if (lines.length === 0) return
      await file.appendFile(lines.join('')).catch((cause: unknown) => {
        throw failed(cause, true)
      })
    },
    close: () => file.close(),
  }
}
