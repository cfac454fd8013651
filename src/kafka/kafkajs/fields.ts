/** Reads the fields of an answer in turn. */
export class Fields {
  readonly #data: Buffer
  #at = 0

  constructor(data: Buffer) {
    this.#data = data
  }

  #step(bytes: number): number {
    const at = this.#at
    this.#at += bytes
    return at
  }

  int16(): number {
    return this.#data.readInt16BE(this.#step(2))
  }

  int32(): number {
    return this.#data.readInt32BE(this.#step(4))
  }

  int64(): bigint {
    return this.#data.readBigInt64BE(this.#step(8))
  }

  bytes(length: number): Buffer {
    const at = this.#step(Math.max(0, length))
    return this.#data.subarray(at, this.#at)
  }

  text(): string {
    return this.bytes(this.int16()).toString()
  }

  /** Bytes that say their length, with it. */
  lengthAndBytes(): Buffer {
    const at = this.#at
    this.bytes(this.int32())
    return this.#data.subarray(at, this.#at)
  }
}
