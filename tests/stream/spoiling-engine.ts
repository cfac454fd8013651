import { VigilError } from '../../src/errors.ts'
import { FEATURES_PER_CHANNEL } from '../../src/inference/features.ts'
import type { StepEngine } from '../../src/stream/ports.ts'

/** One of so many rows, by what the patient's frame shows; 0: none. */
export interface Spoils {
  readonly salt: number
  /** rows whose forecast is no number, and their state none either */
  readonly nan: number
  /** rows whose step fails as a whole, after it was made: nobody knows what it left behind */
  readonly fail: number
}

/**
 * A real engine that gives no number for some rows and fails with others. Which they are is a matter of the row alone: of values,
 * masks and ages, so that it is the same frame of a patient in whatever step it stands.
 */
export function spoiling(engine: StepEngine, channels: number) {
  let spoils: Spoils = { salt: 0, nan: 0, fail: 0 }
  let flying = 0
  const seen = { ahead: 0, spoilt: 0, failed: 0 }
  const width = channels * FEATURES_PER_CHANNEL

  function hash(x: Float32Array, row: number): number {
    const shown = x.slice(row * width, row * width + 3 * channels)
    let made = spoils.salt | 0
    for (const word of new Int32Array(shown.buffer)) made = Math.imul(made ^ word ^ (word >>> 15), 0x01000193)
    return (made ^ (made >>> 13)) >>> 0
  }

  async function step(slots: Int32Array, x: Float32Array, count: number): Promise<Float32Array> {
    const hashes = Array.from({ length: count }, (_, row) => hash(x, row))
    const own = slots.slice(0, count)
    if (flying++ > 0) seen.ahead++
    let given: Float32Array
    try {
      given = await engine.step(slots, x, count)
    } finally {
      flying--
    }
    if (spoils.fail > 0 && hashes.some((it) => it % spoils.fail === 0)) {
      seen.failed++
      throw new VigilError('engine-failed', 'a row made the step fail', { retriable: true })
    }
    if (spoils.nan === 0) return given
    for (const [row, it] of hashes.entries()) {
      if ((it >>> 8) % spoils.nan !== 0) continue
      seen.spoilt++
      given.fill(
        Number.NaN,
        row * engine.forecastSize,
        row * engine.forecastSize + 1 + (own[row]! % engine.forecastSize),
      )
    }
    return given
  }

  const spoilt: StepEngine = {
    provider: engine.provider,
    stateSize: engine.stateSize,
    forecastSize: engine.forecastSize,
    step,
    get ahead() {
      return engine.ahead === true
    },
    reset: (slot) => engine.reset(slot),
    readState: (slot, into) => engine.readState(slot, into),
    writeState: (slot, from) => engine.writeState(slot, from),
    close: () => engine.close(),
  }
  return {
    engine: spoilt,
    seen,
    /** Resolves when no step is in flight. */
    async rests(): Promise<void> {
      while (flying > 0) await new Promise((resolve) => setImmediate(resolve))
    },
    spoil(them: Spoils) {
      spoils = them
    },
  }
}
