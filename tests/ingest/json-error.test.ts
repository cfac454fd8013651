import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jsonErrorAt } from '../../src/ingest/json-error.ts'

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const mutated = fc
  .tuple(
    fc.json(),
    fc.nat(),
    fc.constantFrom('', ',', '"', '}', ']', '\\', '\n', '0', '-', '.', 'e', 'NaN', '\\u12', ':'),
  )
  .map(([text, at, junk]) => {
    const where = at % (text.length + 1)
    return text.slice(0, where) + junk + text.slice(where + (at % 2))
  })

test('finds an error exactly where JSON.parse finds one', () => {
  fc.assert(
    fc.property(fc.oneof(mutated, fc.json(), fc.string()), (text) => {
      expect(jsonErrorAt(text) === undefined).toBe(isJson(text))
    }),
    { numRuns: 5000 },
  )
})

test('points at the first character that cannot stand there', () => {
  const cases: [text: string, offset: number][] = [
    ['{"hr":NaN}', 6],
    ['{"hr":-Infinity}', 6],
    ['{"hr":1,}', 8],
    ['{"hr" 1}', 6],
    ['{"hr":1', 7],
    ['[1 2]', 3],
    ['{"a":"b\nc"}', 7],
    ['{} x', 3],
    ["{'a':1}", 1],
    ['', 0],
    ['{"a":01}', 6],
  ]
  for (const [text, offset] of cases) expect([text, jsonErrorAt(text)]).toEqual([text, offset])
})

test('depth costs no stack', () => {
  expect(jsonErrorAt('['.repeat(300_000))).toBe(300_000)
})
