import { writeSync } from 'node:fs'
import { Socket } from 'node:net'
import type { CommitStep } from '../kafka/kafkajs/writer.ts'
import type { Order, Step, Told } from './orders.ts'

/** Where the harness listens. */
const TOLD_FD = 3
/** Kafka's number of the request that ends a transaction. */
const END_TXN = 26

/** Written when it returns: what follows may be the end of this process. */
export function tell(told: Told): void {
  const line = Buffer.from(`${JSON.stringify(told)}\n`)
  for (let at = 0; at < line.length; ) {
    try {
      at += writeSync(TOLD_FD, line, at)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EPIPE') process.kill(process.pid, 'SIGKILL') // the harness is gone
      if (code !== 'EAGAIN') throw error
    }
  }
}

/** A process that does what it is told when it passes a step. */
export class Obedient {
  #order: Order | undefined
  #left = 0
  #release: (() => void) | undefined
  /** partitions whose commit in flight carries an alert */
  readonly #alerting = new Set<number>()
  /** partitions whose commit in flight carries a swap */
  readonly #swapping = new Set<number>()
  /** the partition whose commit this process slept in, and whether it ends when that is refused */
  #slept: { readonly partition: number; readonly kill: boolean } | undefined
  #ending = false

  constructor() {
    const { write } = Socket.prototype
    const seen = (bytes: unknown) => this.#ending && Buffer.isBuffer(bytes) && isEndTxn(bytes)
    Socket.prototype.write = function (this: Socket, ...args: unknown[]) {
      const result = (write as (...args: unknown[]) => boolean).apply(this, args)
      if (seen(args[0])) process.kill(process.pid, 'SIGKILL')
      return result
    } as typeof write
  }

  take(order: Order | undefined): void {
    this.#order = order
    this.#left = order?.passage ?? 0
  }

  release(): void {
    this.#release?.()
  }

  /** A commit begins. */
  begins(partition: number, withAlert: boolean, withSwap: boolean): void {
    if (withAlert) this.#alerting.add(partition)
    else this.#alerting.delete(partition)
    if (withSwap) this.#swapping.add(partition)
    else this.#swapping.delete(partition)
  }

  /** A commit came to an end; undefined: it was taken. */
  ended(partition: number, refused: string | undefined): void {
    if (this.#slept?.partition !== partition) return
    const { kill } = this.#slept
    this.#slept = undefined
    tell({ kind: 'woke', refused })
    if (kill) process.kill(process.pid, 'SIGKILL')
  }

  /** A step of a commit is passed. */
  at = (step: CommitStep, partition: number): Promise<void> | void => this.pass(step, partition)

  pass(step: Step, partition: number): Promise<void> | void {
    const order = this.#order
    if (order === undefined) return
    const wanted = order.step === 'during-commit' ? 'after-offsets' : order.step
    if (step !== wanted || (order.withAlert === true && !this.#alerting.has(partition))) return
    if ((order.withSwap === true && !this.#swapping.has(partition)) || --this.#left > 0) return
    this.#order = undefined
    tell({ kind: 'reached', step: order.step, act: order.act, partition })
    if (order.step === 'during-commit') {
      this.#ending = true // as soon as the request is with the system
      return
    }
    if (order.act === 'kill') process.kill(process.pid, 'SIGKILL')
    if (order.act === 'hold') {
      return new Promise((resolve) => {
        this.#release = resolve
      })
    }
    this.#slept = { partition, kill: order.act === 'sleep-and-kill' }
    process.kill(process.pid, 'SIGSTOP')
  }
}

/** length, api key, ... */
const isEndTxn = (bytes: Buffer): boolean => bytes.length > 8 && bytes.readInt16BE(4) === END_TXN
