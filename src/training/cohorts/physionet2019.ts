import { VigilError } from '../../errors.ts'
import { SEPSIS_CHANNELS } from '../../inference/hourly/sepsis-channels.ts'
import { filesBelow, textOf } from './files.ts'
import { type Faults, type HourlyStay, RowGatherer } from './stay.ts'

const LABEL = 'SepsisLabel'
const PSV = /^[^.].*\.psv$/
/** Columns a file must share with the publisher's header to be one of its files. */
const FEWEST_COLUMNS = 8

/** column name -> index of its channel */
const CHANNEL_OF = new Map(SEPSIS_CHANNELS.map(({ column }, i) => [column, i]))

/**
 * One patient of the PhysioNet/CinC Challenge 2019: a header and a row an hour, fields between bars, `NaN` for missing.
 * Columns go by name, so that a file may lack some, or carry others.
 * @param faults counted up
 * @returns undefined where the text is no such file or has no row
 * @throws RangeError where the label column holds something else than 0 and 1
 */
export function decodePsv(name: string, text: string, faults: Faults): HourlyStay | undefined {
  const lines = text.split(/\r\n|\n|\r/)
  while (lines.length > 0 && lines.at(-1)!.trim() === '') lines.pop()
  const header = (lines[0] ?? '').split('|').map((field) => field.trim())
  const columns = header.map((field) => CHANNEL_OF.get(field) ?? -1)
  if (columns.filter((channel) => channel >= 0).length < FEWEST_COLUMNS || lines.length < 2) return undefined
  const labelAt = header.indexOf(LABEL)
  const gathered = new RowGatherer()
  const labels = new Uint8Array(lines.length - 1)
  for (let row = 1; row < lines.length; row++) {
    const fields = lines[row]!.split('|')
    if (fields.length !== header.length) faults.rows++
    for (let i = 0; i < columns.length; i++) {
      const value = numberIn(fields[i], faults)
      if (columns[i]! >= 0 && !Number.isNaN(value)) gathered.add(columns[i]!, value)
    }
    gathered.endRow()
    if (labelAt < 0) continue
    const label = Number(fields[labelAt]?.trim() || 'x')
    if (label !== 0 && label !== 1) throw new RangeError(`${LABEL} in row ${row} is neither 0 nor 1`)
    labels[row - 1] = label
  }
  return gathered.stay(name, labelAt < 0 ? undefined : labels)
}

const HOURS = SEPSIS_CHANNELS.findIndex(({ column }) => column === 'ICULOS')

/** [rows] hours in the unit; the number of the row where the file does not say. */
export function hoursOf({ from, channels, values }: HourlyStay): Float64Array {
  return Float64Array.from({ length: from.length - 1 }, (_, row) => {
    for (let i = from[row]!; i < from[row + 1]!; i++) if (channels[i] === HOURS) return values[i]!
    return row + 1
  })
}

function numberIn(field: string | undefined, faults: Faults): number {
  const text = field?.trim() ?? ''
  if (text === '' || text === 'NaN' || text === 'nan') return Number.NaN
  const value = Number(text)
  if (Number.isFinite(value)) return value
  faults.values++
  return Number.NaN
}

/**
 * The patients of a folder as the publisher lays it out (loose .psv, in folders, or in .tar.gz), one at a time.
 * @throws VigilError data-missing where there is not one; recording-format where only some have labels, or a label is
 *   neither 0 nor 1; recording-unreadable
 */
export async function* readPhysionet2019(dir: string, faults: Faults): AsyncGenerator<HourlyStay> {
  const seen = new Set<string>()
  let labelled = 0
  for await (const file of filesBelow(dir, PSV)) {
    const name = file.name.replace(/\.psv$/, '')
    if (seen.has(name)) {
      faults.doubles++
      continue
    }
    let stay: HourlyStay | undefined
    try {
      stay = decodePsv(name, textOf(file.bytes), faults)
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause
      throw new VigilError('recording-format', cause.message, { place: dir, cause })
    }
    if (stay === undefined) {
      faults.files++
      continue
    }
    seen.add(name)
    if (stay.labels !== undefined) labelled++
    if (labelled !== 0 && labelled !== seen.size) {
      throw new VigilError('recording-format', `some files have a ${LABEL} column and some have none`, { place: dir })
    }
    yield stay
  }
  if (seen.size > 0) return
  const what = faults.files > 0 ? `${faults.files} .psv files, none with a readable row` : 'no .psv file'
  throw new VigilError('data-missing', `${what}; PhysioNet/CinC Challenge 2019 has one a patient`, { place: dir })
}
