import path from 'node:path'
import { VigilError } from '../errors.ts'
import { filesBelow, textOf } from '../training/cohorts/files.ts'
import { type NabLabels, readLabels, timeOf, windowsOf } from './nab-labels.ts'
import type { NabWindow } from './nab-score.ts'

/** One file of the benchmark: a value a row. */
export interface NabSeries {
  /** `category/file.csv` */
  readonly name: string
  /** [N] the time as the file has it */
  readonly stamps: readonly string[]
  /** [N] the value as the file has it */
  readonly texts: readonly string[]
  /** [N] ms since 1970, the file's times taken as UTC; NaN where it cannot be read */
  readonly times: Float64Array
  /** [N] NaN where the row cannot be read */
  readonly values: Float64Array
  /** undefined: the labels do not speak of this file */
  readonly windows: readonly NabWindow[] | undefined
}

export interface NabCorpus {
  /** by name */
  readonly series: readonly NabSeries[]
  /** whether there is a labels file */
  readonly labelled: boolean
  /** rows whose time or value cannot be read: not judged, never left out of a prediction file */
  readonly unreadableRows: number
  /** files that the labels name and the folder lacks */
  readonly missing: readonly string[]
}

const LABELS = 'combined_windows.json'
const WANTED = /^(?!\.).*\.csv$|^combined_windows\.json$/
const HEADER = /^timestamp,value(,|$)/

/**
 * The benchmark's own layout: `data/<category>/<file>.csv` and `labels/combined_windows.json`, or an archive (.tar.gz) of
 * them; the data folder alone serves too. Other files are passed over.
 * @throws VigilError data-missing (no series), recording-unreadable, recording-format (a series or the labels are not of
 *   the benchmark's form, or a labelled window is not in its file)
 */
export async function readNab(dir: string): Promise<NabCorpus> {
  const files = await filesOf(dir)
  const below = (pattern: RegExp) =>
    [...files].flatMap(([file, text]) => {
      const name = pattern.exec(file)?.[1]
      return name === undefined ? [] : [{ name, text }]
    })
  // a checkout of the benchmark holds the detectors' results as well
  const inData = below(/(?:^|\/)data\/([^/]+\/[^/]+\.csv)$/)
  const found = inData.length > 0 ? inData : below(/(?:^|\/)([^/]+\/[^/]+\.csv)$/)
  if (found.length === 0) {
    throw new VigilError('data-missing', 'no <category>/<file>.csv below the folder, nor in a .tar.gz of it', {
      place: dir,
    })
  }
  const labelFile = [...files.keys()].find((file) => path.posix.basename(file) === LABELS)
  const labels = labelFile === undefined ? undefined : readLabels(files.get(labelFile)!, labelFile)
  const seen = new Set<string>()
  const series = found
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, text }) => {
      if (seen.has(name)) throw new VigilError('recording-format', 'two files of this name', { place: name })
      seen.add(name)
      return readSeries(name, text, labels)
    })
  return {
    series,
    labelled: labels !== undefined,
    unreadableRows: series.reduce((sum, { values }) => sum + values.filter(Number.isNaN).length, 0),
    missing: labels === undefined ? [] : [...labels.keys()].filter((name) => !seen.has(name)).sort(),
  }
}

/** @throws VigilError recording-format */
export function readSeries(name: string, text: string, labels: NabLabels | undefined): NabSeries {
  const lines = text.split(/\r?\n/)
  if (!HEADER.test(lines[0]!)) {
    throw new VigilError('recording-format', 'the first line is not "timestamp,value"', { place: name })
  }
  if (lines.at(-1) === '') lines.pop()
  const rows = lines.slice(1).map((line) => line.split(','))
  if (rows.length === 0) throw new VigilError('recording-format', 'a header and no row', { place: name })
  const stamps = rows.map(([stamp]) => stamp!)
  const times = Float64Array.from(stamps, timeOf)
  const texts = rows.map(([, value]) => value ?? '')
  const values = Float64Array.from(texts, (text, row) => (Number.isNaN(times[row]!) ? Number.NaN : number(text)))
  const windows = labels?.get(name)
  return { name, stamps, texts, times, values, windows: windows && windowsOf(name, times, windows) }
}

function number(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  return Number.isFinite(value) ? value : Number.NaN
}

/** Every .csv and the labels, loose or in an archive: text by path. */
async function filesOf(dir: string): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  for await (const { path: file, bytes } of filesBelow(dir, WANTED)) {
    files.set(file.split(path.sep).join('/'), textOf(bytes))
  }
  return files
}
