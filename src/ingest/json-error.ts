const WORDS = ['true', 'false', 'null']
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const ESCAPES = '"\\/bfnrt'
const HEX = /[0-9a-fA-F]{4}/y

function skipBlank(text: string, from: number): number {
  let at = from
  while (at < text.length && ' \t\n\r'.includes(text[at]!)) at++
  return at
}

function matched(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  return pattern.test(text) ? pattern.lastIndex : -1
}

/** The end of the string that opens at `from`, or minus the offset of its error, minus one. */
function skipString(text: string, from: number): number {
  let at = from + 1
  while (at < text.length) {
    const char = text[at]!
    if (char === '"') return at + 1
    if (char < ' ') return -at - 1
    if (char !== '\\') at++
    else if (text[at + 1] === 'u') {
      if (matched(HEX, text, at + 2) < 0) return -at - 1
      at += 6
    } else if (at + 1 < text.length && ESCAPES.includes(text[at + 1]!)) at += 2
    else return -at - 1
  }
  return -text.length - 1
}

/** The end of the string, number or word at `from`, or minus the offset of its error, minus one. */
function skipScalar(text: string, from: number): number {
  if (text[from] === '"') return skipString(text, from)
  const word = WORDS.find((candidate) => text.startsWith(candidate, from))
  if (word !== undefined) return from + word.length
  const end = matched(NUMBER, text, from)
  return end < 0 ? -from - 1 : end
}

/**
 * Where a text stops being JSON: the offset of its first wrong character (its length when it just ends), or undefined
 * when it is JSON. V8's messages name the place only for some errors, and quote the text, which may name a patient.
 */
export function jsonErrorAt(text: string): number | undefined {
  const open: string[] = []
  let at = skipBlank(text, 0)
  let wants: 'value' | 'first-value' | 'key' | 'first-key' | 'next' = 'value'
  for (;;) {
    const char = text[at]
    if (wants === 'next' && open.length === 0) return at === text.length ? undefined : at
    if (char === undefined) return at
    const closer = open.at(-1) === '{' ? '}' : ']'
    if (wants !== 'value' && wants !== 'key' && open.length > 0 && char === closer) {
      open.pop()
      wants = 'next'
      at++
    } else if (wants === 'next') {
      if (char !== ',') return at
      wants = closer === '}' ? 'key' : 'value'
      at++
    } else if (wants === 'key' || wants === 'first-key') {
      if (char !== '"') return at
      const end = skipString(text, at)
      if (end < 0) return -end - 1
      at = skipBlank(text, end)
      if (text[at] !== ':') return at
      wants = 'value'
      at++
    } else if (char === '{' || char === '[') {
      open.push(char)
      wants = char === '{' ? 'first-key' : 'first-value'
      at++
    } else {
      const end = skipScalar(text, at)
      if (end < 0) return -end - 1
      wants = 'next'
      at = end
    }
    at = skipBlank(text, at)
  }
}
