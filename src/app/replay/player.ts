import { defer, firstValueFrom, lastValueFrom, map, merge, type Observable, Subject, takeUntil } from 'rxjs'
import { Playhead } from '../../ingest/playhead.ts'
import type { Log } from '../../log.ts'
import { type PipelineOptions, pipeline } from '../../stream/pipeline.ts'
import type { InputBatch, Source } from '../../stream/ports.ts'
import { restoreSnapshot, type Snapshot } from '../../stream/snapshot.ts'
import type { PagedWard, PageMemory } from '../paged-ward.ts'
import type { SnapshotStore } from './snapshot-store.ts'

export interface PlayerOptions {
  readonly paged: Pick<PagedWard, 'served' | 'page' | 'shown' | 'memory'>
  readonly run: Pick<PipelineOptions, 'telemetry' | 'maxBatch'>
  /** the recording from an offset on, let go by a moment */
  readonly open: (skip: number, moment: Playhead) => Source
  readonly store: SnapshotStore
  readonly speed: number | 'max'
  /** event time at which it begins, ms; undefined: at the first input */
  readonly from: number | undefined
  readonly log: Log
}

/**
 * Shows a recording on a page, at any moment of it. A later moment is run to, as fast as it goes; an earlier one, or one
 * behind a later snapshot, from the newest snapshot before it: the ward there is the one that a straight replay comes to.
 */
export class Player {
  readonly #options: PlayerOptions
  readonly #moment: Playhead
  /** ends the reading of the inputs: they are read from another place */
  readonly #cut = new Subject<void>()
  readonly #wanted = new Subject<void>()
  readonly #changed = new Subject<void>()
  readonly #settled = new Subject<void>()
  /** the moment that somebody wants to see; undefined once it is shown */
  #target: number | undefined
  #undone = 0
  #sought = 0
  #ended = false

  constructor(options: PlayerOptions) {
    this.#options = options
    this.#moment = new Playhead(true, options.speed, () => this.#look())
    if (options.from !== undefined) this.#seek(options.from)
  }

  /** something of `at`, `seeking`, `playing` or `speed` changed other than by the passing of time */
  get changed(): Observable<void> {
    return this.#changed
  }

  /** event time, ms; null before the first input */
  get at(): number | null {
    const at = this.#target ?? this.#moment.shown
    return Number.isFinite(at) ? at : null
  }

  get seeking(): boolean {
    return this.#target !== undefined
  }

  /** moments that were asked for so far */
  get sought(): number {
    return this.#sought
  }

  get playing(): boolean {
    return this.#moment.playing
  }

  get speed(): number | 'max' {
    return this.#moment.speed
  }

  play(playing: boolean, speed?: number | 'max'): void {
    this.#moment.play(playing, speed)
    this.#changed.next()
  }

  /** Show a moment. @returns once it is shown, or another one was asked for and is */
  async seek(at: number): Promise<void> {
    const settled = firstValueFrom(this.#settled, { defaultValue: undefined })
    this.#sought++
    this.#seek(at)
    this.#changed.next()
    this.#look()
    await settled
  }

  /** Run until somebody ends it. @throws VigilError as the source and the pipeline */
  async run(stopped: Observable<unknown>): Promise<void> {
    const { store, paged, open, run, log } = this.#options
    const { ward } = paged.served
    let over = false
    const ending = stopped.subscribe(() => {
      over = true
      this.#settled.next()
    })
    while (!over) {
      let wanted = this.#target
      let base = await this.#base(store, log)
      // somebody may have asked for another moment meanwhile
      while (wanted !== this.#target) {
        wanted = this.#target
        base = await this.#base(store, log)
      }
      restoreSnapshot(ward, base, 'replay', Date.now())
      paged.memory.load(base?.page)
      if (this.#target === undefined) paged.page.shown()
      this.#moment.rewind(base?.time)
      this.#ended = false
      this.#undone = 0
      const source = defer(() => open(base?.position ?? 0, this.#moment).pipe(map((batch) => this.#counted(batch))))
      const flushes = pipeline(source.pipe(takeUntil(merge(this.#cut, stopped))), ward, {
        ...run,
        sinks: [paged.shown],
        maxWaitMs: 0,
        signalLostSeconds: undefined,
        now: Date.now,
      })
      const cut = this.#wasCut()
      await lastValueFrom(flushes, { defaultValue: undefined })
      if (over || cut()) continue
      this.#ended = true
      this.#moment.end()
      this.#look()
      this.#changed.next()
      await firstValueFrom(merge(this.#wanted, stopped), { defaultValue: undefined })
    }
    ending.unsubscribe()
  }

  /** the snapshot to begin at: the newest before the moment that is wanted */
  async #base(store: SnapshotStore, log: Log): Promise<Snapshot<PageMemory> | undefined> {
    if (this.#target === undefined) return undefined
    try {
      return await store.before(this.#target)
    } catch (error) {
      log.warn({ code: (error as { code?: string }).code }, 'a snapshot cannot be read: the recording is replayed from its beginning') // biome-ignore format: one sentence
      return undefined
    }
  }

  #wasCut(): () => boolean {
    let was = false
    const once = this.#cut.subscribe(() => {
      was = true
    })
    return () => {
      once.unsubscribe()
      return was
    }
  }

  #seek(at: number): void {
    const { store, paged } = this.#options
    const here = this.#moment.released
    const nearer = store.newest(at) ?? Number.NEGATIVE_INFINITY
    this.#target = at
    paged.page.hidden()
    this.#moment.move(at)
    if (at >= here && nearer <= here && !this.#ended) return
    this.#ended = false
    this.#cut.next()
    this.#wanted.next()
  }

  #counted(batch: InputBatch): InputBatch {
    this.#undone++
    return {
      ...batch,
      done: () => {
        this.#undone--
        batch.done()
        this.#look()
      },
    }
  }

  /** Whether all up to the moment was shown. */
  #look(): void {
    if (this.#target === undefined || this.#undone > 0 || !(this.#ended || this.#moment.waiting)) return
    const { page, served } = this.#options.paged
    this.#target = undefined
    this.#moment.arrived()
    page.counted(served.ward.watching)
    page.shown()
    this.#changed.next()
    this.#settled.next()
  }
}
