import { closeSync, openSync, writeFileSync } from 'node:fs'
import { VigilError } from '../errors.ts'
import type { FrameTap } from '../stream/ports.ts'
import type { FrameReport } from '../vitals/report.ts'

/** Every frame with its scores, one a line. Written at once, so a slow disk holds the replay back. */
export interface FrameFile extends FrameTap {
  close(): void
}

/** @throws VigilError `sink-failed` when the file cannot be opened or written */
export function frameFile(path: string): FrameFile {
  const file = attempt(() => openSync(path, 'w'))
  function attempt<T>(work: () => T): T {
    try {
      return work()
    } catch (cause) {
      throw new VigilError('sink-failed', `frames cannot be written: ${(cause as Error).message}`, {
        place: path,
        cause,
      })
    }
  }
  return {
    wants: () => true,
    frames(reports: readonly FrameReport[]) {
      const lines = reports.map((report) => `${JSON.stringify(report)}\n`).join('')
      // the whole text: writeSync may take a part of it where the file is a pipe
      attempt(() => writeFileSync(file, lines))
    },
    watchingChanged() {},
    left() {},
    close: () => closeSync(file),
  }
}
