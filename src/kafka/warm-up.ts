import { setImmediate } from 'node:timers/promises'
import type { Detector } from '../stream/detector.ts'
import type { Known } from '../stream/detector-numbers.ts'
import type { InputBatch, Telemetry } from '../stream/ports.ts'
import type { Session } from '../stream/session.ts'
import { Ward } from '../stream/ward.ts'
import type { WardOptions } from '../stream/ward-options.ts'
import type { ModelManifest } from '../vitals/manifest.ts'
import type { Decode } from './intake.ts'
import type { LogRecord } from './port.ts'

/** Readings that are worked in one piece: the event loop, and with it the ward that watches, waits so long at most. */
const PIECE = 1024
/** How far back where a manifest does not say how long its units remember, s. */
const UNKNOWN_MEMORY_SECONDS = 300

/**
 * Whole seconds of readings that make a new version see a patient as if it always had: thrice what its units remember, and the
 * burn-in. A broker knows no fraction of a millisecond, and half-lives are seldom whole.
 */
export function warmUpSeconds({ grid, warmupSteps, memory }: ModelManifest): number {
  const remembered = memory === undefined ? UNKNOWN_MEMORY_SECONDS : 3 * memory.halfLifeSeconds
  return Math.ceil(Math.max(remembered, warmupSteps * grid.cadenceSeconds))
}

/**
 * What a model version that is new makes of the readings of before: a ward of its own, which nobody hears, works them up
 * to where the patients are. A patient's outcome is a function of that patient's readings from the first offset on, and
 * of nothing else, so that a replay finds it again.
 */
export class WarmUp {
  readonly #ward: Ward
  readonly #detector: Detector
  readonly #decode: Decode
  readonly #partition: number
  /** patient key -> event time of the oldest reading, ms */
  readonly #oldest = new Map<string, number>()
  /** those who are here, looked up after the newest reading */
  #sessions: Map<string, Session> | undefined
  /** readings that were worked */
  readings = 0

  /**
   * @param detector a copy of the version with an engine of its own
   * @param like the ward that watches
   */
  constructor(
    detector: Detector,
    like: Pick<WardOptions, 'table' | 'settings' | 'maxBatch'>,
    partition: number,
    decode: Decode,
  ) {
    this.#ward = new Ward({
      ...like,
      detectors: [detector],
      telemetry: UNHEARD,
      tap: undefined,
      instance: '',
      partitioned: true,
      now: () => 0,
    })
    this.#detector = detector
    this.#partition = partition
    this.#decode = decode
  }

  async take(records: readonly LogRecord[]): Promise<void> {
    this.#sessions = undefined
    const batch: InputBatch = { source: '', partition: this.#partition, inputs: [], offsets: [], done() {} }
    for (let i = 0; i < records.length; i++) {
      const record = records[i]!
      const decoded = this.#decode(record)
      if ('kind' in decoded || decoded.reading === undefined || decoded.keyless) continue
      const { reading } = decoded
      const { patientKey, time } = reading
      if (!(this.#oldest.get(patientKey)! <= time)) this.#oldest.set(patientKey, time)
      while (!this.#ward.accept(reading, batch, record.offset, 0)) await this.#drain()
      this.readings++
      if (this.readings % PIECE !== 0) continue
      await this.#drain()
      await setImmediate()
    }
    await this.#drain()
    await this.#detector.engine.fetchStates?.()
  }

  /**
   * What the version knows of a patient; undefined where that is nothing, or of somebody who lay there before, or of a
   * clock that is ahead of the patient's own: it begins cold then.
   * @param newest event time of the patient's clock, ms
   */
  known({ patientKey, admittedAt }: Pick<Session, 'patientKey' | 'admittedAt'>, newest: number): Known | undefined {
    this.#sessions ??= new Map(this.#ward.state.here(this.#partition).map((it) => [it.patientKey, it]))
    const session = this.#sessions.get(patientKey)
    if (session === undefined || this.#oldest.get(patientKey)! < (admittedAt ?? Number.NEGATIVE_INFINITY))
      return undefined
    const known = this.#detector.take(session.slot)
    return known.tick * this.#ward.cadenceSeconds * 1000 <= newest ? known : undefined
  }

  async #drain(): Promise<void> {
    await this.#ward.drain()
    this.#ward.takeOutputs()
  }
}

const nothing = () => {}
const UNHEARD: Telemetry = {
  readings: nothing,
  rejected: nothing,
  frames: nothing,
  stepped: nothing,
  modelFailed: nothing,
  providerLost: nothing,
  risks: nothing,
  alert: nothing,
  entered: nothing,
  watching: nothing,
  queued: nothing,
  sinkFailed: nothing,
}
