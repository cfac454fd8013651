import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  filter,
  interval,
  lastValueFrom,
  map,
  merge,
  Observable,
  type OperatorFunction,
  ReplaySubject,
  retry,
  takeUntil,
  tap,
  throwError,
  timer,
} from 'rxjs'
import { VigilError } from '../errors.ts'
import { microBatches } from './micro-batches.ts'
import {
  type Committer,
  type InputBatch,
  isTurn,
  type Output,
  type Sink,
  type Source,
  type Telemetry,
  type Turn,
} from './ports.ts'
import { Taking } from './taking.ts'
import type { Ward } from './ward.ts'

export interface PipelineOptions {
  readonly sinks: readonly Sink[]
  /** makes outputs safe together with the state that made them; undefined where the sinks alone do */
  readonly committer?: Committer
  readonly telemetry: Telemetry
  /** inputs of one flush, about: the step engine's batch limit */
  readonly maxBatch: number
  readonly maxWaitMs: number
  /**
   * Inputs come as fast as they are taken, as in a replay: a flush takes so many batches of the source and waits for each, so
   * that the order of what is said of several patients is a function of the batches, whatever the disk and the engine do
   */
  readonly unpaced?: boolean
  /** wall-clock silence of a bed after which it is blind; undefined when the source does not run in real time */
  readonly signalLostSeconds: number | undefined
  /** wall clock, ms since 1970 */
  readonly now: () => number
}

/** What one flush did. */
export interface Flush {
  readonly inputs: number
  readonly frames: number
  readonly outputs: number
}

/** How often the wall clock looks for silent beds, ms. */
const SILENCE_CHECK_MS = 1000
/** Full batches of one flush at most: what comes out of them waits for its end. Of a replay, whose snapshots do, fewer. */
const MOST_BATCHES = 8
const MOST_UNPACED = 4
/** A sink that may recover is tried again after 0.1, 0.2, 0.4 ... seconds, at most this often. */
const SINK_RETRIES = 8

/**
 * The one pipeline: inputs in timed micro-batches, one flush at a time; a flush steps every frame its inputs close,
 * delivers what came out, and only then acknowledges its batches. While its frames are stepped it takes in what came
 * meanwhile, so that a ward with much to do has both of its threads at work. Completes when the source has, errors with a
 * VigilError when the world is broken for good; bad data never ends it. What a source gave before its error is scored
 * and delivered before the error is passed on.
 */
export function pipeline(source: Source, ward: Ward, options: PipelineOptions): Observable<Flush> {
  return defer(() => {
    // a source may have ended before the wall clock is first asked
    const ended = new ReplaySubject<void>(1)
    const waiting = backlog(options)
    let broken: Observable<never> = EMPTY
    const arriving = source.pipe(
      catchError((error: unknown) => {
        broken = throwError(() => error)
        return EMPTY
      }),
      tap({ complete: () => ended.next() }),
    )
    const flushes = merge(arriving, silence(ward, options).pipe(takeUntil(ended))).pipe(
      tap((batch) => waiting.arrived(batch)),
      options.unpaced === true
        ? map((batch: InputBatch) => [batch])
        : microBatches(options.maxBatch, options.maxWaitMs),
      concatMap((batches) => turns(batches)),
      oneAtATime((batches, behind) => flush(batches, behind, ward, options)),
      tap((flushed) => waiting.flushed(flushed.inputs)),
    )
    return concat(
      flushes,
      defer(() => broken),
    )
  })
}

/** What has arrived and is not yet scored and delivered, oldest first, as the metrics see it. */
function backlog({ telemetry, now }: PipelineOptions) {
  const arrivals: { readonly at: number; inputs: number }[] = []
  let inputs = 0
  let behind = 0
  const tell = () => telemetry.queued(inputs + behind, arrivals[0] === undefined ? 0 : (now() - arrivals[0].at) / 1000)
  return {
    arrived(batch: InputBatch): void {
      behind = batch.behind ?? behind
      if (batch.inputs.length === 0) return
      arrivals.push({ at: batch.since ?? now(), inputs: batch.inputs.length })
      inputs += batch.inputs.length
      tell()
    },
    flushed(count: number): void {
      tell()
      inputs -= count
      for (let left = count; left > 0 && arrivals[0] !== undefined; ) {
        left -= arrivals[0].inputs
        arrivals.shift()
      }
      tell()
    },
  }
}

/** A turn is a flush of its own: what came before it is delivered before it, and what comes after it after it. */
function turns(batches: readonly InputBatch[]): InputBatch[][] {
  const flushes: InputBatch[][] = []
  let together: InputBatch[] | undefined
  for (const batch of batches) {
    const alone = isTurn(batch)
    if (alone || together === undefined) {
      together = []
      flushes.push(together)
    }
    together.push(batch)
    if (alone) together = undefined
  }
  return flushes
}

