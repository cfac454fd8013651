import type { VigilError } from '../errors.ts'
import type { Log } from '../log.ts'

const AGAIN_MS = 60_000

/** Says that a vault fails, once a minute: readings and alerts go on without it. */
export function vaultTrouble(log: Log): (error: VigilError) => void {
  let saidAt = Number.NEGATIVE_INFINITY
  return ({ code, place, message }) => {
    if (performance.now() - saidAt < AGAIN_MS) return
    saidAt = performance.now()
    log.error({ code, place }, message)
  }
}
