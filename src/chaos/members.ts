import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { MemberStart, Order, Told } from './orders.ts'

/** The compiled entry, from `src/` as from `dist/`. */
const ENTRY = fileURLToPath(new URL('../../dist/chaos/member.js', import.meta.url))
/** How long a member that was asked to leave may take, ms: what `vigil serve` promises. */
const POLITE_MS = 10_000

/** What was told, and which partitions a member had that passed a step. */
export type Heard =
  | Exclude<Told, { kind: 'reached' }>
  | (Extract<Told, { kind: 'reached' }> & { readonly had: number[] })

/** One process of the service. */
export interface Member {
  readonly pid: number
  readonly child: ChildProcess
  /** it holds still, by SIGSTOP or by an order */
  asleep: boolean
  /** partitions of its newest generation; undefined before the first */
  partitions: readonly number[] | undefined
  /** what it told, the newest last; taken by `heard` */
  readonly told: Heard[]
  /** resolves when it has ended: its exit code, or null where a signal ended it */
  readonly ended: Promise<number | null>
  alive: boolean
}

/** Who has a partition, by who committed in it last. */
export interface Ownership {
  readonly member: Member
  /** wall clock, ms, of its first commit since another's */
  readonly since: number
}

/** The processes of a run. It ends only those that it started. */
export class Members {
  readonly all = new Set<Member>()
  readonly owners = new Map<number, Ownership>()
  /** partition -> the readings' newest committed position */
  readonly positions = new Map<number, number>()
  /** seconds that each restore took */
  readonly restores: number[] = []
  /** generations that members were told of */
  generations = 0
  /** commits that were refused, by code */
  readonly refused = new Map<string, number>()
  /** exits nobody asked for */
  readonly fallen: string[] = []
  readonly #partitions: number
  #stderr: (text: string) => void

  constructor(partitions: number, stderr: (text: string) => void) {
    this.#partitions = partitions
    this.#stderr = stderr
  }

  start(begin: MemberStart): Member {
    const child = spawn(process.execPath, ['--no-warnings', ENTRY], { stdio: ['pipe', 'ignore', 'pipe', 'pipe'] })
    const member: Member = {
      pid: child.pid!,
      child,
      asleep: false,
      partitions: undefined,
      told: [],
      alive: true,
      ended: new Promise((resolve) => {
        child.once('exit', (code, signal) => {
          member.alive = false
          this.all.delete(member)
          for (const [partition, { member: owner }] of this.owners) if (owner === member) this.owners.delete(partition)
          if (code !== null && code !== 0) this.fallen.push(`exit code ${code}`)
          resolve(signal === null ? code : null)
        })
      }),
    }
    child.stderr!.setEncoding('utf8').on('data', (text: string) => this.#stderr(text))
    child.stdin!.on('error', () => {}) // it has just ended
    createInterface({ input: child.stdio[3] as NodeJS.ReadableStream }).on('line', (line) => this.#heard(member, line))
    this.all.add(member)
    this.#send(member, begin)
    return member
  }

  order(member: Member, order: Order | null): void {
    this.#send(member, order)
  }

  release(member: Member): void {
    member.asleep = false
    this.#send(member, 'release')
  }

  /** The next thing that a member tells that is of this kind, or undefined when it takes too long or has ended. */
  async heard<K extends Heard['kind']>(
    member: Member,
    kind: K,
    withinMs: number,
  ): Promise<Extract<Heard, { kind: K }> | undefined> {
    for (const until = Date.now() + withinMs; ; ) {
      const at = member.told.findIndex((it) => it.kind === kind)
      if (at >= 0) return member.told.splice(at, 1)[0] as Extract<Heard, { kind: K }>
      if (Date.now() > until || (!member.alive && member.child.stdio[3]?.destroyed !== false)) return undefined
      await sleep(10)
    }
  }

  /**
   * Until every partition is committed in by a member that is awake and whose it is.
   * @returns ms since the call, or undefined when it takes too long
   */
  async settled(withinMs: number): Promise<number | undefined> {
    for (const began = Date.now(); Date.now() - began < withinMs; await sleep(20)) {
      const owned = [...this.owners.values()].filter(({ member }) => !member.asleep)
      if (owned.length === this.#partitions) return Date.now() - began
    }
    return undefined
  }

  /** The partitions that a member committed in last. */
  partitionsOf(of: Member): number[] {
    return [...this.owners].filter(([, { member }]) => member === of).map(([partition]) => partition)
  }

  /** SIGKILL */
  async kill(member: Member): Promise<void> {
    member.child.kill('SIGKILL')
    await member.ended
  }

  /** SIGTERM; SIGKILL where that does not help. @returns exit code and ms until the exit */
  async leave(member: Member): Promise<{ code: number | null; ms: number }> {
    const began = Date.now()
    member.child.kill('SIGTERM')
    const harder = setTimeout(() => member.child.kill('SIGKILL'), 3 * POLITE_MS)
    const code = await member.ended
    clearTimeout(harder)
    return { code, ms: Date.now() - began }
  }

  /** End all that are left. */
  async close(): Promise<void> {
    await Promise.all([...this.all].map((member) => this.kill(member)))
  }

  #send(member: Member, line: unknown): void {
    if (member.alive) member.child.stdin!.write(`${JSON.stringify(line)}\n`)
  }

  #heard(member: Member, line: string): void {
    const told = JSON.parse(line) as Told
    switch (told.kind) {
      case 'generation':
        this.generations++
        member.partitions = told.partitions
        for (const [partition, { member: owner }] of this.owners)
          if (owner === member && !told.partitions.includes(partition)) this.owners.delete(partition)
        break
      case 'restored':
        this.restores.push(told.seconds)
        break
      case 'refused':
        this.refused.set(told.code, (this.refused.get(told.code) ?? 0) + 1)
        break
      case 'committed': {
        const { partition, next } = told
        this.positions.set(partition, Math.max(next, this.positions.get(partition) ?? 0))
        if (member.alive && this.owners.get(partition)?.member !== member)
          this.owners.set(partition, { member, since: Date.now() })
        break
      }
      case 'reached':
        // what it had when it passed: once it has ended, it has nothing
        member.told.push({ ...told, had: this.partitionsOf(member) })
        break
      default:
        member.told.push(told)
    }
  }
}
