import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { advance, endAll, NO_ALERTS } from '../../../src/alerts/lifecycle.ts'
import { alertLine, terminalSink } from '../../../src/alerts/sinks/terminal.ts'
import type { Output } from '../../../src/stream/ports.ts'
import type { AlertBody } from '../../../src/vitals/alert.ts'
import { CONTEXT, condition, T0 } from '../ward.ts'

const started = advance(CONTEXT, NO_ALERTS, [condition()], T0)
const body = started.bodies[0]!
const ended = endAll(CONTEXT, started.open, T0 + 60_000, 'end').bodies[0]!

const output = (it: AlertBody): Output => ({
  kind: 'alert',
  envelope: {
    body: it,
    mode: 'live',
    emitted: 1,
    instance: 'i',
    trace: { source: 's', partition: 0, fromOffset: 0, toOffset: 1 },
  },
})

class Screen extends Writable {
  readonly isTTY: boolean
  text = ''
  constructor(isTTY: boolean) {
    super()
    this.isTTY = isTTY
  }
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

test('one readable line: when, how urgent in symbol and word, where, what', () => {
  expect(alertLine(body, false)).toBe(
    '12:04:10  !!  MEDIUM  ICU 7     start       SpO2 88 %, expected 94 to 98 %, since 12:04:10  [unexpected]',
  )
})

test('colour only adds to symbol and word', () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: SGR sequences are what is looked for
  const plain = (text: string) => text.replaceAll(/\u001b\[\d+m/g, '')
  expect(alertLine(body, true)).not.toBe(alertLine(body, false))
  expect(plain(alertLine(body, true))).toBe(alertLine(body, false))
  expect(alertLine(ended, true)).toBe(alertLine(ended, false))
})

test.each([
  [true, {}, true],
  [true, { NO_COLOR: '1' }, false],
  [true, { NO_COLOR: '' }, true],
  [false, {}, false],
])('a terminal %s with %j is coloured: %s', async (isTTY, environment, coloured) => {
  const screen = new Screen(isTTY)
  const sink = terminalSink(screen, environment)
  await sink.deliver([output(body), output(ended)])
  await sink.close()
  expect(screen.text.includes('\u001b[')).toBe(coloured)
  expect(screen.text.split('\n')).toHaveLength(3)
})

test('a bed name cannot move the cursor', () => {
  const sly = { ...body, subject: { patientKey: 'p', keyedBy: 'patient' as const, bed: '7\u001b[2J\n' } }
  expect(alertLine(sly, false)).toContain('7?[2J?')
})

test('a patient known only by the bed is said to be unknown', () => {
  const subject = { patientKey: 'bed:ICU/7', keyedBy: 'bed' as const, unit: 'ICU', bed: '7' }
  expect(alertLine({ ...body, subject }, false)).toContain('ICU 7 (patient unknown)')
})

test('a bed that is not known is named by its pseudonym', () => {
  expect(alertLine({ ...body, subject: { patientKey: 'p-77', keyedBy: 'patient' } }, false)).toContain('p-77')
})

test('a terminal that is gone is a coded error', async () => {
  const screen = new Screen(false)
  screen.on('error', () => {})
  screen.destroy()
  await expect(terminalSink(screen, {}).deliver([output(body)])).rejects.toMatchObject({ code: 'sink-failed' })
})
