import { setImmediate } from 'node:timers/promises'
import { Observable } from 'rxjs'

/** How long items may be handed on without letting the event loop breathe, ms. */
const BREATH = 10

/**
 * An observable out of an async iterable, with credits: the one place where ingest holds back. The next item is asked
 * for only while fewer than `credits` earlier ones are undone. Unsubscribing aborts the signal and closes the iterator.
 * @param open starts the iterable; asked once a subscription. The signal aborts a wait inside it
 * @param carry the item to emit, with the function that says it is done
 */
export function pull<T, R>(
  open: (signal: AbortSignal) => AsyncIterable<T>,
  carry: (item: T, done: () => void) => R,
  credits = 2,
): Observable<R> {
  return new Observable<R>((subscriber) => {
    const abort = new AbortController()
    let undone = 0
    let wake = () => {}

    async function run(): Promise<void> {
      const iterator = open(abort.signal)[Symbol.asyncIterator]()
      let breathed = performance.now()
      try {
        while (!abort.signal.aborted) {
          if (undone >= credits) {
            await new Promise<void>((resolve) => {
              wake = resolve
            })
            continue
          }
          const next = await iterator.next()
          if (abort.signal.aborted) return
          if (next.done === true) return subscriber.complete()
          undone++
          let acknowledged = false
          const done = () => {
            if (acknowledged) return
            acknowledged = true
            undone--
            wake()
          }
          subscriber.next(carry(next.value, done))
          if (performance.now() - breathed > BREATH) {
            await setImmediate()
            breathed = performance.now()
          }
        }
      } finally {
        await iterator.return?.()
      }
    }

    run().catch((error: unknown) => subscriber.error(error))
    return () => {
      abort.abort()
      wake()
    }
  })
}
