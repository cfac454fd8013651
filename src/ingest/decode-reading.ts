import type { Channel, ChannelTable } from '../vitals/channels.ts'
import { JournalEntry } from '../vitals/journal.ts'
import { bedKey, Mode, OK, type Reading, STATUSES } from '../vitals/reading.ts'
import { type Rejection, type RejectionReason, reject } from '../vitals/rejection.ts'
import { conversion, isUnit } from '../vitals/units.ts'
import { misfit, unnamed } from '../vitals/unnamed.ts'
import { channelOf } from './aliases.ts'
import { Samples } from './decode-samples.ts'
import { implausible, instant } from './event-time.ts'
import { jsonErrorAt } from './json-error.ts'

/** What one message holds. A good message has a reading or a journal entry, and no rejections. */
export interface Decoded {
  readonly reading: Reading | undefined
  readonly entry: JournalEntry | undefined
  readonly rejections: readonly Rejection[]
}

type Fields = Readonly<Record<string, unknown>>

const NONE: readonly Rejection[] = []
/** characters of a name of a patient, an encounter, a unit or a bed, at most */
export const MAX_KEY = 128
const MAX_UNIT = 32
const INVALID = STATUSES.indexOf('invalid')
const QUESTIONABLE = STATUSES.indexOf('questionable')
const NOT_AVAILABLE = STATUSES.indexOf('not-available')
const STATUS_INDEX: ReadonlyMap<unknown, number> = new Map(STATUSES.map((status, i) => [status, i]))
const MODES: ReadonlySet<unknown> = new Set(Mode.options)

function refused(rejection: Rejection): Decoded {
  return { reading: undefined, entry: undefined, rejections: [rejection] }
}

