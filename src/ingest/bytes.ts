import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { VigilError } from '../errors.ts'
import { isZstd, unzstd } from './zstd.ts'

/** Compressed bytes given to zlib at once: deflate expands at most 1032 times, so one piece is at most 8 MB of text. */
const PIECE = 8192

function unreadable(path: string, cause: unknown): VigilError {
  const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
  const what = /^Z_BUF_ERROR$/.test(why) ? 'the gzip file is cut short' : `cannot be read (${why})`
  return new VigilError('recording-unreadable', what, { place: path, cause })
}

/** The unpacked bytes of a gzip stream; everything that can be unpacked comes before the error of a damaged one. */
async function* gunzipped(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip()
  const unpacked: Uint8Array[] = []
  let failure: unknown
  let wake = () => {}
  const closed = new Promise<void>((resolve) => gunzip.once('close', resolve))
  gunzip.once('close', () => wake())
  gunzip.on('data', (chunk: Uint8Array) => unpacked.push(chunk))
  gunzip.on('error', (error) => {
    failure = error
  })
  try {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length && failure === undefined; at += PIECE) {
        // a write that fails never calls back; the stream closes instead
        await new Promise<void>((resolve) => {
          wake = resolve
          gunzip.write(chunk.subarray(at, at + PIECE), () => resolve())
        })
        yield* unpacked.splice(0)
      }
      if (failure !== undefined) break
    }
    gunzip.end()
    await closed
    yield* unpacked.splice(0)
  } finally {
    gunzip.destroy()
  }
  if (failure !== undefined) throw failure
}

/**
 * The bytes of a file, unpacked where it is gzip or Zstandard (by its first bytes, whatever its name). Memory is bounded.
 * @throws VigilError recording-unreadable, after everything that could be read
 */
export async function* fileBytes(path: string): AsyncGenerator<Uint8Array> {
  const stream = createReadStream(path, { highWaterMark: 1 << 18 })
  try {
    const chunks: AsyncIterator<Uint8Array> = stream[Symbol.asyncIterator]()
    const first = await chunks.next()
    if (first.done === true) return
    async function* all(): AsyncGenerator<Uint8Array> {
      yield first.value
      for (;;) {
        const next = await chunks.next()
        if (next.done === true) return
        yield next.value
      }
    }
    if (first.value[0] === 0x1f && first.value[1] === 0x8b) yield* gunzipped(all())
    else yield* isZstd(first.value) ? unzstd(all()) : all()
  } catch (cause) {
    throw unreadable(path, cause)
  } finally {
    stream.destroy()
  }
}
