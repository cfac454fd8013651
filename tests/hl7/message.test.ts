import { Hl7Message } from '@medplum/core'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { componentOf, escaped, fieldOf, type Message, parseMessage, USUAL, unescaped } from '../../src/hl7/message.ts'
import { adt, oru } from './messages.ts'

function parsed(text: string): Message {
  const message = parseMessage(text)
  if ('malformed' in message) throw new Error(message.malformed)
  return message
}

/** texts without a delimiter, a line end or an escape */
const plain = fc.string({ maxLength: 12 }).filter((it) => !/[|^~\\&\r\n\0]/.test(it) && it === it.trim())
const field = fc
  .array(
    fc.array(plain, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('^')),
    { minLength: 1, maxLength: 3 },
  )
  .map((parts) => parts.join('~'))
const segment = fc
  .tuple(
    fc.stringMatching(/^[A-Z][A-Z0-9]{2}$/).filter((it) => it !== 'MSH'),
    fc.array(field, { maxLength: 20 }),
  )
  .map(([name, fields]) => [name, ...fields].join('|'))

test('takes any message apart as @medplum/core does', () => {
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 12 }), (segments) => {
      const text = ['MSH|^~\\&|A|B|||20260101||ORU^R01|1|P|2.6', ...segments].join('\r')
      const ours = parsed(text)
      const theirs = Hl7Message.parse(text)
      expect(ours.segments.map(({ name }) => name)).toEqual(theirs.segments.map(({ name }) => name))
      ours.segments.forEach((it, i) => {
        for (let n = 1; n <= 20; n++) {
          for (let c = 1; c <= 4; c++) {
            const wanted = theirs.segments[i]!.getField(n)?.components[0]?.[c - 1] ?? ''
            if (it.name === 'MSH' && n <= 2) continue
            expect(componentOf(fieldOf(it, n), c, ours.delimiters)).toBe(wanted === '""' ? '' : wanted)
          }
        }
      })
    }),
  )
})

test('takes real messages apart as @medplum/core does', () => {
  for (const text of [oru(), adt('A01'), adt('A40', { more: ['MRG|OLD-1^^^Hospital^MR'] })]) {
    const theirs = Hl7Message.parse(text)
    for (const segment of parsed(text).segments) {
      const other = theirs.getSegment(segment.name)!
      segment.fields.forEach((it, n) => {
        if (n > 0 && !(segment.name === 'MSH' && n <= 2)) expect(it).toBe(other.getField(n)?.toString() ?? '')
      })
    }
  }
})

test('never throws, whatever comes', () => {
  fc.assert(fc.property(fc.string(), (text) => void parseMessage(text)))
  fc.assert(fc.property(fc.string(), (text) => void parseMessage(`MSH${text}`)))
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('M', 'S', 'H', '|', '^', '~', '\\', '&', '\r', 'X', '0') }),
      (text) => void parseMessage(text),
    ),
  )
})

test('a text that was escaped is the same again', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '|', '^', '~', '\\', '&', '\r', '\n', 'é') }), (text) => {
      const written = escaped(text, USUAL)
      expect(written).not.toMatch(/[|^~&\r\n]/)
      expect(unescaped(written, USUAL)).toBe(text)
    }),
  )
})

test.each([
  ['', 'does not begin with MSH'],
  ['PID|1', 'does not begin with MSH'],
  ['MSH', 'no delimiters'],
  ['MSH|', 'no delimiters'],
  ['MSH||A', 'no delimiters'],
  ['MSH|^~^&|A', 'cannot be told apart'],
  ['MSH|a~\\&|A', 'cannot be told apart'],
  ['MSH|^~\\&|A\rpid|1', 'segment 2 has no name'],
  ['MSH|^~\\&|A\rPID lives here', 'segment 2 has no name'],
])('refuses %j', (text, why) => {
  expect(parseMessage(text)).toEqual({ malformed: expect.stringContaining(why) })
})

test('reads other delimiters, few of them, and line feeds', () => {
  const other = parsed('MSH#*!%?#A#B\r\nOBX#1#NM#a%F%b*c!d')
  expect(other.segments.map(({ name }) => name)).toEqual(['MSH', 'OBX'])
  expect(componentOf(fieldOf(other.segments[1]!, 3), 1, other.delimiters)).toBe('a#b')
  expect(componentOf(fieldOf(other.segments[1]!, 3), 2, other.delimiters)).toBe('c')
  expect(parsed('MSH|^|A').delimiters).toEqual(USUAL)
})
