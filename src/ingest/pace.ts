import { asyncScheduler, type SchedulerLike } from 'rxjs'
import type { TimedInputs } from './merge.ts'

/** Wall time inside which inputs are let go together, ms. */
const TOGETHER = 50

function wait(ms: number, scheduler: SchedulerLike, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const planned = scheduler.schedule(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, ms)
    function stop(): void {
      planned.unsubscribe()
      resolve()
    }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}

/**
 * Let inputs go at their event time: `speed` seconds of the recording a second of the scheduler's clock, counted from
 * the first input. When the consumer is slow, nothing is skipped: what is overdue goes at once.
 * @param speed 'max': as fast as they are taken
 */
export async function* paced(
  batches: AsyncIterable<TimedInputs>,
  speed: number | 'max',
  signal: AbortSignal,
  scheduler: SchedulerLike = asyncScheduler,
): AsyncGenerator<TimedInputs> {
  if (speed === 'max') return yield* batches
  let origin: { wall: number; event: number } | undefined
  for await (const { times, inputs } of batches) {
    let from = 0
    while (from < times.length) {
      const time = times[from]!
      if (origin === undefined && Number.isFinite(time)) origin = { wall: scheduler.now(), event: time }
      const passed = origin === undefined ? 0 : (scheduler.now() - origin.wall) * speed
      const due = (origin?.event ?? time) + passed
      if (time > due) await wait((time - due) / speed, scheduler, signal)
      if (signal.aborted) return
      const until = Math.max(due, time) + TOGETHER * speed
      let to = from + 1
      while (to < times.length && times[to]! <= until) to++
      yield { times: times.slice(from, to), inputs: inputs.slice(from, to) }
      from = to
    }
  }
}
