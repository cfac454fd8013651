import type { ChannelTable } from '../vitals/channels.ts'
import type { WatchedBy } from '../vitals/journal.ts'
import { factsOf, restoreFacts } from './facts.ts'
import type { Lane, Slower } from './lane.ts'
import { makeRoom } from './packed-doubles.ts'
import type { Policies } from './policies.ts'
import type { SavedRows } from './rows.ts'
import type { Session } from './session.ts'
import { decodeState, type Layout, layout, layoutOf, StateWriter } from './state-record.ts'
import type { Seers, Versions } from './versions.ts'

interface Parts {
  readonly table: ChannelTable
  /** forecasters */
  readonly versions: Versions
  /** hourly models and reconstructors, shadows too */
  readonly slower: readonly Slower[]
  readonly policies: Policies
  /** rows that every patient has: the grid's; then those of the lanes that see the patient; then the rules' */
  readonly clocks: SavedRows
  readonly rules: readonly SavedRows[]
  /** rows of patients whose sets come in parts */
  readonly open: SavedRows
}

/** How the records of patients are written who are seen by the same versions. */
interface Shape {
  readonly rows: readonly SavedRows[]
  readonly lanes: readonly Lane[]
  readonly whole: Layout
  readonly inParts: Layout
}

/**
 * Patients' whole state as records, and back: facts, rows and hidden states. To be used between steps only. A record of
 * another build is read by the names in its layout: what both know is carried over, the rest begins as for a new patient,
 * so that a model of another version begins cold and everything else goes on.
 */
export class SavedPatients {
  readonly #parts: Parts
  readonly #shapes = new WeakMap<Seers, Shape>()
  readonly #layouts = new Map<string, Layout>()
  readonly #writer = new StateWriter()
  /** the numbers of one patient */
  #room = makeRoom(0)
  /** as facts: a member of the JSON */
  readonly #limits = new WeakMap<WatchedBy['limits'], string>()

  constructor(parts: Parts) {
    this.#parts = parts
    this.#shapeOf({ seenBy: undefined, partition: -1 })
  }