/** What comes behind the batches of a flush. */
interface Behind {
  /** the next batches that wait; undefined where nothing does, or a turn is next */
  next(): readonly InputBatch[] | undefined
  /** resolves when something waits, or nothing will any more */
  coming(): Promise<void>
}

/** One flush at a time; while its frames are stepped it may take in what came meanwhile, but no turn. */
function oneAtATime(
  run: (batches: readonly InputBatch[], behind: Behind) => Promise<Flush>,
): OperatorFunction<readonly InputBatch[], Flush> {
  return (source) =>
    new Observable((subscriber) => {
      const waiting: (readonly InputBatch[])[] = []
      let running = false
      let ended = false
      let came = () => {}
      const behind: Behind = {
        next: () => (!subscriber.closed && waiting[0]?.some(isTurn) === false ? waiting.shift() : undefined),
        async coming() {
          if (waiting.length > 0 || ended) return
          await new Promise<void>((resolve) => {
            came = resolve
          })
        },
      }
      const work = async () => {
        running = true
        // not within the call that hands them over: as soon as they are taken, their source may hand over more
        await undefined
        for (let next = waiting.shift(); next !== undefined && !subscriber.closed; next = waiting.shift())
          subscriber.next(await run(next, behind))
        running = false
        if (ended) subscriber.complete()
      }
      const subscription = source.subscribe({
        next(batches) {
          waiting.push(batches)
          came()
          if (!running) work().catch((error: unknown) => subscriber.error(error))
        },
        error: (error: unknown) => subscriber.error(error),
        complete() {
          ended = true
          came()
          if (!running) subscriber.complete()
        },
      })
      return () => {
        subscription.unsubscribe()
        ended = true
        came()
      }
    })
}

async function flush(
  batches: readonly InputBatch[],
  behind: Behind,
  ward: Ward,
  options: PipelineOptions,
): Promise<Flush> {
  const { maxBatch, committer, telemetry, now, unpaced = false } = options
  const taking = new Taking(ward, maxBatch, now)
  for (const batch of batches) taking.add(batch, isTurn(batch) ? await batch.take() : batch.inputs)
  const alone = batches.some(isTurn)
  const most = (unpaced ? MOST_UNPACED : MOST_BATCHES) * maxBatch
  const ends = () => alone || taking.inputs >= most || (!unpaced && committer?.due?.(ward.says) === true)
  const add = () => {
    const next = ends() ? undefined : behind.next()
    for (const batch of next ?? []) taking.add(batch, batch.inputs)
    return next !== undefined
  }
  const fill = () => {
    taking.begin()
    while (taking.wants() && add());
  }
  const fillWhole = async () => {
    taking.begin()
    while (taking.wants() && !ends()) {
      await behind.coming()
      if (!add()) return
    }
  }
  let frames = 0
  do {
    await (unpaced ? fillWhole() : fill())
    frames += await ward.drain(unpaced ? fillWhole : fill)
  } while (taking.left)
  const outputs = ward.takeOutputs()
  telemetry.watching(ward.watching)
  if (outputs.length > 0) await deliverAll(outputs, options)
  for (const batch of taking.batches) batch.done()
  await committer?.flushed(outputs)
  return { inputs: taking.inputs, frames, outputs: outputs.length }
}

async function deliverAll(outputs: readonly Output[], options: PipelineOptions): Promise<void> {
  await Promise.all(options.sinks.map((sink) => deliver(sink, outputs, options.telemetry)))
}

function deliver(sink: Sink, outputs: readonly Output[], telemetry: Telemetry): Promise<void> {
  const attempts = defer(() => sink.deliver(outputs)).pipe(
    retry({
      count: SINK_RETRIES,
      delay: (error: unknown, attempt) => {
        const retriable = error instanceof VigilError && error.retriable
        telemetry.sinkFailed(sink.name, retriable)
        return retriable ? timer(100 * 2 ** (attempt - 1)) : throwError(() => error)
      },
    }),
  )
  return lastValueFrom(attempts)
}

/**
 * The looks of the wall clock that may find a bed silent, or a model back: nothing but the record of their verdicts enters a score. A look
 * waits its turn: what arrived before it and is not yet scored, because a sink is slow, is no silence.
 */
function silence(ward: Ward, options: PipelineOptions): Observable<Turn> {
  const seconds = options.signalLostSeconds
  if (seconds === undefined) return EMPTY
  return interval(SILENCE_CHECK_MS).pipe(
    map(() => options.now()),
    filter((at) => ward.verdicts(at, seconds).length > 0),
    map((at) => ({ ...NO_BATCH, source: 'wall clock', take: () => ward.verdicts(at, seconds) })),
  )
}

const NO_BATCH: InputBatch = { source: '', partition: 0, inputs: [], offsets: [], done() {} }
