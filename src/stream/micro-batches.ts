import {
  asyncScheduler,
  buffer,
  connect,
  delay,
  filter,
  merge,
  type OperatorFunction,
  repeat,
  type SchedulerLike,
  scan,
  take,
} from 'rxjs'
import { type InputBatch, isTurn } from './ports.ts'

/**
 * Collect batches until they hold `maxInputs` inputs, or until the first of them has waited `maxWaitMs`: at low load a
 * reading waits no longer than that, at high load batches are full at once. A turn waits for nobody: it is a flush of its own, and
 * what came before it goes before it. No timer runs while nothing arrives.
 */
export function microBatches(
  maxInputs: number,
  maxWaitMs: number,
  scheduler: SchedulerLike = asyncScheduler,
): OperatorFunction<InputBatch, InputBatch[]> {
  return connect((batches) => {
    const waited = batches.pipe(take(1), delay(maxWaitMs, scheduler))
    const filled = batches.pipe(
      scan((inputs, batch) => inputs + (isTurn(batch) ? maxInputs : batch.inputs.length), 0),
      filter((inputs) => inputs >= maxInputs),
    )
    return batches.pipe(
      buffer(merge(waited, filled).pipe(take(1), repeat())),
      filter((collected) => collected.length > 0),
    )
  })
}
