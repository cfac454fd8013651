import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { advance, endAll, NO_ALERTS } from '../../../src/alerts/lifecycle.ts'
import { alertLine, terminalSink } from '../../../src/alerts/sinks/terminal.ts'
import type { Output } from '../../../src/stream/ports.ts'
import type { AlertBody } from '../../../src/vitals/alert.ts'
import type { JournalEntry } from '../../../src/vitals/journal.ts'
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

test('what began and calls nobody says why', () => {
  const signal = { ...body.signal, call: 'muted' as const, mutedUntil: T0 + 60_000 }
  expect(alertLine({ ...body, signal }, false)).toMatch(/\[unexpected\] {2}\(nobody is called: muted until 12:05:10\)$/)
  expect(alertLine({ ...body, phase: 'continue', signal }, false)).toMatch(/\[unexpected\]$/)
  expect(alertLine({ ...body, signal: { ...signal, call: 'silenced' } }, false)).toContain('told of it shortly before')
})

test('admissions, transfers, discharges and mutes are lines of the bed they are about', async () => {
  const screen = new Screen(false)
  const sink = terminalSink(screen, {})
  const base = { kind: 'journal' as const, patientKey: 'p-7', at: T0, afterOffset: 0 }
  const entries: JournalEntry[] = [
    { ...base, entry: 'admit', encounter: 'e', unit: 'ICU', bed: '7\u001b' },
    { ...base, entry: 'mute', by: 'nurse', until: T0 + 60_000 },
    { ...base, entry: 'transfer', unit: 'HDU', bed: '1' },
    { ...base, entry: 'feedback', alertId: 'a'.repeat(32), by: 'nurse', verdict: 'true' },
    { ...base, entry: 'discharge' },
    { ...base, entry: 'unmute', by: 'nurse' },
  ]
  await sink.deliver(entries.map((entry) => ({ kind: 'journal', entry, partition: 0 })))
  expect(screen.text.trimEnd().split('\n')).toEqual([
    '12:04:10  -   WARD    ICU 7?    admit       a patient is admitted: the network begins cold',
    '12:04:10  -   WARD    ICU 7?    mute        muted for a procedure until 12:05:10',
    '12:04:10  -   WARD    ICU 7?    transfer    the patient moves to HDU 1: the network goes along',
    '12:04:10  -   WARD    HDU 1     discharge   the patient is discharged',
    '12:04:10  -   WARD    p-7       unmute      muted no more',
  ])
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
