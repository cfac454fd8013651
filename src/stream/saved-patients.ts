import type { ChannelTable } from '../vitals/channels.ts'
import type { WatchedBy } from '../vitals/journal.ts'
import { factsOf, restoreFacts } from './facts.ts'
import type { Lane } from './lane.ts'
import type { SavedRows } from './rows.ts'
import type { Session } from './sessions.ts'
import { decodeState, encodeState, type Layout, layout, layoutOf } from './state-record.ts'

interface Parts {
  readonly table: ChannelTable
  /** every model version at work, shadows too */
  readonly lanes: readonly Lane[]
  /** the set of limits, and its version */
  readonly limits: WatchedBy['limits']
  /** rows that every patient has */
  readonly rows: readonly SavedRows[]
  /** rows of patients whose sets come in parts */
  readonly open: SavedRows
}

/**
 * Patients' whole state as records, and back: facts, rows and hidden states. To be used between steps only. A record of
 * another build is read by the names in its layout: what both know is carried over, the rest begins as for a new patient,
 * so that a model of another version begins cold and everything else goes on.
 */
export class SavedPatients {
  readonly #parts: Parts
  readonly #whole: Layout
  readonly #inParts: Layout
  readonly #floats: Float32Array

  constructor(parts: Parts) {
    this.#parts = parts
    const fields = parts.rows.flatMap((it) => it.fields)
    const states = parts.lanes.map(({ model, engine }) => ({ model, floats: engine.stateSize }))
    this.#whole = layout(fields, states)
    this.#inParts = layout([...fields, ...parts.open.fields], states)
    this.#floats = new Float32Array(states.reduce((sum, state) => sum + state.floats, 0))
  }

  /** What records of this build are written by; to be kept beside them. */
  get layouts(): readonly Layout[] {
    return [this.#whole, this.#inParts]
  }

  save(session: Session): Buffer {
    const of = session.inParts ? this.#inParts : this.#whole
    const doubles = new Float64Array(of.fields.length)
    let at = 0
    for (const { rows } of this.#rowsOf(session)) {
      const from = rows.at(session.slot)
      doubles.set(rows.page(session.slot).subarray(from, from + rows.stride), at)
      at += rows.stride
    }
    this.#eachState((lane, from, to) => lane.readState(session.slot, this.#floats.subarray(from, to)))
    const { table, limits } = this.#parts
    return encodeState({ facts: { ...factsOf(session, table), limits }, doubles, floats: this.#floats }, of)
  }

  /**
   * Put a record into a session that was just opened, its rows cleared.
   * @param layouts those kept beside the records, by id
   * @returns what watches the patient from here on, where that is not what made the record
   * @throws VigilError state-unreadable; the session is as it was then
   */
  load(session: Session, bytes: Buffer, layouts: ReadonlyMap<string, Layout>): WatchedBy | undefined {
    const id = layoutOf(bytes)
    const of = this.layouts.find((it) => it.id === id) ?? layouts.get(id) ?? layout([], [])
    const { facts, doubles, floats } = decodeState(bytes, of)
    restoreFacts(session, facts, this.#parts.table)
    const places = this.layouts.includes(of) ? undefined : new Map(of.fields.map((name, i) => [name, i]))
    let next = 0
    for (const { rows, fields } of this.#rowsOf(session)) {
      const page = rows.page(session.slot)
      const at = rows.at(session.slot)
      for (let i = 0; i < rows.stride; i++) {
        const from = places === undefined ? next + i : places.get(fields[i]!)
        if (from !== undefined) page[at + i] = doubles[from]!
      }
      next += rows.stride
    }
    this.#eachState((lane) => {
      let from = 0
      for (const state of of.states) {
        const to = from + state.floats
        if (state.model === lane.model && state.floats === lane.engine.stateSize)
          lane.writeState(session.slot, floats.subarray(from, to))
        from = to
      }
    })
    const limits = (facts as { readonly limits?: WatchedBy['limits'] }).limits
    return this.#successors(of, limits)
  }

  /** The models that are not those of a record, and the limits; undefined where all are the same. */
  #successors({ states }: Layout, before: WatchedBy['limits'] | undefined): WatchedBy | undefined {
    const { lanes, limits } = this.#parts
    // a shadow that begins cold says nothing, and changes nobody's future
    const others = lanes.filter(({ model, role }) => role === 'champion' && !states.some((it) => it.model === model))
    const gone = states.some(({ model }) => !lanes.some((lane) => lane.model === model))
    const same = before?.set === limits.set && before.version === limits.version
    if (others.length === 0 && !gone && same) return undefined
    const models = others.map(({ manifest: { detector, name, version, graph } }) => ({
      detector,
      name,
      version,
      sha256: graph.sha256,
    }))
    return { models, limits }
  }

  #rowsOf(session: Session): readonly SavedRows[] {
    return session.inParts ? [...this.#parts.rows, this.#parts.open] : this.#parts.rows
  }

  #eachState(visit: (lane: Lane, from: number, to: number) => void): void {
    let from = 0
    for (const lane of this.#parts.lanes) {
      const to = from + lane.engine.stateSize
      visit(lane, from, to)
      from = to
    }
  }
}