/** What stands where something else should, for a sentence. A text is not quoted: put into a wrong field it may be who somebody is. */
function shown(value: unknown): string {
  if (typeof value === 'string') return value === '' ? 'an empty text' : 'this text'
  if (typeof value !== 'object' || value === null) return String(value)
  return Array.isArray(value) ? 'an array' : 'an object'
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isKey(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_KEY
}

function badKey(field: string): Decoded {
  return refused(reject('bad-field', `"${field}" is a text of 1 to ${MAX_KEY} characters`, field))
}

function notJson(text: string): Rejection {
  const offset = jsonErrorAt(text) ?? 0
  const word = /^-?(?:NaN|Infinity)/.exec(text.slice(offset, offset + 9))?.[0]
  const detail =
    word !== undefined
      ? `${word} is not JSON; null says "no value"`
      : offset === text.length
        ? 'the text ends too early'
        : 'the text is not JSON from this column on'
  return { ...reject('not-json', detail), column: offset + 1 }
}

/** Event time of the message, ms since 1970, or why it has none. */
function messageTime(value: unknown): number | Rejection {
  if (typeof value !== 'number' && typeof value !== 'string')
    return reject('bad-time', value === undefined ? 'the time is missing' : `${shown(value)} is not a time`, 'time')
  const time = typeof value === 'number' ? value : instant(value)
  if (!Number.isFinite(time)) return reject('bad-time', 'the text is no ISO 8601 instant with its offset', 'time')
  const why = implausible(time)
  return why === undefined ? time : reject('implausible-time', why, 'time')
}

/** One channel of a message; `time` is NaN where it is the message's. */
interface Sample {
  readonly value: number
  readonly status: number
  readonly time: number
}

const isLimits = (it: unknown) =>
  Array.isArray(it) && it.length === 2 && it.every((side) => side === null || Number.isFinite(side))

function decodeSample(sample: unknown, channel: Channel): Sample | Rejection {
  const path = `values.${channel.name}`
  const wrong = (reason: RejectionReason, detail: string, field?: string) =>
    reject(reason, detail, field === undefined ? path : `${path}.${field}`)
  if (!isFields(sample)) return wrong('not-a-number', `${shown(sample)} is not a finite number or null`)
  let value: number | undefined
  let convert: ((value: number) => number) | undefined
  let status = OK
  let time = Number.NaN
  for (const field in sample) {
    const it = sample[field]
    if (field === 'value') {
      if (it === null) value = Number.NaN
      else if (typeof it === 'number' && Number.isFinite(it)) value = it
      else return wrong('not-a-number', `${shown(it)} is not a finite number or null`, field)
    } else if (field === 'unit') {
      if (typeof it !== 'string' || it.length > MAX_UNIT)
        return wrong('bad-field', `"unit" is a text of at most ${MAX_UNIT} characters`, field)
      convert = conversion(it, channel.unit)
      if (convert === undefined)
        return wrong('unknown-unit', `${isUnit(it) ? `"${it}"` : 'this text'} cannot become ${channel.unit}`, field)
    } else if (field === 'status') {
      const index = STATUS_INDEX.get(it)
      if (index === undefined) return wrong('unknown-status', `${shown(it)} is not a status`, field)
      status = index
    } else if (field === 'time') {
      if (typeof it !== 'number' || !Number.isFinite(it))
        return wrong('bad-time', `${shown(it)} is not a number of ms since 1970`, field)
      const why = implausible(it)
      if (why !== undefined) return wrong('implausible-time', why, field)
      time = it
    } else if (field === 'limits') {
      if (!isLimits(it)) return wrong('bad-field', '"limits" is [low, high], each a finite number or null', field)
    } else return wrong('unknown-field', `a value has no such field (${unnamed(field, Object.keys(sample))})`)
  }
  if (value === undefined) return wrong('not-a-number', 'the value is missing', 'value')
  return { value: convert === undefined ? value : convert(value), status, time }
}

/**
 * The status a value deserves: outside the channel's hard range it is an artefact, whatever its source thinks of it.
 * @param value in the channel's unit; NaN where there is none
 */
export function rangedStatus(value: number, status: number, channel: Channel): number {
  if (Number.isNaN(value)) return status === OK ? NOT_AVAILABLE : status
  const outside = value < channel.range[0] || value > channel.range[1]
  return outside && (status === OK || status === QUESTIONABLE) ? INVALID : status
}

/**
 * One message of JSON: a `WireReading`, or a journal entry (`"kind": "journal"`). Never throws.
 * What is wrong with the message as a whole (syntax, subject, time, an unknown field) refuses the message; what is
 * wrong with one channel refuses that channel, and the good ones around it are still read. A value outside its
 * channel's hard range is no rejection: it stays, as `invalid`.
 * @param text one line
 * @param mode what an absent mode means, and what `live` becomes: a recording is never live
 */
export function decodeReading(text: string, table: ChannelTable, mode: Mode = 'live'): Decoded {
  let message: unknown
  try {
    message = JSON.parse(text)
  } catch {
    return refused(notJson(text))
  }
  return decodeMessage(message, table, mode)
}

/** The same, of a message that is parsed already. */
export function decodeMessage(message: unknown, table: ChannelTable, mode: Mode = 'live'): Decoded {
  // a text may be a whole message that was encoded twice, with its patient
  const what = typeof message === 'string' ? 'a text' : shown(message)
  if (!isFields(message)) return refused(reject('not-an-object', `${what} is not a JSON object`))
  return message['kind'] === 'journal' ? decodeEntry(message) : decodeFields(message, table, mode)
}

function decodeEntry(message: Fields): Decoded {
  const parsed = JournalEntry.safeParse(message)
  if (parsed.success) {
    const entry = parsed.data
    const since = 'silentSeconds' in entry ? entry.at - entry.silentSeconds * 1000 : entry.at
    const why = implausible(entry.at) ?? implausible(since)
    if (why !== undefined) return refused(reject('implausible-time', why, 'at'))
    const ends = 'until' in entry ? implausible(entry.until) : undefined
    if (ends !== undefined) return refused(reject('implausible-time', ends, 'until'))
    return { reading: undefined, entry, rejections: NONE }
  }
  const { detail, path } = misfit(parsed.error.issues[0], message)
  return refused(reject('bad-journal-entry', detail, path))
}

function decodeFields(message: Fields, table: ChannelTable, defaultMode: Mode): Decoded {
  let patient: string | undefined
  let encounter: string | undefined
  let unit: string | undefined
  let bed: string | undefined
  let mode = defaultMode
  let complete = false
  let samples: Fields | undefined
  for (const field in message) {
    const it = message[field]
    switch (field) {
      case 'patient':
        if (!isKey(it)) return badKey(field)
        patient = it
        break
      case 'encounter':
        if (!isKey(it)) return badKey(field)
        encounter = it
        break
      case 'unit':
        if (!isKey(it)) return badKey(field)
        unit = it
        break
      case 'bed':
        if (!isKey(it)) return badKey(field)
        bed = it
        break
      case 'time':
        break
      case 'mode':
        if (!MODES.has(it)) return refused(reject('bad-field', `"mode" is one of ${Mode.options.join(', ')}`, field))
        if (it !== 'live') mode = it as Mode
        break
      case 'complete':
        if (typeof it !== 'boolean') return refused(reject('bad-field', `${shown(it)} is not true or false`, field))
        complete = it
        break
      case 'values':
        if (!isFields(it)) return refused(reject('bad-field', `${shown(it)} is not an object of channels`, field))
        samples = it
        break
      default:
        return refused(reject('unknown-field', `a reading has no such field (${unnamed(field, Object.keys(message))})`))
    }
  }
  if (patient === undefined && bed === undefined)
    return refused(reject('no-subject', 'neither "patient" nor "bed" is there'))
  const time = messageTime(message['time'])
  if (typeof time !== 'number') return refused(time)
  if (samples === undefined) return refused(reject('bad-field', '"values" is missing', 'values'))
  const rejections = readSamples(samples, table)
  // a message that lost every channel says nothing about the patient, not even that the monitor is well
  if (rejections !== undefined && read.count === 0) return { reading: undefined, entry: undefined, rejections }
  const reading: Reading = {
    kind: 'reading',
    patientKey: patient ?? bedKey(unit, bed!),
    encounter,
    unit,
    bed,
    time,
    mode,
    complete,
    channels: read.channels(),
    values: read.values(),
    statuses: read.statuses(),
    times: read.times(time),
  }
  return { reading, entry: undefined, rejections: rejections ?? NONE }
}

const read = new Samples()

/** Read the samples of a message. @returns what is wrong with single ones */
function readSamples(samples: Fields, table: ChannelTable): Rejection[] | undefined {
  let rejections: Rejection[] | undefined
  read.begin()
  for (const name in samples) {
    const it = samples[name]
    const index = table.index.get(name)
    if (index === undefined) {
      rejections ??= []
      const meant = channelOf(name)
      const why = `no channel has this name (${unnamed(name, Object.keys(samples))})${meant === undefined ? '' : `; ${meant} may be meant`}`
      rejections.push(reject('unknown-channel', why, 'values'))
      continue
    }
    const channel = table.channels[index]!
    let value = Number.NaN
    let status = OK
    let time = Number.NaN
    if (typeof it === 'number' && Number.isFinite(it)) value = it
    else if (it !== null) {
      const sample = decodeSample(it, channel)
      if ('kind' in sample) {
        rejections ??= []
        rejections.push(sample)
        continue
      }
      value = sample.value
      status = sample.status
      time = sample.time
    }
    read.add(index, value, rangedStatus(value, status, channel), time)
  }
  return rejections
}
