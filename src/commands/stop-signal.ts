import { type Observable, ReplaySubject } from 'rxjs'

/** One request to stop may arrive twice: a terminal or `timeout` signals a whole process group, and `npm` passes it on. */
const ECHO_MS = 500
const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/**
 * Emits once when the process is asked to stop (SIGINT, SIGTERM), counted from this call on, not from the subscription:
 * what is being opened when the signal comes is still closed. Another signal half a second later ends the process at once.
 */
export function stopSignal(): Observable<void> {
  const asked = new ReplaySubject<void>(1)
  let stopping = false
  const stop = (): void => {
    if (stopping) return
    stopping = true
    asked.next()
    asked.complete()
    setTimeout(() => {
      for (const signal of SIGNALS) process.off(signal, stop)
    }, ECHO_MS).unref()
  }
  for (const signal of SIGNALS) process.on(signal, stop)
  return asked
}
