import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { AtEnd } from '../../closing.ts'
import { VigilError } from '../../errors.ts'
import type { Tallied } from './tally.ts'
import type { Order, World } from './world.ts'

/** What the other side says. */
interface Said {
  readonly ready?: number
  readonly port?: number
  readonly receiver?: number
  readonly least?: number
  readonly began?: number
  readonly written?: number
  readonly tallied?: Tallied
}

export interface OtherSide {
  /** ports of its webhook receivers, once all listen; none of subscribers, once all are connected */
  readonly ports: readonly number[]
  /** messages that every receiver has, about */
  readonly least: number
  /** microseconds since 1970 at which it began to write */
  readonly began: number
  order(order: Order): void
  /** resolves once the slowest receiver has so many */
  atLeast(messages: number): Promise<void>
  /** resolves with the first that is said of a kind */
  said<K extends keyof Said>(kind: K): Promise<NonNullable<Said[K]>>
}

/** Subscribers, webhook receivers or a writer in a process of their own. @throws VigilError internal when it ends early */
export async function otherSide(world: World, atEnd: AtEnd): Promise<OtherSide> {
  const child = fork(fileURLToPath(new URL('./world.js', import.meta.url)), [JSON.stringify(world)])
  const kill = () => void child.kill('SIGKILL')
  process.once('exit', kill)
  atEnd(() => {
    process.off('exit', kill)
    kill()
  })
  const said: Said[] = []
  let ended: VigilError | undefined
  const waiting: (() => void)[] = []
  const wake = () => {
    for (const look of waiting.splice(0)) look()
  }
  child.on('message', (message) => {
    said.push(message as Said)
    wake()
  })
  child.on('close', (code) => {
    ended = new VigilError('internal', `the other side of the bench ended with ${code}`)
    wake()
  })
  const until = async <T>(look: () => T | undefined): Promise<T> => {
    for (;;) {
      const found = look()
      if (found !== undefined) return found
      if (ended !== undefined) throw ended
      await new Promise<void>((resolve) => waiting.push(resolve))
    }
  }
  const last = <K extends keyof Said>(kind: K) => said.findLast((it) => it[kind] !== undefined)?.[kind]
  const there = world.kind === 'subscribers' ? 'ready' : 'port'
  await until(() => said.filter((it) => it[there] !== undefined).length === world.receivers || undefined)
  const ports: number[] = []
  for (const { port, receiver } of said) if (port !== undefined) ports[receiver!] = port
  return {
    ports,
    get least() {
      return last('least') ?? 0
    },
    get began() {
      return last('began') ?? 0
    },
    order: (order) => void child.send(order),
    atLeast: (messages) => until(() => ((last('least') ?? 0) >= messages ? true : undefined)).then(() => {}),
    said: (kind) => until(() => last(kind)) as never,
  }
}
