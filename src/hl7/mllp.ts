import { VigilError } from '../errors.ts'

/**
 * MLLP (HL7 Implementation Guide, "Minimal Lower Layer Protocol"): a message stands between VT and FS CR. Bytes come in
 * chunks of any size; what stands between two messages is passed over and counted.
 */
const VT = 0x0b
const FS = 0x1c
const CR = 0x0d
const LF = 0x0a

/** Bytes of the longest message, unless told otherwise. */
export const LARGEST_MESSAGE = 1_000_000
/** Bytes outside any message after which the peer is taken for something else than an MLLP sender. */
const MOST_STRAY = 1024

/** A message between its frame bytes. */
export function framed(text: string): Buffer {
  return Buffer.concat([Buffer.of(VT), Buffer.from(text), Buffer.of(FS, CR)])
}

/** Takes chunks and gives whole messages. Memory is bounded by the largest message. */
export class MllpDecoder {
  readonly #largest: number
  #parts: Buffer[] | undefined
  #size = 0
  #stray = 0
  #cut = 0

  constructor(largest = LARGEST_MESSAGE) {
    this.#largest = largest
  }

  /** whether a message has begun and not ended */
  get open(): boolean {
    return this.#parts !== undefined
  }

  /** messages that another one began inside of: their ends were lost on the way */
  get cut(): number {
    return this.#cut
  }

  /**
   * @returns the messages that ended in this chunk, in order
   * @throws VigilError `hl7-framing`: a message above the limit, or a peer that does not speak MLLP
   */
  take(chunk: Buffer): Buffer[] {
    const messages: Buffer[] = []
    let at = 0
    while (at < chunk.length) {
      if (this.#parts === undefined) {
        const begin = chunk.indexOf(VT, at)
        this.#pass(chunk.subarray(at, begin < 0 ? chunk.length : begin))
        if (begin < 0) return messages
        this.#parts = []
        this.#size = 0
        at = begin + 1
        continue
      }
      const end = chunk.indexOf(FS, at)
      const again = chunk.subarray(at, end < 0 ? chunk.length : end).lastIndexOf(VT)
      if (again >= 0) {
        // a message never holds VT: the one before was cut
        this.#cut++
        this.#parts = []
        this.#size = 0
        at += again + 1
      }
      const part = chunk.subarray(at, end < 0 ? chunk.length : end)
      this.#size += part.length
      if (this.#size > this.#largest)
        throw new VigilError('hl7-framing', `a message is longer than ${this.#largest} bytes`)
      this.#parts.push(part)
      if (end < 0) return messages
      messages.push(this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts))
      this.#parts = undefined
      this.#stray = 0
      at = end + 1
    }
    return messages
  }

  #pass(bytes: Buffer): void {
    for (const byte of bytes) if (byte !== CR && byte !== LF) this.#stray++
    if (this.#stray > MOST_STRAY) throw new VigilError('hl7-framing', `${this.#stray} bytes stand outside any message`)
  }
}
