import { rename, writeFile } from 'node:fs/promises'
import type { Log } from '../log.ts'
import type { DriftReason } from '../vitals/tallied.ts'

/** What a file of drifted models says of one, under the model's name. */
export interface Drifted {
  readonly version: string
  /** ms since 1970 */
  readonly since: number
  readonly reasons: readonly DriftReason[]
}

/**
 * The file that says which models have drifted, and why: `{ "NAME": { version, since, reasons } }`, replaced at once
 * whenever that changes. A model that is as it was made stands no longer in it.
 * @param path undefined: nothing is written
 */
export function driftFile(path: string | undefined, log: Log, now: () => number) {
  const drifted = new Map<string, Drifted>()
  return async (name: string, version: string, reasons: readonly DriftReason[]): Promise<void> => {
    const known = drifted.get(name)
    const words = (of: readonly DriftReason[]) => of.map((it) => `${it.figure} ${it.of}`).join()
    if (reasons.length === 0 ? known === undefined : known && words(known.reasons) === words(reasons)) return
    if (reasons.length === 0) drifted.delete(name)
    else drifted.set(name, { version, since: known?.since ?? now(), reasons })
    log.warn(
      { model: `${name}@${version}`, reasons },
      reasons.length > 0 ? 'a model has drifted' : 'a model drifts no more',
    )
    if (path === undefined) return
    try {
      await writeFile(`${path}.${process.pid}.tmp`, `${JSON.stringify(Object.fromEntries(drifted), null, 1)}\n`)
      await rename(`${path}.${process.pid}.tmp`, path)
    } catch (error) {
      log.error({ place: path }, `the file of drifted models cannot be written: ${(error as Error).message}`)
    }
  }
}
