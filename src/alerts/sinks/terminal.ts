import type { Writable } from 'node:stream'
import { VigilError } from '../../errors.ts'
import type { Output, Sink } from '../../stream/ports.ts'
import type { AlertBody, Priority } from '../../vitals/alert.ts'
import type { JournalEntry } from '../../vitals/journal.ts'

/** Priority as a symbol, a word and a colour (SGR code): never by colour alone. Symbols after IEC 60601-1-8. */
const MARKS: Readonly<Record<Priority, readonly [symbol: string, word: string, colour: number]>> = {
  high: ['!!!', 'HIGH', 31],
  medium: ['!! ', 'MEDIUM', 33],
  low: ['!  ', 'LOW', 36],
  info: ['i  ', 'INFO', 34],
}

/** Who the alert is about, as the ward says it: unit and bed; the pseudonym only where no bed is known. */
function place({ unit, bed, patientKey, keyedBy }: AlertBody['subject']): string {
  if (bed === undefined) return patientKey
  const name = [unit, bed].filter((it) => it !== undefined).join(' ')
  return keyedBy === 'bed' ? `${name} (patient unknown)` : name
}

/** A source's text must not move the cursor or colour the screen. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '?')
}

const timeOfDay = (ms: number) => new Date(ms).toISOString().slice(11, 19)

/** Why nobody is called by what began or got worse; empty where somebody is, or was told before. */
function silent({ phase, signal }: AlertBody): string {
  if (phase !== 'start' && phase !== 'escalate') return ''
  if (signal.call === 'muted') return `  (nobody is called: muted until ${timeOfDay(signal.mutedUntil!)})`
  return signal.call === 'silenced' ? '  (nobody is called: told of it shortly before)' : ''
}

/** One alert event as one readable line, without its newline. */
export function alertLine(body: AlertBody, colour: boolean): string {
  const [symbol, word, code] = MARKS[body.priority]
  const mark = `${symbol} ${word.padEnd(6)}`
  const shown = colour && body.state !== 'inactive' ? `\u001b[${code}m${mark}\u001b[0m` : mark
  const who = printable(place(body.subject))
  const said = `${printable(body.label)}  [${body.code}]${silent(body)}`
  return `${timeOfDay(body.times.event)}  ${shown}  ${who.padEnd(8)}  ${body.phase.padEnd(10)}  ${said}`
}

/** What people, or the clock on the wall, do about a bed, in words; undefined where the alerts themselves say it. */
function doing(entry: JournalEntry): string | undefined {
  switch (entry.entry) {
    case 'admit':
      return 'a patient is admitted: the network begins cold'
    case 'transfer':
      return `the patient moves to ${[entry.unit, entry.bed].filter((it) => it !== undefined).join(' ')}: the network goes along`
    case 'discharge':
      return entry.cancelled ? 'the admission was a mistake' : 'the patient is discharged'
    case 'mute':
      return `muted for a procedure until ${timeOfDay(entry.until)}`
    case 'unmute':
      return 'muted no more'
    default:
      return undefined
  }
}

/**
 * An entry of the journal as one readable line, without its newline.
 * @param where the bed, as it was before the entry
 */
export function entryLine(entry: JournalEntry, where: string): string | undefined {
  const what = doing(entry)
  if (what === undefined) return undefined
  return `${timeOfDay(entry.at)}  -   WARD    ${printable(where).padEnd(8)}  ${entry.entry.padEnd(10)}  ${printable(what)}`
}

/**
 * Alerts on a terminal. Colour where the stream is a terminal, unless `NO_COLOR` is set (no-color.org).
 * Admissions, transfers, discharges and mutes are shown, too, by the bed they are about; other outputs are not.
 * @param environment usually `process.env`
 */
export function terminalSink(
  stream: Writable & { readonly isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
): Sink {
  const colour = stream.isTTY === true && !environment['NO_COLOR']
  /** patient -> unit and bed, as admissions and transfers said */
  const places = new Map<string, string>()
  const placed = (entry: JournalEntry): string => {
    const before = places.get(entry.patientKey)
    if (entry.entry === 'discharge' || entry.entry === 'merge' || entry.entry === 'forgotten')
      places.delete(entry.patientKey)
    else if (entry.entry === 'admit' || entry.entry === 'transfer') {
      const { unit, bed, patientKey } = entry
      if (bed !== undefined) places.set(patientKey, [unit, bed].filter((it) => it !== undefined).join(' '))
    }
    const now = entry.entry === 'admit' ? places.get(entry.patientKey) : before
    return now ?? entry.patientKey
  }
  return {
    name: 'terminal',
    deliver(outputs: readonly Output[]): Promise<void> {
      let text = ''
      for (const output of outputs) {
        const line =
          output.kind === 'alert'
            ? alertLine(output.envelope.body, colour)
            : output.kind === 'journal'
              ? entryLine(output.entry, placed(output.entry))
              : undefined
        if (line !== undefined) text += `${line}\n`
      }
      if (text === '') return Promise.resolve()
      return new Promise((resolve, reject) => {
        stream.write(text, (cause) => {
          if (cause)
            reject(new VigilError('sink-failed', 'the terminal took no more lines', { place: 'terminal', cause }))
          else resolve()
        })
      })
    },
    close: () => Promise.resolve(),
  }
}
