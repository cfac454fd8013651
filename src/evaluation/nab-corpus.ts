import { createReadStream } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { createGunzip } from 'node:zlib'
import { VigilError } from '../errors.ts'
import { untar } from '../training/cohorts/tar.ts'
import { type NabLabels, readLabels, windowsOf } from './nab-labels.ts'
import type { NabWindow } from './nab-score.ts'

/** One file of the benchmark: a value a row. */
export interface NabSeries {
  /** `category/file.csv` */
  readonly name: string
  /** [N] the time as the file has it */
  readonly stamps: readonly string[]
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
const HEADER = /^timestamp,value(,|$)/

/**
 * The benchmark's own layout: `data/<category>/<file>.csv` and `labels/combined_windows.json`, or an archive (.tar.gz) of
 * them; the data folder alone serves too. Other files are passed over.
 * @throws VigilError data-missing (no series), recording-unreadable, recording-format (a series or the labels are not of
 *   the benchmark's form, or a labelled window is not in its file)
 */
export async function readNab(dir: string): Promise<NabCorpus> {
  const files = await filesOf(dir)
  const found = [...files].flatMap(([file, text]) => {
    const name = /(?:^|\/)([^/]+\/[^/]+\.csv)$/.exec(file)?.[1]
    return name === undefined ? [] : [{ name, text }]
  })
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
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  if (!HEADER.test(lines[0]!)) {
    throw new VigilError('recording-format', 'the first line is not "timestamp,value"', { place: name })
  }
  if (lines.at(-1) === '') lines.pop()
  const rows = lines.slice(1).map((line) => line.split(','))
  if (rows.length === 0) throw new VigilError('recording-format', 'a header and no row', { place: name })
  const stamps = rows.map(([stamp]) => stamp!)
  const times = Float64Array.from(stamps, timeOf)
  const values = Float64Array.from(rows, ([, value], row) => (Number.isNaN(times[row]!) ? Number.NaN : number(value)))
  const windows = labels?.get(name)
  return { name, stamps, times, values, windows: windows && windowsOf(name, times, windows) }
}

/** `2014-04-01 00:00:00`, with or without a fraction, in UTC: ms since 1970, NaN where it is none. */
export function timeOf(stamp: string): number {
  const parts = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d+)?$/.exec(stamp.trim())
  return parts === null ? Number.NaN : Date.parse(`${parts[1]}T${parts[2]}Z`)
}

function number(text: string | undefined): number {
  const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text)
  return Number.isFinite(value) ? value : Number.NaN
}

/** Every .csv and the labels, by path below the folder or in its archives; text. */
async function filesOf(dir: string): Promise<Map<string, string>> {
  let names: string[]
  try {
    const entries = await readdir(dir, { recursive: true, withFileTypes: true })
    names = entries.filter((it) => it.isFile()).map((it) => path.join(path.relative(dir, it.parentPath), it.name))
  } catch (cause) {
    throw new VigilError('data-missing', 'the data folder cannot be read', { place: dir, cause })
  }
  const files = new Map<string, string>()
  for (const name of names.sort()) {
    const slashed = name.split(path.sep).join('/')
    if (isWanted(slashed)) files.set(slashed, await readFile(path.join(dir, name), 'utf8'))
    else if (/\.(tar\.gz|tgz)$/.test(slashed)) await unpack(path.join(dir, name), files)
  }
  return files
}

function isWanted(name: string): boolean {
  const base = path.posix.basename(name)
  return !base.startsWith('.') && (base.endsWith('.csv') || base === LABELS)
}

async function unpack(file: string, files: Map<string, string>): Promise<void> {
  try {
    for await (const { path: name, bytes } of untar(createReadStream(file).pipe(createGunzip()), file)) {
      if (isWanted(name)) files.set(name, Buffer.from(bytes).toString('utf8'))
    }
  } catch (cause) {
    if (cause instanceof VigilError) throw cause
    throw new VigilError('recording-unreadable', 'the archive cannot be unpacked', { place: file, cause })
  }
}
