/** Consecutive lines of a text, blank ones left out. */
export interface LineBatch {
  /** [N] a line without its ending; undefined where it is longer than the limit */
  readonly lines: readonly (string | undefined)[]
  /** [N] 1-based number of the line in the file */
  readonly numbers: readonly number[]
}

export interface LineOptions {
  /** bytes of the longest line that is read; longer ones are passed over in bounded memory */
  readonly maxLine?: number
  /** lines of one batch */
  readonly batch?: number
}

/** Bytes of the longest line, unless told otherwise: 1 MB. */
export const MAX_LINE = 1_000_000

const NEWLINE = 10
const BOM = '\ufeff'

/** Nothing but white space, Unicode's included; a line that begins in plain text, as nearly all do, is told at once. */
function isBlank(line: string): boolean {
  const first = line.charCodeAt(0)
  return !(first > 32 && first < 127) && line.trim() === ''
}

/**
 * Lines out of UTF-8 bytes, in batches; CRLF and a byte order mark are taken off. When the bytes end with an error,
 * the whole lines before it come first.
 */
export async function* lineBatches(
  chunks: AsyncIterable<Uint8Array>,
  { maxLine = MAX_LINE, batch = 512 }: LineOptions = {},
): AsyncGenerator<LineBatch> {
  let lines: (string | undefined)[] = []
  let numbers: number[] = []
  let number = 0
  let tail: Uint8Array[] = []
  let tailBytes = 0

  function take(text: string | undefined): void {
    number++
    let line = text
    if (line !== undefined) {
      if (number === 1 && line.startsWith(BOM)) line = line.slice(1)
      if (line.endsWith('\r')) line = line.slice(0, -1)
      if (isBlank(line)) return
    }
    lines.push(line)
    numbers.push(number)
  }

  function takeTail(): void {
    take(tailBytes > maxLine ? undefined : Buffer.concat(tail).toString())
    tail = []
    tailBytes = 0
  }

  function keep(piece: Uint8Array): void {
    tailBytes += piece.length
    if (tailBytes > maxLine) tail = []
    else if (piece.length > 0) tail.push(piece)
  }

  // a piece is no longer than the longest line, so a line inside one piece is never too long
  function takePiece(piece: Buffer): void {
    const first = piece.indexOf(NEWLINE)
    if (first < 0) {
      keep(piece)
      return
    }
    keep(piece.subarray(0, first))
    takeTail()
    const last = piece.lastIndexOf(NEWLINE)
    if (last > first) for (const line of piece.toString('utf8', first + 1, last).split('\n')) take(line)
    keep(piece.subarray(last + 1))
  }

  function* ready(least: number): Generator<LineBatch> {
    let from = 0
    for (; lines.length - from >= least && from < lines.length; from += batch)
      yield { lines: lines.slice(from, from + batch), numbers: numbers.slice(from, from + batch) }
    if (from > 0) {
      lines = lines.slice(from)
      numbers = numbers.slice(from)
    }
  }

  const size = Math.max(1, Math.min(maxLine, 1 << 16))
  try {
    for await (const chunk of chunks) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      for (let at = 0; at < bytes.length; at += size) {
        takePiece(bytes.subarray(at, at + size))
        yield* ready(batch)
      }
    }
  } catch (error) {
    yield* ready(1)
    throw error
  }
  if (tailBytes > 0) takeTail()
  yield* ready(1)
}
