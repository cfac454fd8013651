import { VigilError } from '../errors.ts'
import type { WfdbSignal } from './wfdb-header.ts'

/** Bits of one sample, and the sample that means "not recorded" (WFDB specification, signal(5)). */
const FORMATS: Readonly<Record<number, { bits: number; none: number; read: (bytes: DataView, i: number) => number }>> =
  {
    16: { bits: 16, none: -32768, read: (bytes, i) => bytes.getInt16(2 * i, true) },
    61: { bits: 16, none: -32768, read: (bytes, i) => bytes.getInt16(2 * i, false) },
    80: { bits: 8, none: -128, read: (bytes, i) => bytes.getUint8(i) - 128 },
    // two 12-bit samples in three bytes: low byte, both high nibbles, low byte
    212: {
      bits: 12,
      none: -2048,
      read: (bytes, i) => {
        const from = 3 * (i >> 1)
        const high = bytes.getUint8(from + 1)
        const raw =
          (i & 1) === 0 ? bytes.getUint8(from) | ((high & 0x0f) << 8) : bytes.getUint8(from + 2) | ((high & 0xf0) << 4)
        return (raw << 20) >> 20
      },
    },
  }

/** The signals of one file, decoded. */
export interface DecodedSignals {
  /** whole frames the file holds, at most the announced ones */
  readonly frames: number
  /** [signals][frames] physical values; NaN where none was recorded; the mean where a frame has several samples */
  readonly values: readonly Float64Array[]
}

/**
 * Decode the signals that share one `.dat` file, and hold each against its checksum.
 * @param announced frames by the header; undefined: as many as the file holds
 * @throws VigilError recording-format: unknown format, or the checksum of a whole file does not match
 */
export function decodeWfdbSignals(
  bytes: Uint8Array,
  signals: readonly WfdbSignal[],
  announced: number | undefined,
  place: string,
): DecodedSignals {
  const { format, offset } = signals[0]!
  const how = FORMATS[format]
  if (how === undefined || signals.some((signal) => signal.format !== format))
    throw new VigilError('recording-format', `signal format ${format} is not supported`, { place })
  const perFrame = signals.reduce((sum, signal) => sum + signal.samplesPerFrame, 0)
  const stored = Math.floor((Math.max(0, bytes.length - offset) * 8) / how.bits / perFrame)
  const lag = Math.max(...signals.map(({ skew }) => skew))
  const frames = Math.min(announced ?? stored, stored)
  const view = new DataView(bytes.buffer, bytes.byteOffset + Math.min(offset, bytes.length))
  let column = 0
  const values = signals.map((signal) => {
    const from = column
    column += signal.samplesPerFrame
    const out = new Float64Array(frames).fill(Number.NaN)
    const rows = Math.min(stored, frames + lag)
    let sum = 0
    for (let row = 0; row < rows; row++) {
      let total = 0
      let valid = 0
      for (let s = 0; s < signal.samplesPerFrame; s++) {
        const raw = how.read(view, row * perFrame + from + s)
        if (row < frames) sum += raw
        if (raw === how.none) continue
        total += raw
        valid++
      }
      const frame = row - signal.skew
      if (valid > 0 && frame >= 0 && frame < frames) out[frame] = (total / valid - signal.baseline) / signal.gain
    }
    const whole = announced === undefined || stored >= announced
    if (whole && signal.checksum !== undefined && (sum << 16) >> 16 !== (signal.checksum << 16) >> 16)
      throw new VigilError(
        'recording-format',
        `the checksum of signal ${signals.indexOf(signal) + 1} of its file does not match`,
        {
          place,
        },
      )
    return out
  })
  return { frames, values }
}
