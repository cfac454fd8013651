import { basename } from 'node:path'
import { VigilError } from '../../errors.ts'

export interface TarEntry {
  /** the file's own name, without folders */
  readonly name: string
  /** with its folders, as the archive has it */
  readonly path: string
  readonly bytes: Uint8Array
}

const BLOCK = 512
/** one patient's file is some kB; a header that says more than this is no header */
const LARGEST = 64 << 20
const REGULAR = new Set(['0', '\0', ''])

/**
 * The regular files of a tar stream (POSIX ustar), one in memory at a time; folders, links and extension headers are
 * passed over, and so are the `._` files some systems add.
 * @throws VigilError recording-unreadable where it is no tar, or ends within a file
 */
export async function* untar(chunks: AsyncIterable<Uint8Array>, place: string): AsyncGenerator<TarEntry> {
  const source = reader(chunks)
  for (;;) {
    const header = await source.take(BLOCK)
    if (header.length === 0 || header.every((byte) => byte === 0)) return
    if (header.length < BLOCK || !checksumFits(header)) throw damaged(place)
    const size = Number.parseInt(ascii(header, 124, 12).trim() || '0', 8)
    if (!(size >= 0 && size <= LARGEST)) throw damaged(place)
    const bytes = await source.take(size)
    const padding = (BLOCK - (size % BLOCK)) % BLOCK
    if (bytes.length < size || (await source.take(padding)).length < padding) throw damaged(place)
    const path = ascii(header, 0, 100)
    const name = basename(path)
    if (REGULAR.has(ascii(header, 156, 1)) && !name.startsWith('._')) yield { name, path, bytes }
  }
}

function damaged(place: string): VigilError {
  return new VigilError('recording-unreadable', 'the archive is damaged or cut short', { place })
}

function ascii(bytes: Uint8Array, from: number, length: number): string {
  const end = bytes.indexOf(0, from)
  return Buffer.from(bytes.subarray(from, end < 0 ? from + length : Math.min(end, from + length))).toString('latin1')
}

/** Sum of all bytes of the header, its own field counted as spaces. */
function checksumFits(header: Uint8Array): boolean {
  let sum = 0
  for (let i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? 0x20 : header[i]!
  return sum === Number.parseInt(ascii(header, 148, 8).trim(), 8)
}

/** Exactly so many bytes of a stream at a time; fewer only at its end. */
function reader(chunks: AsyncIterable<Uint8Array>): { take(count: number): Promise<Uint8Array> } {
  const iterator = chunks[Symbol.asyncIterator]()
  let rest: Uint8Array = new Uint8Array(0)
  return {
    async take(count) {
      const out = new Uint8Array(count)
      let filled = 0
      while (filled < count) {
        if (rest.length === 0) {
          const next = await iterator.next()
          if (next.done === true) return out.subarray(0, filled)
          rest = next.value
        }
        const piece = rest.subarray(0, count - filled)
        out.set(piece, filled)
        filled += piece.length
        rest = rest.subarray(piece.length)
      }
      return out
    },
  }
}
