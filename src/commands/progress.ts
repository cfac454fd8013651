import type { WriteStream } from 'node:tty'

/** How often the line is written anew, ms. */
const EVERY = 200

export interface Progress {
  /** say how far the work is; `line` is asked only when it is time to write */
  tell(line: () => string): void
  /** leave the terminal as it was */
  clear(): void
}

/** One line on a terminal that says how far the work is; nothing at all where standard error is no terminal. */
export function progressLine(
  stream: Pick<WriteStream, 'isTTY' | 'write' | 'columns'> = process.stderr,
  now: () => number = () => performance.now(),
): Progress {
  let written = Number.NEGATIVE_INFINITY
  const put = (text: string) => stream.write(`\r\u001b[2K${text.slice(0, (stream.columns ?? 80) - 1)}`)
  return {
    tell(line) {
      if (!stream.isTTY || now() - written < EVERY) return
      written = now()
      put(line())
    },
    clear() {
      if (stream.isTTY && Number.isFinite(written)) put('')
    },
  }
}
