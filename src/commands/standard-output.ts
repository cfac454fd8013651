import { type Observable, ReplaySubject } from 'rxjs'
import { terminalSink } from '../alerts/sinks/terminal.ts'
import { VigilError } from '../errors.ts'
import type { Output, Sink } from '../stream/ports.ts'

/** What a write says when whoever read the stream has gone, at once and ever after. */
const GONE = new Set(['EPIPE', 'ERR_STREAM_DESTROYED'])
const isGone = (cause: unknown): boolean => GONE.has((cause as NodeJS.ErrnoException | undefined)?.code ?? '')

const gone = new ReplaySubject<void>(1)
let failure: VigilError | undefined

/** Emits once when whoever reads standard output has had enough (`vigil replay … | head -1`). */
export const readerGone: Observable<void> = gone

/** Without this an early end of a pipe, or a full disk behind `>`, ends the process with a stack in mid-run. */
export function watchStandardOutput(): void {
  process.stdout.on('error', (cause: NodeJS.ErrnoException) => {
    if (isGone(cause)) return gone.next()
    failure ??= new VigilError('sink-failed', `standard output cannot be written (${cause.code})`, { cause })
  })
  // where the log went, nothing more can be said
  process.stderr.on('error', () => {})
}

/** Resolves when all that was printed is with the system. @throws VigilError sink-failed when it could not be written */
export async function printed(): Promise<void> {
  await new Promise<void>((resolve) => process.stdout.write('', () => resolve()))
  await new Promise(setImmediate)
  if (failure !== undefined) throw failure
}

/** Alerts as lines on standard output. A reader that has gone is no failure: the other sinks still get everything. */
export function standardOutputSink(): Sink {
  const terminal = terminalSink(process.stdout, process.env)
  return {
    ...terminal,
    deliver: (outputs: readonly Output[]) =>
      terminal.deliver(outputs).catch((error: unknown) => {
        if (!(error instanceof VigilError && isGone(error.cause))) throw error
      }),
  }
}
