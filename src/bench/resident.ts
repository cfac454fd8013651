import { setTimeout } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Pages that a collection freed are given back by threads of V8's own, later on busy cores. Memory that has not fallen ... */
const SETTLE_MS = 500
/** ... by so much for so long stays. */
const SETTLED_BYTES = 2 ** 20

/** Resident bytes of this process after a full collection, once what it freed is given back. */
export async function residentBytes(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  for (let before = process.memoryUsage.rss(); ; ) {
    await setTimeout(SETTLE_MS)
    const now = process.memoryUsage.rss()
    if (now > before - SETTLED_BYTES) return now
    before = now
  }
}
