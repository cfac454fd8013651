import { type FileHandle, open } from 'node:fs/promises'
import { VigilError } from '../../errors.ts'
import type { Output, Sink } from '../../stream/ports.ts'

const NEWLINE = 0x0a

/** whether the file's last byte leaves a line open: a process died while it wrote */
async function endsMidLine(file: FileHandle, size: number): Promise<boolean> {
  if (size === 0) return false
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1)
  return buffer[0] !== NEWLINE
}

/**
 * A sink that appends one line for each output it wants to a file. The lines of one `deliver` arrive whole or not at
 * all: after a failed write the file is cut back to what it was, so that a retry doubles nothing. A torn last line of an
 * earlier process is closed before the first append. `close` flushes to the disk.
 * @param name of the sink; `what` the file holds, in errors
 * @param path made when it is not there, else appended to; `fresh` empties it first
 * @param lineOf the line with its newline, or '' for an output that passes by
 * @throws VigilError `sink-failed` when the file cannot be opened; by `deliver` retriable, the disk may be full
 */
export async function lineFile(
  { name, what, path, fresh }: { name: string; what: string; path: string; fresh: boolean },
  lineOf: (output: Output) => string,
): Promise<Sink> {
  const failed = (message: string, cause: unknown, retriable: boolean) =>
    new VigilError('sink-failed', message, { place: path, cause, retriable })
  let file: FileHandle
  let size: number
  try {
    // 'a+' reads the last byte and always writes at the end
    file = await open(path, fresh ? 'w+' : 'a+')
    size = (await file.stat()).size
    if (await endsMidLine(file, size)) size += (await file.write('\n')).bytesWritten
  } catch (cause) {
    throw failed(`${what} cannot be opened`, cause, false)
  }
  return {
    name,
    async deliver(outputs: readonly Output[]): Promise<void> {
      let text = ''
      for (const output of outputs) text += lineOf(output)
      if (text === '') return
      try {
        await file.appendFile(text)
        size += Buffer.byteLength(text)
      } catch (cause) {
        // a closed or full disk may refuse this too; the write error is the one to report
        await file.truncate(size).catch(() => {})
        throw failed(`${what} took no more lines`, cause, true)
      }
    },
    async close(): Promise<void> {
      try {
        // a pipe or a device has no disk to flush to
        if ((await file.stat()).isFile()) await file.sync()
      } catch (cause) {
        throw failed(`${what} could not be flushed`, cause, false)
      } finally {
        await file.close()
      }
    },
  }
}
