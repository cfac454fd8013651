import type { Sink } from '../../stream/ports.ts'
import { lineFile } from './line-file.ts'

/**
 * What was rejected in a file, one a line: reason, sentence, place. The message itself is not in it, since it may name a
 * patient; its place leads back to it.
 * @param path made when it is not there, else appended to
 * @throws VigilError `sink-failed`
 */
export function deadLetterFile(path: string): Promise<Sink> {
  return lineFile({ name: 'dead-letters', what: 'the dead-letter file', path, fresh: false }, (output) => {
    if (output.kind !== 'dead-letter') return ''
    const { reason, detail, path: at, source, line, column } = output.rejection
    const { partition, offset } = output
    return `${JSON.stringify({ reason, detail, path: at, source, line, column, partition, offset })}\n`
  })
}
