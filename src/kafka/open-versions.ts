import type { Detector } from '../stream/detector.ts'
import type { Versions } from '../stream/versions.ts'
import type { Succession } from '../vitals/succession.ts'
import type { Owned } from './owned.ts'

/** The versions that this process has opened: each once, at work in the ward as soon as a patient is seen by it. */
export class OpenVersions {
  readonly #versions: Versions
  readonly #open: (id: string) => Promise<Detector>
  readonly #opening = new Map<string, Promise<Detector>>()
  readonly #opened = new Map<string, Detector>()

  constructor(versions: Versions, open: (id: string) => Promise<Detector>) {
    this.#versions = versions
    this.#open = open
  }

  /** @param id NAME@VERSION @throws VigilError where it cannot be opened, or does not fit the ward */
  open(id: string): Promise<Detector> {
    const atWork = this.#versions.find(id)
    if (atWork !== undefined) return Promise.resolve(atWork)
    const known = this.#opening.get(id)
    if (known !== undefined) return known
    const opening = this.#open(id).then((detector) => {
      this.#opened.set(id, detector)
      return detector
    })
    this.#opening.set(id, opening)
    opening.catch(() => this.#opening.delete(id))
    return opening
  }

  /** Put versions that were opened to work. The ward is at rest. */
  work(...ids: (string | undefined)[]): void {
    for (const id of ids) {
      const detector = id === undefined || this.#versions.find(id) !== undefined ? undefined : this.#opened.get(id)
      if (detector !== undefined) this.#versions.add(detector)
    }
  }

  /** Close what works and no succession names: its rows and its session are given back. The ward is at rest. */
  release(all: Iterable<Pick<Owned, 'successions'>>): void {
    const named = new Set<string>()
    const name = ({ champion, beside }: Succession) => [champion, beside?.model]
    for (const { successions } of all)
      for (const succession of successions.values())
        for (const id of name(succession)) if (id !== undefined) named.add(id)
    if (named.size === 0) return
    for (const { id, manifest, engine } of [...this.#versions.all]) {
      if (named.has(id) || this.#versions.pinned.has(manifest.detector)) continue
      this.#versions.remove(id)
      this.#opening.delete(id)
      this.#opened.delete(id)
      void engine.close()
    }
  }
}
