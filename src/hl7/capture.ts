/** One thing that stands in a capture: a message between its frame bytes, or what is none. */
export type Captured =
  | { readonly kind: 'message'; readonly bytes: Buffer }
  /** text outside any message; a message that another begins inside of, or the end of the file; one above the limit */
  | { readonly kind: 'stray' | 'cut' | 'too-long' }

const VT = 0x0b
const FS = 0x1c
const CR = 0x0d
const LF = 0x0a
/** Headers and trailers of files and batches (HL7 2.6, 2.10.3): they say nothing of a patient. */
const BATCH = ['FHS', 'BHS', 'BTS', 'FTS']

/**
 * Messages of HL7 v2 out of a file: framed as MLLP sends them, or one after the other, each from its `MSH` to the next; segments
 * end with CR, LF or both. Chunks of any size; memory is bounded by the largest message.
 */
export class CaptureSplitter {
  readonly #largest: number
  /** of the line that is open, and of the message that is open */
  #line: Buffer[] = []
  #lineBytes = 0
  #message: Buffer[] | undefined
  #messageBytes = 0
  /** the message stands between VT and FS */
  #framed = false
  /** what is passed over was said already */
  #passing = false
  #beginning = true
  #out: Captured[] = []

  constructor(largest = 1_000_000) {
    this.#largest = largest
  }

  take(chunk: Buffer): Captured[] {
    let from = 0
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!
      if (byte !== CR && byte !== LF && byte !== VT && byte !== FS) continue
      this.#keep(chunk.subarray(from, at))
      this.#endLine()
      from = at + 1
      if (byte === VT) {
        this.#endMessage(this.#framed)
        this.#framed = true
      } else if (byte === FS) {
        this.#endMessage(false)
        this.#framed = false
      }
    }
    this.#keep(chunk.subarray(from))
    return this.#out.splice(0)
  }

  /** The file ends here. */
  end(): Captured[] {
    this.#endLine()
    this.#endMessage(this.#framed)
    return this.#out.splice(0)
  }

  #keep(piece: Buffer): void {
    this.#lineBytes += piece.length
    if (piece.length > 0 && this.#lineBytes <= this.#largest) this.#line.push(Buffer.from(piece))
  }

  #endLine(): void {
    if (this.#lineBytes === 0) return
    const tooLong = this.#lineBytes > this.#largest
    let line = Buffer.concat(this.#line)
    this.#line = []
    this.#lineBytes = 0
    if (this.#beginning && line.subarray(0, 3).equals(Buffer.of(0xef, 0xbb, 0xbf))) line = line.subarray(3)
    this.#beginning = false
    const name = line.toString('latin1', 0, 3)
    if (name === 'MSH') {
      this.#endMessage(false)
      this.#message = []
      this.#messageBytes = 0
      this.#passing = false
    } else if (BATCH.includes(name) && !this.#framed) {
      this.#endMessage(false)
      return
    }
    if (this.#message === undefined) {
      if (!this.#passing && line.length > 0) this.#out.push({ kind: 'stray' })
      this.#passing = true
      return
    }
    this.#messageBytes += line.length + 1
    if (tooLong || this.#messageBytes > this.#largest) {
      this.#out.push({ kind: 'too-long' })
      this.#message = undefined
      this.#passing = true
    } else this.#message.push(line, Buffer.of(CR))
  }

  #endMessage(cut: boolean): void {
    if (this.#message === undefined) return
    this.#out.push(cut ? { kind: 'cut' } : { kind: 'message', bytes: Buffer.concat(this.#message) })
    this.#message = undefined
    this.#passing = false
  }
}
