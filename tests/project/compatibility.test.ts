import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { breaking, breakingHttp, breakingTopics, breaks, DIRECTIONS } from '../../scripts/compatibility.js'
import { RELEASED } from '../../scripts/contracts.js'
import { openApi } from '../../src/http/openapi.ts'
import { asyncApi } from '../../src/kafka/asyncapi.ts'
import { contracts } from '../../src/vitals/contracts.ts'

const released = JSON.parse(readFileSync(RELEASED, 'utf8')) as { version: string; documents: Record<string, object> }
const now = JSON.parse(
  JSON.stringify({ ...Object.fromEntries(contracts()), 'openapi.json': openApi(), 'asyncapi.json': asyncApi() }),
)

test('what breaks whoever spoke to the last release stands in the changelog, each as a contract change', () => {
  const [, unreleased] = /## \[Unreleased\]([\s\S]*?)(?=\n## \[|$)/.exec(readFileSync('CHANGELOG.md', 'utf8'))!
  const accepted = [...unreleased!.matchAll(/\*\*Contract change:\*\* `([^`]+)`/g)].map(([, sentence]) => sentence)
  const found = breaks(released.documents, now)
  expect(found.filter((it) => !accepted.includes(it))).toEqual([])
  // and what is accepted is really so
  expect(accepted.filter((it) => !found.includes(it!))).toEqual([])
})

test('every contract has a direction, and the last release has them all', () => {
  const names = [...contracts().keys()]
  expect(Object.keys(DIRECTIONS).toSorted()).toEqual(names.toSorted())
  expect(Object.keys(released.documents)).toHaveLength(names.length + 2)
})

const object = <P extends object>(properties: P, required: readonly string[] = []) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
})
const text = { type: 'string' }
const before = object({ a: text, b: { type: 'number', minimum: 0 }, c: { enum: ['x', 'y'] } }, ['a'])
const of = (change: object, required: readonly string[] = ['a']) =>
  object({ ...before.properties, ...change }, required)
const withoutB = object({ a: text, c: before.properties.c }, ['a'])

describe('what Vigil reads', () => {
  test.each([
    ['the same', before, []],
    ['one more key that may be absent', of({ d: text }), []],
    [
      'a wider type, a lower bound, another value',
      of({ a: { type: ['string', 'null'] }, b: { type: 'number' }, c: { enum: ['x', 'y', 'z'] } }),
      [],
    ],
    ['a removed key', withoutB, ['asks more, r/b: is not known']],
    ['a key that is required now', of({}, ['a', 'b']), ['asks more, r/b: may be absent where it is required']],
    ['a narrower type', of({ b: { type: 'integer', minimum: 0 } }), ['asks more, r/b: type "number" for "integer"']],
    ['a higher bound', of({ b: { type: 'number', minimum: 1 } }), ['asks more, r/b: minimum 0 for 1']],
    ['a pattern', of({ a: { type: 'string', pattern: '^x' } }), ['asks more, r/a: pattern none for ^x']],
    ['a value less', of({ c: { enum: ['x'] } }), ['asks more, r/c: "y" for one of ["x"]']],
  ])('%s', (_, after, found) => {
    expect(breaking(before, after, 'read', 'r')).toEqual(found)
  })
})

describe('what Vigil writes', () => {
  test.each([
    ['the same', before, []],
    ['one more key: readers pass over it', of({ d: text }), []],
    ['a value less, a key that is always there now', of({ c: { enum: ['x'] } }, ['a', 'b']), []],
    ['a removed key', withoutB, ['says less, w/b: is gone']],
    ['a key that may be absent now', of({}, []), ['says other, w/a: may be absent where it is required']],
    ['another type', of({ a: { type: ['string', 'null'] } }), ['says other, w/a: type ["string","null"] for "string"']],
    ['a new value', of({ c: { enum: ['x', 'y', 'z'] } }), ['says other, w/c: "z" for one of ["x","y"]']],
  ])('%s', (_, after, found) => {
    expect(breaking(before, after, 'written', 'w')).toEqual(found)
  })

  test('a kind of entry that is never written again, and keys within a kind', () => {
    const kind = (name: string, more: object = {}) => object({ kind: { const: name }, ...more }, ['kind'])
    const union = { oneOf: [kind('a', { x: text }), kind('b')] }
    expect(breaking(union, { oneOf: [kind('a', { x: text })] }, 'written', 'w')).toEqual([
      'says less, w(kind=b): is never said',
    ])
    expect(breaking(union, { oneOf: [kind('b'), kind('a')] }, 'written', 'w')).toEqual([
      'says less, w(kind=a)/x: is gone',
    ])
  })
})

describe('HTTP and topics', () => {
  type Changed = (it: never) => unknown
  const changed = (document: unknown, change: Changed) => {
    const copy = JSON.parse(JSON.stringify(document))
    change(copy as never)
    return copy
  }
  const api = openApi() as never
  type Paths = Record<string, Record<string, { responses: Record<string, unknown>; parameters: unknown[] }>>
  const http = (change: (paths: Paths) => unknown) =>
    breakingHttp(
      api,
      changed(api, ({ paths }: { paths: never }) => change(paths)),
    )

  test('a route, a parameter, an answer or a kind of action that is gone', () => {
    expect(http(() => {})).toEqual([])
    expect(http((paths) => delete paths['/fhir/Device'])).toEqual(['says less, GET /fhir/Device: is gone'])
    const answers = http((paths) => delete paths['/api/session']!['get']!.responses['200'])
    expect(answers).toEqual(['says less, GET /api/session 200: application/json is gone'])
    const stream = http((paths) => paths['/api/alerts/stream']!['get']!.parameters.shift())
    expect(stream).toEqual([expect.stringMatching(/^asks more, GET \/api\/alerts\/stream\?\w+: is not known$/)])
  })

  test('a topic that turns round or is called otherwise', () => {
    const topics = asyncApi()
    const to = (change: Changed) => breakingTopics(topics, changed(topics, change))
    expect(to(() => {})).toEqual([])
    expect(
      to((it: { operations: { readings: { action: string } } }) => (it.operations.readings.action = 'send')),
    ).toEqual(['says other, topic readings: send for receive'])
    expect(to((it: { channels: { alerts: { address: string } } }) => (it.channels.alerts.address = 'x'))).toEqual([
      'says other, topic alerts: x for vitals.alerts',
    ])
  })
})
