import { randomUUID } from 'node:crypto'
import { readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { z } from 'zod'
import { VigilError } from '../errors.ts'

/** How often a holder says that it lives, and after how long without it is taken for gone, ms. */
const BEAT_MS = 10_000
const GONE_MS = 35_000

const Holder = z.strictObject({ id: z.string(), host: z.string(), pid: z.int(), since: z.string() })
type Holder = z.infer<typeof Holder>

export interface FileLock {
  /** @throws VigilError vault-held where another has taken it meanwhile, as from a process that slept */
  check(): void
  release(): void
}

/** The process of this machine lives: to signal it with 0 does nothing but ask. */
function lives(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Who holds a lock; undefined where nobody does or it cannot be read, as one that is cut. */
function holderOf(place: string): Holder | undefined {
  try {
    return Holder.parse(JSON.parse(readFileSync(place, 'utf8')))
  } catch {
    return undefined
  }
}

/**
 * Whether a holder writes no more. On this machine its process says it, and one of our own number is our former self, as the
 * only process of a container that was started again; elsewhere it is the time of its last sign of life.
 */
function gone({ host, pid }: Holder, place: string): boolean {
  if (host === hostname() && pid === process.pid) return true
  if (host === hostname() && !lives(pid)) return true
  const { mtimeMs } = statSync(place, { throwIfNoEntry: false }) ?? { mtimeMs: 0 }
  return Date.now() - mtimeMs > GONE_MS
}

const held = (file: string, { host, pid, since }: Holder) =>
  new VigilError('vault-held', `the vault is written by process ${pid} of ${host}, since ${since}: one gateway writes one file`, { place: file, retriable: true }) // biome-ignore format: one sentence

/**
 * Take the right to write a file, kept beside it as `FILE.lock`: who holds it, and touched every 10 s.
 * @throws VigilError vault-held while another process holds it; what the file system says
 */
export function lockFile(file: string): FileLock {
  const place = `${file}.lock`
  const me: Holder = { id: randomUUID(), host: hostname(), pid: process.pid, since: new Date().toISOString() }
  const text = JSON.stringify(me)
  try {
    writeFileSync(place, text, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const other = holderOf(place)
    if (other !== undefined && !gone(other, place)) throw held(file, other)
    // in one move, so that of two who take over at a time one finds the other's
    const next = `${place}.${me.id}`
    writeFileSync(next, text, { mode: 0o600 })
    renameSync(next, place)
  }
  const check = () => {
    const holder = holderOf(place)
    if (holder === undefined) throw new VigilError('vault-held', 'the lock of the vault is gone', { place: file })
    if (holder.id !== me.id) throw held(file, holder)
  }
  check()
  const beat = setInterval(() => {
    try {
      check()
      const now = new Date()
      utimesSync(place, now, now)
    } catch {
      // it is another's, which the next that is kept says
    }
  }, BEAT_MS)
  beat.unref()
  return {
    check,
    release() {
      clearInterval(beat)
      if (holderOf(place)?.id === me.id) rmSync(place, { force: true })
    },
  }
}
