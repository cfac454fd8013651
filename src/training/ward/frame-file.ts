import { createHash, type Hash } from 'node:crypto'
import { appendFileSync, closeSync, openSync, readSync } from 'node:fs'
import { VigilError } from '../../errors.ts'
import { type FrameColumns, frameColumns } from '../../vitals/frame.ts'

/** Frames held back before they are written: what a patient costs in memory. */
const HELD = 256

/**
 * One patient's frames on disk, C channels: tick as a double, C values and C ages as floats, C masks as bytes, padded to a
 * whole number of doubles.
 */
export class FrameFile {
  /** frames taken */
  count = 0
  readonly #path: string
  readonly #channels: number
  readonly #stride: number
  readonly #hash: Hash = createHash('sha256')
  readonly #rows: Uint8Array
  readonly #doubles: Float64Array
  readonly #floats: Float32Array
  #held = 0

  constructor(path: string, channels: number) {
    this.#path = path
    this.#channels = channels
    this.#stride = 8 * Math.ceil((8 + 9 * channels) / 8)
    const buffer = new ArrayBuffer(HELD * this.#stride)
    this.#rows = new Uint8Array(buffer)
    this.#doubles = new Float64Array(buffer)
    this.#floats = new Float32Array(buffer)
  }

  /**
   * Take a frame.
   * @param from [C] where in a row of `frames` each channel stands
   * @throws VigilError registry-unwritable when the disk is full
   */
  take(frames: FrameColumns, row: number, width: number, from: Int32Array): void {
    const at = this.#held * this.#stride
    this.#doubles[at / 8] = frames.ticks[row]!
    for (let c = 0; c < this.#channels; c++) {
      const cell = row * width + from[c]!
      this.#floats[at / 4 + 2 + c] = frames.values[cell]!
      this.#floats[at / 4 + 2 + this.#channels + c] = frames.ages[cell]!
      this.#rows[at + 8 + 8 * this.#channels + c] = frames.masks[cell]!
    }
    this.count++
    if (++this.#held === HELD) this.flush()
  }

  flush(): void {
    if (this.#held === 0) return
    const bytes = this.#rows.subarray(0, this.#held * this.#stride)
    this.#hash.update(bytes)
    try {
      appendFileSync(this.#path, bytes)
    } catch (cause) {
      throw new VigilError('registry-unwritable', 'frames cannot be kept beside the registry', { cause })
    }
    this.#held = 0
  }

  /** of all frames, once they are written */
  sha256(): string {
    return this.#hash.copy().digest('hex')
  }

  /** Frames [from, from + count), in columns of C channels. */
  read(from: number, count: number): FrameColumns {
    const bytes = new Uint8Array(count * this.#stride)
    const file = openSync(this.#path, 'r')
    try {
      for (let done = 0; done < bytes.length; ) {
        const got = readSync(file, bytes, done, bytes.length - done, from * this.#stride + done)
        if (got === 0) throw new VigilError('internal', 'a file of frames is shorter than what was written to it')
        done += got
      }
    } finally {
      closeSync(file)
    }
    const [doubles, floats] = [new Float64Array(bytes.buffer), new Float32Array(bytes.buffer)]
    const frames = frameColumns(count, this.#channels)
    frames.count = count
    for (let i = 0; i < count; i++) {
      const at = i * this.#stride
      frames.ticks[i] = doubles[at / 8]!
      const values = at / 4 + 2
      frames.values.set(floats.subarray(values, values + this.#channels), i * this.#channels)
      frames.ages.set(floats.subarray(values + this.#channels, values + 2 * this.#channels), i * this.#channels)
      const masks = at + 8 + 8 * this.#channels
      frames.masks.set(bytes.subarray(masks, masks + this.#channels), i * this.#channels)
    }
    return frames
  }
}
