import { randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync, utimesSync } from 'node:fs'
import { link, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { VigilError } from '../../errors.ts'
import { replaceFile, unwritable, writeSynced } from './durable.ts'

/** Who holds a lock. */
const Holder = z.strictObject({
  host: z.string(),
  pid: z.int(),
  /** when the process began, in the words of its system: another process may get its number */
  born: z.string(),
  /** where its number means something: one boot of one machine, one container */
  space: z.string(),
  purpose: z.string(),
  since: z.string(),
})
type Holder = z.infer<typeof Holder>

/** A folder that nobody else writes to. */
export interface FolderLock {
  /** to be called during long work that keeps timers from running: elsewhere a silent holder counts as gone */
  touch(): void
  /** @throws VigilError registry-locked when the lock was taken away meanwhile */
  held(): Promise<void>
  release(): Promise<void>
}

/** Silence after which a holder on another machine, whose process cannot be looked for, counts as gone. */
export const SILENT_MS = 15 * 60_000
const TOUCH_MS = 60_000
const NAME = /^\.lock\.(\d+)$/
const TRIES = 20
/** what stands in a lock that was given back */
const FREE = '{}'

/**
 * Be the only writer of a folder. A lock is a file `.lock.N` that names its holder; the highest N counts, and whoever
 * takes a lock makes the next one, so that of two who find the same dead holder only one succeeds. A holder is dead when
 * its process is gone from this machine, or when it was silent for a quarter of an hour on another.
 * @param purpose what for, in words without identities: who is refused reads it
 * @throws VigilError registry-locked, which names the holder; registry-unwritable
 */
export async function lockFolder(dir: string, purpose: string): Promise<FolderLock> {
  try {
    await mkdir(dir, { recursive: true })
    for (let tries = 0; tries < TRIES; tries++) {
      const newest = await newestLock(dir)
      await refuseWhileHeld(dir, newest)
      const mine = newest + 1
      if (!(await make(dir, mine, purpose))) continue
      if ((await newestLock(dir)) === mine) return await taken(dir, mine)
      await rm(lockPath(dir, mine), { force: true })
    }
  } catch (cause) {
    throw unwritable(dir, cause)
  }
  throw new VigilError('registry-locked', 'others take the lock again and again', { place: dir, retriable: true })
}

const lockPath = (dir: string, n: number): string => join(dir, `.lock.${n}`)

async function lockNumbers(dir: string): Promise<number[]> {
  return (await readdir(dir)).flatMap((name) => NAME.exec(name)?.[1] ?? []).map(Number)
}

const newestLock = async (dir: string): Promise<number> => Math.max(0, ...(await lockNumbers(dir)))

async function refuseWhileHeld(dir: string, n: number): Promise<void> {
  if (n === 0) return
  let text: string
  let touched: number
  try {
    text = await readFile(lockPath(dir, n), 'utf8')
    touched = (await stat(lockPath(dir, n))).mtimeMs
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return
    throw cause
  }
  const holder = holderIn(text)
  if (holder === undefined || !lives(holder, touched)) return
  const { purpose, pid, host, since } = holder
  const message = `locked for ${purpose} by process ${pid} on ${host} since ${since}`
  throw new VigilError('registry-locked', message, { place: dir, retriable: true })
}

function holderIn(text: string): Holder | undefined {
  if (text === FREE) return undefined
  try {
    return Holder.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

function lives({ pid, born, space }: Holder, touched: number): boolean {
  if (space !== spaceHere()) return Date.now() - touched < SILENT_MS
  return bornOf(pid) === born
}

/** Whole and at once: a hard link to a finished file. @returns whether it was the first of this number */
async function make(dir: string, n: number, purpose: string): Promise<boolean> {
  const pid = process.pid
  const holder: Holder = {
    host: hostname(),
    pid,
    born: bornOf(pid) ?? 'unknown',
    space: spaceHere(),
    purpose,
    since: new Date().toISOString(),
  }
  const made = join(dir, `.lock.${pid}.${randomBytes(4).toString('hex')}.tmp`)
  try {
    await writeSynced(made, JSON.stringify(holder))
    await link(made, lockPath(dir, n))
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw cause
  } finally {
    await rm(made, { force: true })
  }
}

async function taken(dir: string, mine: number): Promise<FolderLock> {
  for (const old of await lockNumbers(dir)) if (old < mine) await rm(lockPath(dir, old), { force: true })
  const touch = () => {
    try {
      utimesSync(lockPath(dir, mine), new Date(), new Date())
    } catch {
      // taken away: `held` says so before anything is written
    }
  }
  const timer = setInterval(touch, TOUCH_MS)
  timer.unref()
  const held = async () => {
    if ((await newestLock(dir)) === mine) return
    throw new VigilError('registry-locked', 'the lock was taken away from a holder who had been silent', { place: dir })
  }
  return {
    touch,
    held,
    async release() {
      clearInterval(timer)
      await replaceFile(lockPath(dir, mine), FREE, held)
    },
  }
}

/** When a process of this machine began; undefined when it is gone. Without /proc a running one is as good as another. */
function bornOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // the name stands in brackets and may hold anything; start time is the 20th word after it (proc(5))
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    if (process.platform === 'linux') return undefined
  }
  try {
    process.kill(pid, 0)
    return 'running'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? 'running' : undefined
  }
}

function spaceHere(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return hostname()
  }
}
