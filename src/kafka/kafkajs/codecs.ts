import { promisify } from 'node:util'
import * as zlib from 'node:zlib'
import { gunzip as gunzipCallback, gzip as gzipCallback } from 'node:zlib'
import { Decompress } from 'fzstd'
import { compressFrame, decompressFrame } from 'lz4-napi'
import { compress as compressSnappy, uncompress as uncompressSnappy } from 'snappy'
import { VigilError } from '../../errors.ts'
import { withPatience } from '../../ingest/patience.ts'
import { CompressionCodecs, CompressionTypes } from './library.ts'

/** A batch as the broker takes it is about 1 MB; one that grows beyond this is a bomb or damaged. */
const MOST_BYTES = 256 << 20

/** First bytes of xerial's framing, which Java producers put around snappy. */
const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
/** bytes of the magic number and two version numbers */
const XERIAL_HEADER = 16
/** bytes of one block as xerial writes them */
const XERIAL_BLOCK = 32 << 10

/** Length that a raw snappy block says it has when it is unpacked: a varint. */
function snappyLength(block: Buffer): number {
  let length = 0
  for (let at = 0; at < 5; at++) {
    const byte = block[at]
    if (byte === undefined) break
    length += (byte & 0x7f) * 2 ** (7 * at)
    if (byte < 0x80) return length
  }
  throw new Error('no snappy block')
}

async function snappyBlock(block: Buffer): Promise<Buffer> {
  if (snappyLength(block) > MOST_BYTES) throw new Error('the batch grows beyond all bounds')
  return (await uncompressSnappy(block, { asBuffer: true })) as Buffer
}

/** Snappy as one raw block (librdkafka, Go) or in xerial's framing (Java). */
export async function unsnappy(data: Buffer): Promise<Buffer> {
  if (!data.subarray(0, XERIAL.length).equals(XERIAL)) return snappyBlock(data)
  const parts: Buffer[] = []
  for (let at = XERIAL_HEADER; at < data.length; ) {
    const length = data.readInt32BE(at)
    const end = at + 4 + length
    if (length < 0 || end > data.length) throw new Error('a snappy block is cut')
    parts.push(await snappyBlock(data.subarray(at + 4, end)))
    at = end
  }
  return Buffer.concat(parts)
}

/** Snappy in xerial's framing, as Java reads it. */
export async function snappy(data: Buffer): Promise<Buffer> {
  const header = Buffer.alloc(XERIAL_HEADER)
  XERIAL.copy(header)
  header.writeInt32BE(1, 8)
  header.writeInt32BE(1, 12)
  const parts: Buffer[] = [header]
  for (let at = 0; at < data.length; at += XERIAL_BLOCK) {
    const block = await compressSnappy(data.subarray(at, at + XERIAL_BLOCK))
    const length = Buffer.alloc(4)
    length.writeInt32BE(block.length)
    parts.push(length, block)
  }
  return Buffer.concat(parts)
}

type Unzstd = (
  data: Buffer,
  options: { maxOutputLength: number },
  done: (error: Error | null, out: Buffer) => void,
) => void
/** Node's own from 22.15 on */
const native = (zlib as unknown as { zstdDecompress?: Unzstd }).zstdDecompress

/** Zstandard in plain JavaScript, a chunk at a time so that a bomb is noticed. */
function unzstdPlain(data: Buffer): Buffer {
  const parts: Uint8Array[] = []
  let bytes = 0
  let whole = false
  const stream = new Decompress((part, final) => {
    bytes += part.length
    if (bytes > MOST_BYTES) throw new Error('the batch grows beyond all bounds')
    parts.push(part.slice())
    whole ||= final === true
  })
  // on damaged tables the decoder may go round for ever (fzstd 0.1.1)
  withPatience(() => stream.push(data, true))
  if (!whole) throw new Error('the batch is cut')
  return Buffer.concat(parts)
}

export async function unzstd(data: Buffer): Promise<Buffer> {
  if (!native) return unzstdPlain(data)
  return new Promise((resolve, reject) =>
    native(data, { maxOutputLength: MOST_BYTES }, (error, out) => (error ? reject(error) : resolve(out))),
  )
}

const gzip = promisify(gzipCallback)
const gunzip = (data: Buffer) =>
  promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzipCallback as never)(data, { maxOutputLength: MOST_BYTES })

export async function unlz4(data: Buffer): Promise<Buffer> {
  return decompressFrame(data)
}

type Decode = (data: Buffer) => Promise<Buffer>
type Encode = (data: Buffer) => Promise<Buffer>

function codec(name: string, encode: Encode | undefined, decode: Decode) {
  return () => ({
    async compress({ buffer }: { buffer: Buffer }): Promise<Buffer> {
      if (!encode) throw new VigilError('kafka-unsupported', `writing ${name} is not built in`)
      return encode(buffer)
    },
    async decompress(data: Buffer): Promise<Buffer> {
      try {
        return await decode(data)
      } catch (cause) {
        // A broker checks a batch before it takes it, so this one was damaged on its disk or on the way.
        throw new VigilError('kafka-failed', `a batch compressed with ${name} is damaged`, { cause })
      }
    },
  })
}

/** Teach kafkajs every compression that a producer may use; a batch of an unknown one would end the consumer. */
export function registerCodecs(): void {
  CompressionCodecs[CompressionTypes.GZIP] = codec('gzip', (data) => gzip(data), gunzip)
  CompressionCodecs[CompressionTypes.Snappy] = codec('snappy', snappy, unsnappy)
  CompressionCodecs[CompressionTypes.LZ4] = codec('lz4', (data) => compressFrame(data), unlz4)
  CompressionCodecs[CompressionTypes.ZSTD] = codec('zstd', undefined, unzstd)
}
