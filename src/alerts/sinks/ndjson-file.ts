import type { Sink } from '../../stream/ports.ts'
import { bodyLine } from '../body.ts'
import { lineFile } from './line-file.ts'

/**
 * Alert bodies in a file, one a line, no envelope: two runs over the same journal write the same bytes.
 * @param path made when it is not there, else appended to; `fresh` empties it first
 * @throws VigilError `sink-failed`
 */
export function ndjsonFile(path: string, { fresh = false }: { fresh?: boolean } = {}): Promise<Sink> {
  return lineFile({ name: 'ndjson-file', what: 'the alerts file', path, fresh }, (output) =>
    output.kind === 'alert' ? bodyLine(output.envelope.body) : '',
  )
}
