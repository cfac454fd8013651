import type { Mode, WireReading } from '../vitals/reading.ts'
import { type Rejection, reject } from '../vitals/rejection.ts'
import { bedKeyOf, type IdentityOptions, locationOf, patientOf, visitOf } from './identity.ts'
import { componentOf, type Delimiters, fieldOf, type Message, type Segment } from './message.ts'
import { type CodeBook, observationOf, type Sample } from './observation.ts'
import { type Refusal, refuse } from './refusal.ts'
import type { Zone } from './time.ts'

/** What an ORU^R01 says. */
export interface Observed {
  readonly kind: 'observed'
  readonly readings: WireReading[]
  /** observations that were not taken, while the others were; paths are HL7's: `OBX[7]-5` */
  readonly rejections: Rejection[]
  /** codes of observations that no channel has */
  readonly unmapped: string[]
  /** reference ids that are not their code's, and status flags that no table knows */
  readonly disagreements: number
  readonly unknownFlags: number
}

export interface OruOptions {
  readonly identity: IdentityOptions
  readonly book: CodeBook
  readonly zone: Zone
  /** when the message was written, where a set does not say its time; ms, or why it cannot be told */
  readonly written: number | string
  /** `test` for what is no production: it never raises a live alert */
  readonly mode: Mode
}

interface Value {
  value: number | null
  status?: Sample['status']
  limits?: [number | null, number | null]
  time?: number
}
type Values = Record<string, Value>

/** One OBR's readings: the set's own, and further ones of channels that come several times. */
interface Collected {
  readonly time: number
  readonly byTime: Map<number, Values>
}

/** Times of observations: those of one message mostly say the same. */
class Times {
  readonly #zone: Zone
  readonly #delimiters: Delimiters
  #field = ''
  #meant: number | string | undefined

  constructor(zone: Zone, delimiters: Delimiters) {
    this.#zone = zone
    this.#delimiters = delimiters
  }

  /** What a field says: ms since 1970, undefined where it says nothing, or why there is no such time. */
  of(field: string): number | string | undefined {
    if (field !== this.#field) {
      const told = componentOf(field, 1, this.#delimiters)
      this.#field = field
      this.#meant = told === '' ? undefined : this.#zone.instant(told)
    }
    return this.#meant
  }
}

/**
 * The readings of an ORU^R01 (IHE PCD-01): one for each OBR, further ones where a channel comes several times with times of
 * their own. A patient without an identifier is keyed by the bed, never guessed.
 */
export function readObservations(message: Message, options: OruOptions): Observed | Refusal {
  const { delimiters, segments } = message
  const { identity, book, zone, written, mode } = options
  const readings: WireReading[] = []
  const rejections: Rejection[] = []
  const unmapped: string[] = []
  let disagreements = 0
  let unknownFlags = 0
  const times = new Times(zone, delimiters)
  let pid: Segment | undefined
  let pv1: Segment | undefined
  let set: Collected | undefined
  let place = 0

  function close(): Refusal | undefined {
    if (set === undefined) return undefined
    const location = pv1 === undefined ? { unit: undefined, bed: undefined } : locationOf(fieldOf(pv1, 3), delimiters)
    const patient = pid && patientOf(fieldOf(pid, 3), delimiters, identity)
    if (patient === undefined && bedKeyOf(location) === undefined)
      return refuse('required', 'neither an identifier of the patient nor a bed is there', 'PID-3')
    const encounter = visitOf(pv1, pid, delimiters, identity)
    const { unit, bed } = location
    for (const [time, values] of set.byTime) {
      const reading: { -readonly [name in keyof WireReading]?: WireReading[name] } = {}
      if (patient !== undefined) reading.patient = patient
      if (encounter !== undefined) reading.encounter = encounter
      if (unit !== undefined) reading.unit = unit
      if (bed !== undefined) reading.bed = bed
      reading.time = time
      if (mode !== 'live') reading.mode = mode
      reading.values = values
      readings.push(reading as WireReading)
    }
    set = undefined
    return undefined
  }

  for (const segment of segments) {
    if (segment.name === 'PID' || segment.name === 'PV1' || segment.name === 'OBR') {
      const refused = segment.name === 'PV1' ? undefined : close()
      if (refused) return refused
    }
    switch (segment.name) {
      case 'PID':
        pid = segment
        pv1 = undefined
        break
      case 'PV1':
        pv1 = segment
        break
      case 'OBR': {
        const told = times.of(fieldOf(segment, 7))
        const time = told ?? written
        if (typeof time === 'string') return refuse('type', time, told === undefined ? 'MSH-7' : 'OBR-7')
        set = { time, byTime: new Map() }
        break
      }
      case 'OBX': {
        place++
        if (set === undefined) return refuse('segment', 'an OBX stands before any OBR')
        const found = observationOf(segment, delimiters, book)
        if (found.kind === 'device') break
        if (found.kind === 'unmapped') unmapped.push(found.code)
        else if (found.kind === 'unreadable') {
          rejections.push(
            reject(found.reason, `the observation of ${found.channel} cannot be read`, `OBX[${place}]-${found.field}`),
          )
          // that something came which is of no use is known of the bed, too
          valuesAt(set, set.time)[found.channel] ??= { value: null, status: 'invalid' }
        } else {
          if (found.disagrees) disagreements++
          if (found.unknownFlag) unknownFlags++
          const wrong = collect(set, found, book, times)
          if (wrong) rejections.push({ ...wrong, path: `OBX[${place}]-${wrong.path}` })
        }
        break
      }
    }
  }
  const refused = close()
  if (refused) return refused
  return { kind: 'observed', readings, rejections, unmapped, disagreements, unknownFlags }
}

/** Put a sample where it belongs. @returns a rejection whose path is the field of the OBX */
function collect(set: Collected, sample: Sample, book: CodeBook, times: Times): Rejection | undefined {
  const { name } = book.channels[sample.channel]!
  const own = times.of(sample.time) ?? set.time
  if (typeof own === 'string') return reject('bad-time', own, '14')
  const ofSet = valuesAt(set, set.time)
  if (!Object.hasOwn(ofSet, name)) {
    ofSet[name] = written(sample)
    if (own !== set.time) ofSet[name].time = own
    return undefined
  }
  // the channel once more: the next second of a set, or a second line of the same kind
  if ((ofSet[name]!.time ?? set.time) === own)
    return reject('duplicate-channel', `${name} comes twice for one time; the first is taken`, '4')
  const others = valuesAt(set, own)
  if (Object.hasOwn(others, name))
    return reject('duplicate-channel', `${name} comes twice for one time; the first is taken`, '4')
  others[name] = written(sample)
  return undefined
}

/** A sample as the contract of the readings has it. */
function written({ value, status, limits }: Sample): Value {
  const absent = Number.isNaN(value)
  const out: Value = { value: absent ? null : value }
  if (status !== 'ok' && !(absent && status === 'not-available')) out.status = status
  if (limits !== undefined) out.limits = [limits[0], limits[1]]
  return out
}

function valuesAt({ byTime }: Collected, time: number): Values {
  let values = byTime.get(time)
  if (values === undefined) {
    values = {}
    byTime.set(time, values)
  }
  return values
}
