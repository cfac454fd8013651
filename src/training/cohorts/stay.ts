/**
 * A stay as hourly rows of readings. Row i holds readings [from[i], from[i + 1]); channels index the benchmark's own list.
 * Attributes that never change stand in the first row they were given in.
 */
export interface HourlyStay {
  /** the publisher's record id */
  readonly name: string
  /** [rows + 1] */
  readonly from: Int32Array
  readonly channels: Uint8Array
  readonly values: Float64Array
  /** [rows] 0 or 1; absent where the data has no labels */
  readonly labels?: Uint8Array
}

/** What was wrong with the files and left in (a value became "missing"), or left out (a whole file). */
export interface Faults {
  /** values that are no number where one should be: taken as missing */
  values: number
  /** rows with more or fewer fields than the header: what is there is taken */
  rows: number
  /** files without one row, or of another kind: left out */
  files: number
  /** files whose record was there already: left out */
  doubles: number
  /** records that have an outcome and no file */
  missing: number
}

export const noFaults = (): Faults => ({ values: 0, rows: 0, files: 0, doubles: 0, missing: 0 })

/** In words, for a person; undefined where nothing was wrong. */
export function faultsInWords({ values, rows, files, doubles, missing }: Faults): string | undefined {
  const said = [
    files > 0 && `${files} files without a readable row were left out`,
    doubles > 0 && `${doubles} files of a record that was there already were left out`,
    missing > 0 && `${missing} records have an outcome and no file`,
    rows > 0 && `${rows} rows had more or fewer fields than their header`,
    values > 0 && `${values} values were no numbers and count as missing`,
  ].filter((part) => part !== false)
  return said.length === 0 ? undefined : said.join('; ')
}

/** Rows of readings, gathered one after the other. */
export class RowGatherer {
  readonly #from: number[] = [0]
  readonly #channels: number[] = []
  readonly #values: number[] = []

  add(channel: number, value: number): void {
    this.#channels.push(channel)
    this.#values.push(value)
  }

  endRow(): void {
    this.#from.push(this.#channels.length)
  }

  stay(name: string, labels?: Uint8Array): HourlyStay {
    return {
      name,
      from: Int32Array.from(this.#from),
      channels: Uint8Array.from(this.#channels),
      values: Float64Array.from(this.#values),
      ...(labels === undefined ? {} : { labels }),
    }
  }
}
