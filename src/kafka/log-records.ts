import type { LogRecord, LogRecords } from './port.ts'

/** Records that are taken apart already. */
export class ListedRecords implements LogRecords {
  readonly next: number
  readonly #records: readonly LogRecord[]
  #taken = 0

  constructor(records: readonly LogRecord[]) {
    this.#records = records
    this.next = (records.at(-1)?.offset ?? -1) + 1
  }

  get left(): number {
    return this.#records.length - this.#taken
  }

  take(most: number): readonly LogRecord[] {
    const taken = this.#records.slice(this.#taken, this.#taken + most)
    this.#taken += taken.length
    return taken
  }
}
