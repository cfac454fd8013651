import type { Input } from '../stream/ports.ts'
import type { RecordingBatch } from './recording.ts'

/** Inputs with the event time each stands at: its own, or that of the one before it where it has none. */
export interface TimedInputs {
  /** [N] ms since 1970; -Infinity before the first input that has a time */
  readonly times: number[]
  /** [N] */
  readonly inputs: Input[]
}

/** One recording being read: its current batch, and where in it. */
interface Cursor {
  readonly order: number
  readonly batches: AsyncIterator<RecordingBatch>
  inputs: readonly Input[]
  at: number
  /** event time of the next input */
  time: number
}

function timeOf(input: Input, before: number): number {
  if (input.kind === 'reading') return input.time
  return input.kind === 'rejection' ? before : input.at
}

function earlier(a: Cursor, b: Cursor): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order)
}

/** Restore the heap order below `at` after its cursor moved on. */
function sink(heap: Cursor[], from: number): void {
  let at = from
  for (;;) {
    const left = 2 * at + 1
    if (left >= heap.length) return
    const child = left + 1 < heap.length && earlier(heap[left + 1]!, heap[left]!) ? left + 1 : left
    if (!earlier(heap[child]!, heap[at]!)) return
    const moved = heap[at]!
    heap[at] = heap[child]!
    heap[child] = moved
    at = child
  }
}

/** Move on to the next input; false at the end of the recording. */
async function refill(cursor: Cursor): Promise<boolean> {
  while (cursor.at >= cursor.inputs.length) {
    const next = await cursor.batches.next()
    if (next.done === true) return false
    cursor.inputs = next.value.inputs
    cursor.at = 0
  }
  cursor.time = timeOf(cursor.inputs[cursor.at]!, cursor.time)
  return true
}

/**
 * Several recordings as one, in event-time order, equal times in the order of `recordings`; the order inside a
 * recording is kept as it is. One batch of each is in memory. Batches of `size` inputs.
 * @param onError a recording that ends in an error ended with everything before it delivered: throw to end the merge,
 * return to go on with the others
 */
export async function* merged(
  recordings: readonly AsyncIterable<RecordingBatch>[],
  size: number,
  onError: (error: unknown, recording: number) => void,
): AsyncGenerator<TimedInputs> {
  const cursors: Cursor[] = recordings.map((recording, order) => ({
    order,
    batches: recording[Symbol.asyncIterator](),
    inputs: [],
    at: 0,
    time: Number.NEGATIVE_INFINITY,
  }))
  let out: TimedInputs = { times: [], inputs: [] }
  let failure: { error: unknown } | undefined

  async function more(cursor: Cursor): Promise<boolean> {
    try {
      return await refill(cursor)
    } catch (error) {
      try {
        onError(error, cursor.order)
      } catch (fatal) {
        failure = { error: fatal }
      }
      return false
    }
  }

  try {
    const heap: Cursor[] = []
    for (const cursor of cursors) if (await more(cursor)) heap.push(cursor)
    for (let at = (heap.length >> 1) - 1; at >= 0; at--) sink(heap, at)
    while (heap.length > 0 && failure === undefined) {
      const first = heap[0]!
      out.times.push(first.time)
      out.inputs.push(first.inputs[first.at++]!)
      const going = first.at < first.inputs.length
      if (going) first.time = timeOf(first.inputs[first.at]!, first.time)
      else if (!(await more(first))) {
        const last = heap.pop()!
        if (heap.length > 0 && last !== first) heap[0] = last
      }
      sink(heap, 0)
      if (out.times.length >= size) {
        yield out
        out = { times: [], inputs: [] }
      }
    }
    if (out.times.length > 0) yield out
    if (failure !== undefined) throw failure.error
  } finally {
    for (const { batches } of cursors) await batches.return?.()
  }
}
