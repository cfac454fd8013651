import { VigilError } from '../errors.ts'

/** One signal of a WFDB record. */
export interface WfdbSignal {
  readonly file: string
  readonly format: number
  readonly samplesPerFrame: number
  /** samples by which the signal lags in its file */
  readonly skew: number
  /** bytes before the first sample */
  readonly offset: number
  /** ADC units per physical unit */
  readonly gain: number
  /** ADC value of physical 0 */
  readonly baseline: number
  readonly units: string
  /** 16-bit sum of all samples of the file; undefined when the header gives none */
  readonly checksum: number | undefined
  readonly description: string
}

/** A WFDB header (`.hea`), of one segment or several. */
export interface WfdbHeader {
  readonly record: string
  /** frames per second */
  readonly frequency: number
  /** frames; undefined when the header gives none */
  readonly frames: number | undefined
  /** ms since 1970 of frame 0 (the header's clock read as UTC); undefined when it has no base date */
  readonly start: number | undefined
  readonly signals: readonly WfdbSignal[]
  /** of a multi-segment record; name `~` is a gap */
  readonly segments: readonly { readonly name: string; readonly frames: number }[]
}

/** Frequency and gain of a header that gives none (WFDB specification, header(5)). */
const DEFAULT_FREQUENCY = 250
const DEFAULT_GAIN = 200

const RECORD = /^([\w-]+)(?:\/(\d+))?$/
const FREQUENCY = /^([\d.eE+-]+)(?:\/[\d.eE+-]+(?:\([\d.eE+-]+\))?)?$/
const FORMAT = /^(\d+)(?:x(\d+))?(?::(\d+))?(?:\+(\d+))?$/
const GAIN = /^([\d.eE+-]+)(?:\((-?\d+)\))?(?:\/(\S+))?$/
const FILE = /^[\w.-]+$/

function wrong(place: string, line: number, detail: string): VigilError {
  return new VigilError('recording-format', `header line ${line}: ${detail}`, { place })
}

/** `[[HH:]MM:]SS[.sss]` as ms; NaN when it is none. */
function clock(text: string): number {
  if (!/^(\d{1,2}:){0,2}\d{1,2}(\.\d+)?$/.test(text)) return Number.NaN
  return text.split(':').reduce((total, part) => total * 60 + Number(part), 0) * 1000
}

/** `DD/MM/YYYY` as ms since 1970; NaN when it is none. Surrogate dates reach beyond the year 3000 in MIMIC II. */
function date(text: string): number {
  const match = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(text)
  if (match === null) return Number.NaN
  const [day, month, year] = [Number(match[1]), Number(match[2]), Number(match[3])]
  const time = Date.UTC(year, month - 1, day)
  return new Date(time).getUTCDate() === day && new Date(time).getUTCMonth() === month - 1 ? time : Number.NaN
}

function signal(text: string, line: number, place: string): WfdbSignal {
  const [file, format, gain = '', , zero, , checksum, , ...description] = text.trim().split(/\s+/)
  const how = FORMAT.exec(format ?? '')
  if (file === undefined || how === null) throw wrong(place, line, 'the second word is no signal format')
  if (file !== '~' && !FILE.test(file)) throw wrong(place, line, 'a signal file lies beside its header')
  const scale = gain === '' ? [] : GAIN.exec(gain)
  if (scale === null) throw wrong(place, line, 'the third word is no gain')
  const units = Number(scale[1] ?? 0)
  const baseline = Number(scale[2] ?? zero ?? 0)
  const sum = checksum === undefined ? undefined : Number(checksum)
  if (!Number.isFinite(units) || !Number.isFinite(baseline) || Number.isNaN(sum))
    throw wrong(place, line, 'gain, baseline and checksum are numbers')
  return {
    file,
    format: Number(how[1]),
    samplesPerFrame: Number(how[2] ?? 1) || 1,
    skew: Number(how[3] ?? 0),
    offset: Number(how[4] ?? 0),
    gain: units === 0 ? DEFAULT_GAIN : units,
    baseline,
    units: scale[3] ?? 'mV',
    checksum: sum,
    description: description.join(' ') || `signal of line ${line}`,
  }
}

/**
 * A WFDB header by the specification header(5): record line, then a line a signal or a line a segment. Comments and
 * blank lines are passed over; the counter frequency is read and not needed.
 * @param place the file, for errors
 * @throws VigilError recording-format, with the line
 */
export function parseWfdbHeader(text: string, place: string): WfdbHeader {
  const lines = text
    .split(/\r?\n/)
    .map((line, i) => ({ line: line.trim(), number: i + 1 }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'))
  const first = lines.shift()
  if (first === undefined) throw wrong(place, 1, 'the header is empty')
  const [name = '', count = '', rate, frames, time, day] = first.line.split(/\s+/)
  const record = RECORD.exec(name)
  if (record === null) throw wrong(place, first.number, 'the first word is no record name')
  const number = (text: string | undefined, what: string): number => {
    if (text === undefined || !/^\d+$/.test(text)) throw wrong(place, first.number, `there is no ${what}`)
    return Number(text)
  }
  const frequency = rate === undefined ? DEFAULT_FREQUENCY : Number(FREQUENCY.exec(rate)?.[1])
  if (!(frequency > 0)) throw wrong(place, first.number, 'the third word is no frame frequency')
  const base = time === undefined ? 0 : clock(time)
  if (Number.isNaN(base)) throw wrong(place, first.number, 'the fifth word is no base time')
  const midnight = day === undefined ? undefined : date(day)
  if (Number.isNaN(midnight)) throw wrong(place, first.number, 'the sixth word is no base date')
  const announced = number(record[2] ?? count, record[2] === undefined ? 'number of signals' : 'number of segments')
  if (lines.length < announced)
    throw wrong(place, first.number, `announces ${announced} lines, but ${lines.length} follow`)
  const used = lines.slice(0, announced)
  const total = frames === undefined ? undefined : number(frames, 'number of samples') || undefined
  return {
    record: record[1]!,
    frequency,
    frames: total,
    start: midnight === undefined ? undefined : midnight + base,
    signals: record[2] === undefined ? used.map(({ line, number }) => signal(line, number, place)) : [],
    segments:
      record[2] === undefined
        ? []
        : used.map(({ line, number }) => {
            const match = /^([\w-]+|~)\s+(\d+)$/.exec(line)
            if (match === null) throw wrong(place, number, 'is no segment and its number of samples')
            return { name: match[1]!, frames: Number(match[2]) }
          }),
  }
}
