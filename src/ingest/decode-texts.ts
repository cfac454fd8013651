const BITS = 16
/** 2^32 over the golden ratio: neighbours lie far apart */
const SPREAD = 0x9e3779b1

/**
 * Texts that come again and again, patients' keys above all, each made once: the same text is the same string, whose hash is known
 * and which nobody has to compare. A place holds the newest of those that share it, so that what never comes again is let go.
 */
export class KnownTexts {
  readonly #places = new Array<string | undefined>(1 << BITS)

  /**
   * @param bytes ASCII
   * @param hash of the bytes from `from` to `to`, 32 bits
   */
  of(bytes: Buffer, from: number, to: number, hash: number): string {
    const place = Math.imul(hash, SPREAD) >>> (32 - BITS)
    const known = this.#places[place]
    if (known !== undefined && isAt(known, bytes, from, to)) return known
    const text = bytes.toString('latin1', from, to)
    this.#places[place] = text
    return text
  }
}

function isAt(text: string, bytes: Buffer, from: number, to: number): boolean {
  if (text.length !== to - from) return false
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[from + i]) return false
  return true
}
