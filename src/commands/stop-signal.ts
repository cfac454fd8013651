import { Observable } from 'rxjs'

/** Emits once when the process is asked to stop (SIGINT, SIGTERM); a second signal ends it at once, as usual. */
export function stopSignal(): Observable<NodeJS.Signals> {
  return new Observable((subscriber) => {
    const stop = (signal: NodeJS.Signals) => subscriber.next(signal)
    process.once('SIGINT', stop)
    process.once('SIGTERM', stop)
    return () => {
      process.off('SIGINT', stop)
      process.off('SIGTERM', stop)
    }
  })
}
