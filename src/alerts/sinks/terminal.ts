import type { Writable } from 'node:stream'
import { VigilError } from '../../errors.ts'
import type { Output, Sink } from '../../stream/ports.ts'
import type { AlertBody, Priority } from '../../vitals/alert.ts'

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

/** One alert event as one readable line, without its newline. */
export function alertLine(body: AlertBody, colour: boolean): string {
  const time = new Date(body.times.event).toISOString().slice(11, 19)
  const [symbol, word, code] = MARKS[body.priority]
  const mark = `${symbol} ${word.padEnd(6)}`
  const shown = colour && body.state !== 'inactive' ? `\u001b[${code}m${mark}\u001b[0m` : mark
  const who = printable(place(body.subject))
  return `${time}  ${shown}  ${who.padEnd(8)}  ${body.phase.padEnd(10)}  ${printable(body.label)}  [${body.code}]`
}

/**
 * Alerts on a terminal. Colour where the stream is a terminal, unless `NO_COLOR` is set (no-color.org).
 * Other outputs are not shown.
 * @param environment usually `process.env`
 */
export function terminalSink(
  stream: Writable & { readonly isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
): Sink {
  const colour = stream.isTTY === true && !environment['NO_COLOR']
  return {
    name: 'terminal',
    deliver(outputs: readonly Output[]): Promise<void> {
      let text = ''
      for (const output of outputs) if (output.kind === 'alert') text += `${alertLine(output.envelope.body, colour)}\n`
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
