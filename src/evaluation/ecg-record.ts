import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { VigilError } from '../errors.ts'
import { textOf } from '../training/cohorts/files.ts'

/** One lead of one recording, a sample a row. */
export interface EcgRecord {
  readonly name: string
  /** [N] NaN where the row cannot be read */
  readonly values: Float64Array
  /** [N] 0 or 1; undefined where the file has no second column */
  readonly labels: Uint8Array | undefined
}

/** `MBA_ECG805_data.out`, as TSB-UAD publishes them; .csv and .txt of the same rows serve too, plain or gzipped. */
const FILE = /^(?!\.)(.+)\.(out|csv|txt)(\.gz)?$/
/** a record whose first tenth holds fewer samples trains no network */
const FEWEST = 5000

const unzip = promisify(gunzip)

/** Share of each record, at its start, that is trained on. */
const TRAINED = 10

export function trainedSamples(record: EcgRecord): number {
  return Math.floor(record.values.length / TRAINED)
}

/**
 * Every record of a folder, by name: rows `value,label` or `value`, no header.
 * @throws VigilError data-missing (no record), recording-unreadable, recording-format (too short, a label that is neither
 *   0 nor 1, or fewer than half of the rows readable)
 */
export async function readEcg(dir: string): Promise<EcgRecord[]> {
  let names: string[]
  try {
    names = (await readdir(dir)).filter((name) => FILE.test(name)).sort()
  } catch (cause) {
    throw new VigilError('data-missing', 'the data folder cannot be read', { place: dir, cause })
  }
  if (names.length === 0) {
    throw new VigilError(
      'data-missing',
      'no record: a file NAME.out, .csv or .txt, plain or .gz, with rows "value,label"',
      {
        place: dir,
      },
    )
  }
  const records: EcgRecord[] = []
  for (const file of names) {
    const record = readRecord(recordName(file), await contents(path.join(dir, file)))
    if (records.some(({ name }) => name === record.name)) {
      throw new VigilError('recording-format', 'two files of this record', { place: record.name })
    }
    records.push(record)
  }
  return records
}

/** `MBA_ECG805_data.out.gz` is record 805; another file's record is its name. */
export function recordName(file: string): string {
  const stem = FILE.exec(file)?.[1] ?? file
  return /^MBA_ECG(\w+?)_data$/.exec(stem)?.[1] ?? stem
}

async function contents(file: string): Promise<string> {
  try {
    const bytes = await readFile(file)
    return textOf(file.endsWith('.gz') ? await unzip(bytes) : bytes)
  } catch (cause) {
    throw new VigilError('recording-unreadable', 'the record cannot be read or unpacked', { place: file, cause })
  }
}

/** @throws VigilError recording-format */
export function readRecord(name: string, text: string): EcgRecord {
  const wrong = (message: string) => new VigilError('recording-format', message, { place: name })
  const lines = text.split(/\r?\n/)
  while (lines.at(-1)?.trim() === '') lines.pop()
  if (lines.length < FEWEST)
    throw wrong(`${lines.length} rows, at least ${FEWEST} are needed to train on a tenth of them`)
  const values = new Float64Array(lines.length)
  const labels = new Uint8Array(lines.length)
  let unlabelled = 0
  lines.forEach((line, row) => {
    const [value, label] = line.split(',')
    const number = value!.trim() === '' ? Number.NaN : Number(value)
    values[row] = Number.isFinite(number) ? number : Number.NaN
    if (label === undefined) unlabelled++
    else if (Number(label) === 1) labels[row] = 1
    else if (label.trim() === '' || Number(label) !== 0) throw wrong(`the label of row ${row + 1} is neither 0 nor 1`)
  })
  if (unlabelled > 0 && unlabelled < lines.length) throw wrong(`${unlabelled} of ${lines.length} rows have no label`)
  const unreadable = values.filter(Number.isNaN).length
  if (unreadable * 2 > lines.length) throw wrong(`${unreadable} of ${lines.length} rows are no number`)
  return { name, values, labels: unlabelled > 0 ? undefined : labels }
}
