import { VigilError } from '../../errors.ts'
import { ICU48_CHANNELS } from '../../inference/hourly/icu48-channels.ts'
import { filesBelow, textOf } from './files.ts'
import { type Faults, type HourlyStay, RowGatherer } from './stay.ts'

export const ICU48_ROWS = 48
const RECORD = /^\d+\.txt$/
const OUTCOMES = /^Outcomes.*\.txt$/
const DIED = 'In-hospital_death'

/** parameter -> index of its channel */
const CHANNEL_OF = new Map(ICU48_CHANNELS.map(({ parameter }, i) => [parameter, i]))

/**
 * One stay of the PhysioNet/CinC Challenge 2012: lines `HH:MM,Parameter,Value` of the first 48 hours, -1 for an attribute
 * that is not known. 48 rows, whatever was measured.
 * @param faults counted up: lines that are none of these
 * @returns undefined where not one line is readable
 */
export function decodeRecord(name: string, text: string, faults: Faults): HourlyStay | undefined {
  const hours: [channel: number, value: number][][] = Array.from({ length: ICU48_ROWS }, () => [])
  let readable = 0
  for (const line of text.split(/\r\n|\n|\r/)) {
    if (line.trim() === '' || /^time,parameter,value$/i.test(line.trim())) continue
    const match = /^(\d{1,3}):([0-5]\d),([^,]*),([^,]*)$/.exec(line.trim())
    if (match === null) {
      faults.rows++
      continue
    }
    const hour = Number(match[1])
    const [parameter, field] = [match[3]!.trim(), match[4]!.trim()]
    const value = field === '' ? Number.NaN : Number(field)
    if (!Number.isFinite(value) || hour > ICU48_ROWS) {
      faults.values++
      continue
    }
    readable++
    const channel = CHANNEL_OF.get(parameter)
    // a value at 48:00 ends the last hour; -1 is the publisher's "not known"
    if (channel !== undefined && value !== -1) hours[Math.min(hour, ICU48_ROWS - 1)]!.push([channel, value])
  }
  if (readable === 0) return undefined
  const gathered = new RowGatherer()
  for (const hour of hours) {
    for (const [channel, value] of hour) gathered.add(channel, value)
    gathered.endRow()
  }
  return gathered.stay(name)
}

/** Record -> 0 or 1. @throws RangeError where the text is no table of outcomes */
export function decodeOutcomes(text: string): Map<string, number> {
  const lines = text.split(/\r\n|\n|\r/).filter((line) => line.trim() !== '')
  const header = (lines[0] ?? '').split(',').map((field) => field.trim())
  const [record, died] = [header.indexOf('RecordID'), header.indexOf(DIED)]
  if (record < 0 || died < 0) throw new RangeError(`a file of outcomes has no column RecordID or ${DIED}`)
  const outcomes = new Map<string, number>()
  for (const [i, line] of lines.slice(1).entries()) {
    const fields = line.split(',').map((field) => field.trim())
    if (fields[died] !== '0' && fields[died] !== '1')
      throw new RangeError(`${DIED} in line ${i + 2} is neither 0 nor 1`)
    outcomes.set(fields[record]!, Number(fields[died]))
  }
  return outcomes
}

/**
 * The stays of one or more sets, one at a time: records loose, in folders or in .tar.gz, with every Outcomes-*.txt there.
 * @throws VigilError data-missing where there is not one record; recording-format where outcomes are unreadable or only
 *   some records have one; recording-unreadable
 */
export async function* readPhysionet2012(dir: string, faults: Faults): AsyncGenerator<HourlyStay> {
  const outcomes = new Map([...(await readOutcomes(dir)).values()].flatMap((of) => [...of]))
  const seen = new Set<string>()
  let without = 0
  for await (const file of filesBelow(dir, RECORD)) {
    const name = file.name.replace(/\.txt$/, '')
    if (seen.has(name)) {
      faults.doubles++
      continue
    }
    const stay = decodeRecord(name, textOf(file.bytes), faults)
    if (stay === undefined) {
      faults.files++
      continue
    }
    seen.add(name)
    const died = outcomes.get(name)
    if (died === undefined) without++
    if (outcomes.size > 0 && without > 0) {
      throw new VigilError('recording-format', 'a record stands in no file of outcomes', { place: dir })
    }
    yield died === undefined ? stay : { ...stay, labels: Uint8Array.of(died) }
  }
  if (seen.size > 0) {
    for (const name of outcomes.keys()) if (!seen.has(name)) faults.missing++
    return
  }
  const what = faults.files > 0 ? `${faults.files} files, none with a readable line` : 'no file like 132539.txt'
  throw new VigilError('data-missing', `${what}; PhysioNet/CinC Challenge 2012 has one a stay`, { place: dir })
}

/**
 * Who died, by the letter of the set (`a` of Outcomes-a.txt).
 * @throws VigilError recording-format, recording-unreadable, data-missing
 */
export async function readOutcomes(dir: string): Promise<Map<string, Map<string, number>>> {
  const all = new Map<string, Map<string, number>>()
  for await (const file of filesBelow(dir, OUTCOMES)) {
    try {
      all.set(/^Outcomes-?(.*)\.txt$/.exec(file.name)?.[1] ?? '', decodeOutcomes(textOf(file.bytes)))
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause
      throw new VigilError('recording-format', cause.message, { place: dir, cause })
    }
  }
  return all
}