  /** What records of this build were written by, or would be; to be kept beside them. */
  get layouts(): readonly Layout[] {
    return [...this.#layouts.values()]
  }

  /** Bring the hidden states that live on a device to where they are read; undefined where none does. */
  fetch(): Promise<void> | undefined {
    const { versions, slower } = this.#parts
    const fetching = [...versions.all, ...slower].flatMap(({ engine }) => engine.fetchStates?.() ?? [])
    return fetching.length === 0 ? undefined : Promise.all(fetching).then(() => {})
  }

  /** Where a hidden state lives on a device: after `fetch`, and before the next step. */
  save(session: Session): Buffer {
    const { rows, lanes, whole, inParts } = this.#shapeOf(session)
    const { slot } = session
    const writer = this.#writer
    writer.begin(session.inParts ? inParts : whole)
    for (const lane of lanes) lane.readState(slot, writer.floats(lane.engine.stateSize))
    const numbers = this.#read(session, rows)
    writer.doubles(this.#room.doubles, this.#room.words, 0, numbers)
    return writer.end(factsOf(session, this.#parts.table, this.#limitsOf(session)))
  }

  /**
   * Put a record into a session that was just opened, its rows cleared.
   * @param layouts those kept beside the records, by id
   * @returns what watches the patient from here on, where that is not what made the record
   * @throws VigilError state-unreadable; the session is as it was then
   */
  load(session: Session, bytes: Buffer, layouts: ReadonlyMap<string, Layout>): WatchedBy | undefined {
    const id = layoutOf(bytes)
    const of = this.#layouts.get(id) ?? layouts.get(id) ?? layout([], [])
    const { facts, doubles, floats } = decodeState(bytes, of)
    restoreFacts(session, facts, this.#parts.table)
    session.seenBy = this.#stillSeenBy(session)
    const { rows, lanes, whole, inParts } = this.#shapeOf(session)
    const same = of.id === (session.inParts ? inParts : whole).id
    if (!same) {
      // what the record does not know stays as a new patient's
      const places = new Map(of.fields.map((name, i) => [name, i]))
      this.#read(session, rows)
      const names = session.inParts ? inParts.fields : whole.fields
      names.forEach((name, i) => {
        const from = places.get(name)
        if (from !== undefined) this.#room.doubles[i] = doubles[from]!
      })
    }
    const numbers = same ? doubles : this.#room.doubles
    let next = 0
    for (const each of session.inParts ? [...rows, this.#parts.open] : rows) {
      each.write(session.slot, numbers, next)
      next += each.fields.length
    }
    let from = 0
    for (const state of of.states) {
      const lane = lanes.find(({ model, engine }) => state.model === model && state.floats === engine.stateSize)
      lane?.writeState(session.slot, floats.subarray(from, from + state.floats))
      from += state.floats
    }
    const limits = (facts as { readonly limits?: WatchedBy['limits'] }).limits
    return this.#successors(session, of, limits)
  }

  /** A patient's numbers, put into the room. @returns how many they are */
  #read({ slot, inParts }: Session, rows: readonly SavedRows[]): number {
    const { open } = this.#parts
    const count = rows.reduce((sum, { fields }) => sum + fields.length, inParts ? open.fields.length : 0)
    if (this.#room.doubles.length < count) this.#room = makeRoom(8 * count)
    const { doubles } = this.#room
    let next = 0
    for (const each of rows) {
      each.read(slot, doubles, next)
      next += each.fields.length
    }
    if (inParts) open.read(slot, doubles, next)
    return count
  }

  /** What a record says of who sees its patient, as far as those versions are open and nothing else is pinned. */
  #stillSeenBy({ seenBy }: Session): Session['seenBy'] {
    const { versions } = this.#parts
    const kept = Object.entries(seenBy ?? {}).flatMap(([detector, by]) => {
      const { champion } = by
      if (versions.pinned.has(detector) || versions.find(champion) === undefined) return []
      return [[detector, versions.has(by) ? by : { champion }]]
    })
    return kept.length > 0 ? Object.fromEntries(kept) : undefined
  }

  /** The models that are not those of a record, and the limits; undefined where all are the same. */
  #successors(session: Session, { states }: Layout, before: WatchedBy['limits'] | undefined): WatchedBy | undefined {
    const { versions, slower, policies } = this.#parts
    const { set, version } = policies.current.limits
    const limits = { set, version }
    const { champions, all } = versions.of(session)
    const raising: readonly Lane[] = [...champions, ...slower.filter(({ role }) => role === 'champion')]
    // a shadow that begins cold says nothing, and changes nobody's future
    const others = raising.filter(({ model }) => !states.some((state) => state.model === model))
    const known = new Set([...all, ...slower].map((lane) => lane.model))
    const gone = states.some(({ model }) => !known.has(model))
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

  #limitsOf(session: Session): string {
    const { limits } = this.#parts.policies.of(session)
    const known = this.#limits.get(limits)
    if (known !== undefined) return known
    const { set, version } = limits
    const said = `"limits":${JSON.stringify({ set, version })}`
    this.#limits.set(limits, said)
    return said
  }

  #shapeOf(session: Pick<Session, 'seenBy' | 'partition'>): Shape {
    const seers = this.#parts.versions.of(session)
    const known = this.#shapes.get(seers)
    if (known !== undefined) return known
    const { clocks, slower, rules, open } = this.#parts
    const lanes: readonly Lane[] = [...seers.all, ...slower]
    const rows = [clocks, ...lanes.map(({ saved }) => saved), ...rules]
    const fields = rows.flatMap((it) => it.fields)
    const states = lanes.map(({ model, engine }) => ({ model, floats: engine.stateSize }))
    const shape = {
      rows,
      lanes,
      whole: layout(fields, states),
      inParts: layout([...fields, ...open.fields], states),
    }
    for (const each of [shape.whole, shape.inParts]) this.#layouts.set(each.id, each)
    this.#shapes.set(seers, shape)
    return shape
  }
}
