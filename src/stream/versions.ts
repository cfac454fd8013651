import type { SeenBy } from '../vitals/journal.ts'
import type { Detector } from './detector.ts'
import type { Session } from './session.ts'

/** The versions that see one patient. */
export interface Seers {
  /** one of each detector: they raise alerts */
  readonly champions: readonly Detector[]
  /** shadows[i] runs beside champions[i] and raises nothing; undefined where nothing does */
  readonly shadows: readonly (Detector | undefined)[]
  /** all of them, in the order in which they stand in a saved state */
  readonly all: readonly Detector[]
}

/**
 * The model versions at work in a ward. All of them step every frame; which of them see a patient is the patient's own
 * (`Session.seenBy`), and where nobody ever said, those that the settings name.
 */
export class Versions {
  #configured: Seers
  /** partition -> detector -> what sees the patients of whom nobody ever said, where that is not what the settings name */
  readonly #origins = new Map<number, Readonly<Record<string, SeenBy>>>()
  readonly #open = new Map<string, Detector>()
  #seers = new WeakMap<object, Seers>()
  /** one for all patients who are seen by the same */
  readonly #alike = new Map<string, Seers>()
  /** detectors whose version the settings pin: what patients were seen by before is of no account */
  readonly pinned: ReadonlySet<string>

  /** @param pinned detectors whose version the settings name outright */
  constructor(configured: readonly Detector[], pinned: ReadonlySet<string> = new Set()) {
    this.pinned = pinned
    this.#configured = seers(configured, [])
    for (const detector of configured) this.#open.set(detector.id, detector)
  }

  /** those that the settings name */
  get configured(): readonly Detector[] {
    return this.#configured.champions
  }

  /** all that are open */
  get all(): IterableIterator<Detector> {
    return this.#open.values()
  }

  /** @param id NAME@VERSION */
  find(id: string): Detector | undefined {
    return this.#open.get(id)
  }

  /** Only while nothing is stepped. */
  add(detector: Detector): void {
    this.#open.set(detector.id, detector)
    this.#forget()
    if (this.configured.some(({ id }) => id === detector.id))
      this.#configured = seers(
        this.configured.map((it) => (it.id === detector.id ? detector : it)),
        [],
      )
  }

  /** A version runs beside what the settings name, for every patient of whom nobody says otherwise; before the first frame. */
  beside(shadow: Detector): void {
    this.add(shadow)
    const { champions, shadows } = this.#configured
    const { detector } = shadow.manifest
    const next = champions.map((it, i) => (it.manifest.detector === detector ? shadow : shadows[i]))
    this.#configured = seers(champions, next)
  }

  /** Only while nothing is stepped, and no patient is seen by it. */
  remove(id: string): void {
    this.#open.delete(id)
    this.#forget()
  }

  #forget(): void {
    this.#alike.clear()
    this.#seers = new WeakMap()
  }

  /** What sees the patients of a partition of whom nobody ever said, all of it open; undefined: what the settings name. */
  begin(partition: number, seenBy: Readonly<Record<string, SeenBy>> | undefined): void {
    if (seenBy === undefined) this.#origins.delete(partition)
    else this.#origins.set(partition, seenBy)
  }

  of(session: Pick<Session, 'seenBy' | 'partition'>): Seers {
    const seenBy = session.seenBy ?? this.#origins.get(session.partition)
    if (seenBy === undefined) return this.#configured
    const known = this.#seers.get(seenBy)
    if (known !== undefined) return known
    const pairs = this.configured.map((detector) => this.#pair(detector, seenBy[detector.manifest.detector]))
    const key = pairs.map(([champion, shadow]) => `${champion.id} ${shadow?.id}`).join()
    const made =
      this.#alike.get(key) ??
      seers(
        pairs.map(([champion]) => champion),
        pairs.map(([, shadow]) => shadow),
      )
    this.#alike.set(key, made)
    this.#seers.set(seenBy, made)
    return made
  }

  /** Whether all that a patient is seen by are open. */
  has({ champion, shadow }: SeenBy): boolean {
    return this.#open.has(champion) && (shadow === undefined || this.#open.has(shadow))
  }

  #pair(configured: Detector, seen: SeenBy | undefined): readonly [Detector, Detector | undefined] {
    if (seen === undefined) return [configured, undefined]
    return [this.#open.get(seen.champion)!, seen.shadow === undefined ? undefined : this.#open.get(seen.shadow)!]
  }
}

function seers(champions: readonly Detector[], shadows: readonly (Detector | undefined)[]): Seers {
  const beside = champions.map((_, i) => shadows[i])
  return { champions, shadows: beside, all: [...champions, ...beside.filter((it) => it !== undefined)] }
}
