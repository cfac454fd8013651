import { Decompress } from 'fzstd'
import { withPatience } from './patience.ts'

/** Compressed bytes given to the decoder at once: a block of four bytes may be one of 128 KB, so a piece is at most 64 MB. */
const PIECE = 2048
/** The largest window, as of `zstd --long`; a header may ask for two gigabytes. */
const MOST_WINDOW = 128 << 20

export const isZstd = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x28 && bytes[1] === 0xb5 && bytes[2] === 0x2f && bytes[3] === 0xfd

/** Bytes of the window that the first frame asks for (RFC 8878, 3.1.1.1): that of its header, or all of its content. */
function windowOf(frame: Buffer): number {
  const told = frame[4]!
  if ((told & 0x20) !== 0) {
    const at = 5 + [0, 1, 2, 4][told & 3]!
    const bytes = 1 << (told >> 6)
    if (frame.length < at + 8) return 0
    return bytes === 8 ? Number(frame.readBigUInt64LE(at)) : frame.readUIntLE(at, bytes)
  }
  const [exponent, mantissa] = [frame[5]! >> 3, frame[5]! & 7]
  const base = 2 ** (10 + exponent)
  return base + (base / 8) * mantissa
}

/**
 * The unpacked bytes of a Zstandard stream, one frame or several; everything that can be unpacked comes before the error
 * of a damaged or cut one. A frame's checksum is not verified.
 */
export async function* unzstd(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const unpacked: Uint8Array[] = []
  // the decoder goes on writing where it gave from
  const decoder = new Decompress((part) => unpacked.push(part.slice()))
  let first = true
  let failure: unknown
  const push = (piece: Uint8Array, last: boolean) => {
    try {
      withPatience(() => decoder.push(piece, last))
    } catch (error) {
      failure = error
    }
  }
  for await (const chunk of chunks) {
    if (
      first &&
      chunk.length > 5 &&
      windowOf(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)) > MOST_WINDOW
    )
      throw zstdError('a window of more than 128 MB')
    first = false
    for (let at = 0; at < chunk.length && failure === undefined; at += PIECE) {
      push(chunk.slice(at, at + PIECE), false)
      yield* unpacked.splice(0)
    }
    if (failure !== undefined) break
  }
  if (failure === undefined) push(new Uint8Array(0), true)
  yield* unpacked.splice(0)
  if (failure !== undefined)
    throw zstdError((failure as Error).message.includes('EOF') ? 'cut short' : 'damaged', failure)
}

function zstdError(what: string, cause?: unknown): Error {
  return Object.assign(new Error(what, { cause }), { code: `ZSTD: ${what}` })
}
