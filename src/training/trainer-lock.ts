import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { VigilError } from '../errors.ts'

/** Who trains a model. */
interface Holder {
  readonly pid: number
  readonly host: string
  /** ISO 8601 */
  readonly since: string
  /** when the process began, in the system's own count, where it tells: process numbers are used again */
  readonly began: string | undefined
}

/** Where a model's training keeps what it needs to go on: never a version, for versions do not begin with a dot. */
export function trainingFolder(registry: string, name: string): string {
  return join(registry, name, '.training')
}

/**
 * Be the only trainer of a model while something is done. The folder stays when the work fails, so that it may be resumed,
 * and goes when it ended well. A lock whose process is gone is nobody's.
 * @throws VigilError training-busy when another process trains this model; model-unwritable
 */
export async function asOnlyTrainer<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const lock = join(folder, 'lock')
  try {
    mkdirSync(folder, { recursive: true })
    take(lock)
  } catch (cause) {
    if (cause instanceof VigilError) throw cause
    throw new VigilError('model-unwritable', 'the registry cannot be written', { place: folder, cause })
  }
  try {
    const done = await work()
    rmSync(folder, { recursive: true, force: true })
    return done
  } catch (error) {
    rmSync(lock, { force: true })
    throw error
  }
}

function take(lock: string): void {
  const me: Holder = {
    pid: process.pid,
    host: hostname(),
    since: new Date().toISOString(),
    began: beganOf(process.pid),
  }
  for (let tries = 0; ; tries++) {
    try {
      writeFileSync(lock, `${JSON.stringify(me)}\n`, { flag: 'wx' })
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const holder = holderOf(lock)
    if (tries > 0 || (holder !== undefined && holds(holder))) {
      const who =
        holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host} since ${holder.since}`
      throw new VigilError('training-busy', `this model is being trained by ${who}`, { place: lock, retriable: true })
    }
    rmSync(lock, { force: true })
  }
}

/** undefined where the lock is gone, or was cut while it was written */
function holderOf(lock: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(lock, 'utf8')) as Holder
  } catch {
    return undefined
  }
}

/** Of a process on another machine nothing can be known: it holds. */
function holds({ pid, host, began }: Holder): boolean {
  if (host !== hostname()) return true
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  return beganOf(pid) === began
}

/** Linux: field 22 of /proc/PID/stat, counted after the name, which may hold blanks. */
function beganOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}
