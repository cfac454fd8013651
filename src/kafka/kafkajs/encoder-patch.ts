/** The part of kafkajs' Encoder that the patch touches. */
export interface Encoder {
  buf: Buffer
  offset: number
  ensureAvailable(length: number): void
}

/** Bytes from which on what is written is a batch of records, behind which little follows. */
const LARGE = 4096
/** Room behind it. */
const ROOM = 512

/**
 * A request holds its batches once. kafkajs 2.2.4 copies a batch into the partition's buffer, that into the topic's, that into
 * the request's and that behind its length, each of the next power of two bytes and filled with zeros first: of half a megabyte
 * of states four whole ones, and collecting garbage counts all of it.
 */
export function patchEncoder({ prototype }: { readonly prototype: Encoder }): void {
  const { ensureAvailable } = prototype
  prototype.ensureAvailable = function ensureRoom(this: Encoder, length: number) {
    const needed = this.offset + length
    if (length < LARGE || needed <= this.buf.length) return ensureAvailable.call(this, length)
    const { buf, offset } = this
    this.buf = Buffer.allocUnsafe(needed + ROOM)
    buf.copy(this.buf, 0, 0, offset)
  }
}
