import type { Socket } from 'node:net'
import { VigilError } from '../errors.ts'
import { acknowledgement } from './acknowledgement.ts'
import { framed, MllpDecoder } from './mllp.ts'
import type { Read } from './read.ts'
import { type Refusal, refuse } from './refusal.ts'

/** Why a connection was ended by the gateway. */
export const CLOSED_BECAUSE = ['framing', 'slow', 'deaf', 'error'] as const
export type ClosedBecause = (typeof CLOSED_BECAUSE)[number]

/** Messages and bytes of one connection that may wait for Kafka before no more is read from it. */
const MOST_WAITING = 64
const MOST_WAITING_BYTES = 4_000_000
/** Bytes of acknowledgements that may wait for a sender that does not read them. */
const MOST_UNREAD = 1_000_000

export interface ConnectionOptions {
  readonly read: (bytes: Buffer) => Read
  /** resolves when everything of the message is safely kept, rejects when it is not known to be */
  readonly keep: (read: Read) => Promise<void>
  /** told of each message with its answer (`AA`, `CE` ...; `none` where the sender wants none) */
  readonly answered: (read: Read, answer: string, seconds: number) => void
  readonly closed: (because: ClosedBecause | undefined) => void
  /** how long a message may take to arrive whole, once begun, ms */
  readonly messageMs: number
  readonly largest: number
  readonly nextControl: () => string
}

/**
 * One sender. Its messages are answered in the order in which they came, each after it is safely kept. A sender that floods
 * is read more slowly, one that dawdles, never reads or speaks something else than MLLP is let go; others notice nothing.
 */
export function converse(socket: Socket, options: ConnectionOptions): void {
  const decoder = new MllpDecoder(options.largest)
  let waiting = 0
  let waitingBytes = 0
  let answers: Promise<void> = Promise.resolve()
  let slow: NodeJS.Timeout | undefined
  let because: ClosedBecause | undefined

  function end(why: ClosedBecause): void {
    because ??= why
    socket.destroy()
  }

  function take(bytes: Buffer): void {
    const since = performance.now()
    const read = options.read(bytes)
    waiting++
    waitingBytes += bytes.length
    // begun at once, so that many messages of one sender share a write; answered in turn
    const outcome: Promise<Refusal | undefined> =
      read.refusal !== undefined
        ? Promise.resolve(read.refusal)
        : options.keep(read).then(
            () => undefined,
            () => refuse('internal', 'Kafka does not take the message; send it again'),
          )
    answers = answers.then(async () => {
      const refusal = await outcome
      waiting--
      waitingBytes -= bytes.length
      if (socket.isPaused() && waiting < MOST_WAITING / 2 && waitingBytes < MOST_WAITING_BYTES / 2) socket.resume()
      const control = options.nextControl()
      const text = acknowledgement(read.header, refusal, read.rejections, { control, now: Date.now() })
      options.answered(
        read,
        text === undefined ? 'none' : /\rMSA\|(..)/.exec(text)![1]!,
        (performance.now() - since) / 1000,
      )
      if (text === undefined || socket.destroyed) return
      socket.write(framed(text))
      if (socket.writableLength > MOST_UNREAD) end('deaf')
    })
  }

  socket.setKeepAlive(true, 30_000)
  socket.setNoDelay(true)
  socket.on('data', (chunk: Buffer) => {
    let messages: Buffer[]
    try {
      messages = decoder.take(chunk)
    } catch (error) {
      if (!(error instanceof VigilError)) throw error
      return end('framing')
    }
    if (messages.length > 0 || !decoder.open) clearTimeout(slow)
    if (decoder.open && (messages.length > 0 || slow === undefined))
      slow = setTimeout(() => end('slow'), options.messageMs)
    if (!decoder.open) slow = undefined
    for (const bytes of messages) take(bytes)
    if (waiting >= MOST_WAITING || waitingBytes >= MOST_WAITING_BYTES) socket.pause()
  })
  // a sender that ends its side still gets the answers it waits for
  socket.on('end', () => void answers.then(() => socket.end()))
  socket.on('error', () => end('error'))
  socket.on('close', () => {
    clearTimeout(slow)
    options.closed(because)
  })
}
