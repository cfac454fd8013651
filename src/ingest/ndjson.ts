/** Consecutive lines of a text, blank ones left out. */
export interface LineBatch {
  /** [N] what a line stands in, UTF-8; undefined where it is longer than the limit */
  readonly bytes: readonly (Buffer | undefined)[]
  /** [N] where in it the line begins, and where it ends, its ending left out */
  readonly from: readonly number[]
  readonly to: readonly number[]
  /** [N] 1-based number of the line in the file */
  readonly numbers: readonly number[]
}

/** @returns a line; undefined where it is longer than the limit */
export function lineText({ bytes, from, to }: LineBatch, i: number): string | undefined {
  return bytes[i]?.toString('utf8', from[i], to[i])
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
const RETURN = 13
const BOM = Buffer.from('\ufeff')

/** Nothing but white space, Unicode's included; a line that begins in plain text, as nearly all do, is told at once. */
function isBlank(bytes: Buffer, from: number, to: number): boolean {
  const first = from < to ? bytes[from]! : 32
  return !(first > 32 && first < 127) && bytes.toString('utf8', from, to).trim() === ''
}

/**
 * Lines out of UTF-8 bytes, in batches; CRLF and a byte order mark are taken off. When the bytes end with an error,
 * the whole lines before it come first.
 */
export async function* lineBatches(
  chunks: AsyncIterable<Uint8Array>,
  { maxLine = MAX_LINE, batch = 512 }: LineOptions = {},
): AsyncGenerator<LineBatch> {
  let bytes: (Buffer | undefined)[] = []
  let from: number[] = []
  let to: number[] = []
  let numbers: number[] = []
  let number = 0
  let tail: Uint8Array[] = []
  let tailBytes = 0

  function take(line: Buffer | undefined, begin: number, end: number): void {
    number++
    if (line !== undefined) {
      if (number === 1 && line.subarray(begin, begin + BOM.length).equals(BOM)) begin += BOM.length
      if (end > begin && line[end - 1] === RETURN) end--
      if (isBlank(line, begin, end)) return
    }
    bytes.push(line)
    from.push(begin)
    to.push(end)
    numbers.push(number)
  }

  function takeTail(): void {
    if (tailBytes > maxLine) take(undefined, 0, 0)
    else take(Buffer.concat(tail), 0, tailBytes)
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
    let begin = first + 1
    for (let end = piece.indexOf(NEWLINE, begin); end >= 0; end = piece.indexOf(NEWLINE, begin)) {
      take(piece, begin, end)
      begin = end + 1
    }
    keep(piece.subarray(begin))
  }

  function* ready(least: number): Generator<LineBatch> {
    let done = 0
    for (; bytes.length - done >= least && done < bytes.length; done += batch) {
      const of = <T>(all: readonly T[]) => all.slice(done, done + batch)
      yield { bytes: of(bytes), from: of(from), to: of(to), numbers: of(numbers) }
    }
    if (done === 0) return
    bytes = bytes.slice(done)
    from = from.slice(done)
    to = to.slice(done)
    numbers = numbers.slice(done)
  }

  const size = Math.max(1, Math.min(maxLine, 1 << 16))
  try {
    for await (const chunk of chunks) {
      const whole = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      for (let at = 0; at < whole.length; at += size) {
        takePiece(whole.subarray(at, at + size))
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
