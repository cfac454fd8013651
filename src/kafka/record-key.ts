/**
 * Whether the bytes are the text in UTF-8, and the text nothing but what the bytes say: a lone surrogate, which UTF-8
 * cannot hold, is the key of no record, so that no two patients share one.
 * @param from where the key begins and ends in the bytes: it is all of them
 */
export function isKeyOf(bytes: Buffer, text: string, from = 0, to = bytes.length): boolean {
  const length = text.length
  if (to - from === length) {
    let at = 0
    while (at < length && bytes[from + at] === text.charCodeAt(at) && bytes[from + at]! < 128) at++
    if (at === length) return true
  } else if (to - from < length) return false
  return bytes.toString('utf8', from, to) === text && Buffer.from(text).equals(bytes.subarray(from, to))
}
