/**
 * Whether the bytes are the text in UTF-8, and the text nothing but what the bytes say: a lone surrogate, which UTF-8
 * cannot hold, is the key of no record, so that no two patients share one.
 */
export function isKeyOf(key: Buffer, text: string): boolean {
  const length = text.length
  if (key.length === length) {
    let at = 0
    while (at < length && key[at] === text.charCodeAt(at) && key[at]! < 128) at++
    if (at === length) return true
  } else if (key.length < length) return false
  return key.toString() === text && Buffer.from(text).equals(key)
}
