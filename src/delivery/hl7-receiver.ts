import { readFileSync } from 'node:fs'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { VigilError } from '../errors.ts'
import { componentOf, fieldOf, parseMessage } from '../hl7/message.ts'
import { framed, MllpDecoder } from '../hl7/mllp.ts'
import { alertMessage } from '../hl7/r40.ts'
import type { IdentityOf, Receiver, Refused } from './receiver.ts'

export interface Hl7ReceiverOptions {
  readonly name: string
  readonly host: string
  readonly port: number
  /** PEM file of the authority of the receiver's certificate; TLS when given */
  readonly caFile: string | undefined
  readonly timeoutMs: number
  /** of a receiver that is told record numbers */
  readonly identityOf?: IdentityOf | undefined
}

/** One message on its way: the acknowledgement of its control id is waited for. */
interface Sent {
  readonly control: string
  readonly done: (refused: Refused | undefined) => void
  readonly failed: (error: VigilError) => void
}

/**
 * Alerts as ORU^R40 by MLLP, on one connection that is made when there is something to send. One message at a time is on its
 * way, as most engines expect; AA and CA take it, AR and CR refuse it for good, AE and CE ask for it again.
 */
export function hl7Receiver(options: Hl7ReceiverOptions): Receiver {
  const { name, host, port, caFile, timeoutMs, identityOf = () => undefined } = options
  let socket: Socket | undefined
  let sent: Sent | undefined
  let turn: Promise<unknown> = Promise.resolve()

  const failure = (message: string, cause?: unknown) =>
    new VigilError('sink-failed', message, { retriable: true, place: name, cause })

  function drop(error: VigilError): void {
    socket?.destroy()
    socket = undefined
    sent?.failed(error)
    sent = undefined
  }

  function open(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const made: Socket =
        caFile === undefined
          ? connectTcp(port, host, () => resolve(made))
          : connectTls({ port, host, ca: readFileSync(caFile), servername: host }, () => resolve(made))
      const decoder = new MllpDecoder()
      made.setTimeout(timeoutMs, () => made.destroy(failure('the receiver is silent')))
      made.on('data', (chunk: Buffer) => {
        try {
          for (const bytes of decoder.take(chunk)) heard(bytes.toString())
        } catch (error) {
          made.destroy(error as Error)
        }
      })
      made.on('error', (cause) => {
        reject(failure('the receiver cannot be reached', cause))
      })
      made.on('close', () => {
        reject(failure('the receiver closed the connection'))
        if (socket === made) drop(failure('the receiver closed the connection'))
      })
    })
  }

  function heard(text: string): void {
    const message = parseMessage(text)
    const msa = 'malformed' in message ? undefined : message.segments.find((it) => it.name === 'MSA')
    if (msa === undefined || 'malformed' in message || sent === undefined) return
    // an answer to what was given up before
    if (fieldOf(msa, 2) !== sent.control) return
    const { done, failed } = sent
    sent = undefined
    const code = fieldOf(msa, 1)
    const err = message.segments.find((it) => it.name === 'ERR')
    const [code3 = ''] =
      err === undefined ? [] : (/^\d{1,5}$/.exec(componentOf(fieldOf(err, 3), 1, message.delimiters)) ?? [])
    // a number of HL7 table 0357, and no text: that may say of whom the message was
    const why = code3 === '' ? '' : ` ${code3}`
    if (code === 'AA' || code === 'CA') done(undefined)
    else if (code === 'AE' || code === 'CE') failed(failure(`the receiver answers ${code}`))
    else done({ answer: `${code}${why}` })
  }

  async function one(text: string, control: string, signal: AbortSignal): Promise<Refused | undefined> {
    signal.throwIfAborted()
    socket ??= await open()
    const current = socket
    return new Promise((done, failed) => {
      const give = () => drop(failure('it was given up'))
      const late = setTimeout(() => drop(failure('the receiver did not acknowledge in time')), timeoutMs)
      const end = () => {
        clearTimeout(late)
        signal.removeEventListener('abort', give)
      }
      sent = {
        control,
        done: (refused) => {
          end()
          done(refused)
        },
        failed: (error) => {
          end()
          failed(error)
        },
      }
      signal.addEventListener('abort', give)
      current.write(framed(text))
    })
  }

  return {
    name,
    deliver(envelope, signal) {
      // the id of the message is the control id: the same on every try
      const control = envelope.body.eventId.slice(0, 20)
      const text = () => alertMessage(envelope, control, Date.now(), identityOf(envelope.body.subject.patientKey))
      const next = turn.then(() => one(text(), control, signal))
      turn = next.catch(() => undefined)
      return next
    },
    async close() {
      drop(failure('the sender ends'))
    },
  }
}
