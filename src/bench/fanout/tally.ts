import { handedOf, micros, seqOf } from './alerts.ts'

/** What arrived at all receivers together. */
export interface Tallied {
  readonly delivered: number
  /** messages that a receiver never had, and those it had more than once */
  readonly lost: number
  readonly doubled: number
  /** from the hand-over to the receiver, ms; without what was replayed to one that had been away */
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number }
  /** microseconds since 1970 of the last arrival */
  readonly last: number
}

/** Counts what arrives at one of several receivers, and when. */
export class Tally {
  readonly #seen: Uint8Array[]
  readonly #back: Float64Array
  readonly #counts: Float64Array
  readonly #delays: number[] = []
  #doubled = 0
  #last = 0

  /** @param messages at most */
  constructor(receivers: number, messages: number) {
    this.#seen = Array.from({ length: receivers }, () => new Uint8Array(messages))
    this.#back = new Float64Array(receivers)
    this.#counts = new Float64Array(receivers)
  }

  arrived(receiver: number, id: string): void {
    const seq = seqOf(id)
    const handed = handedOf(id)
    this.#last = micros()
    const seen = this.#seen[receiver]!
    if (seen[seq] === 1) {
      this.#doubled++
      return
    }
    seen[seq] = 1
    this.#counts[receiver]!++
    if (handed >= this.#back[receiver]!) this.#delays.push((this.#last - handed) / 1000)
  }

  /** a receiver that was away is back: what was handed over before is a replay */
  back(receiver: number): void {
    this.#back[receiver] = micros()
  }

  /** different messages that the receiver with the fewest has */
  get least(): number {
    return Math.min(...this.#counts)
  }

  count(receiver: number): number {
    return this.#counts[receiver]!
  }

  /** @param sent messages that each should have */
  end(sent: number): Tallied {
    const delays = Float64Array.from(this.#delays).sort()
    const at = (q: number) =>
      Number((delays[Math.min(delays.length - 1, Math.floor(q * delays.length))] ?? 0).toFixed(2))
    const delivered = this.#counts.reduce((sum, count) => sum + count, 0)
    return {
      delivered,
      lost: sent * this.#counts.length - delivered,
      doubled: this.#doubled,
      latencyMs: { p50: at(0.5), p99: at(0.99), max: at(1) },
      last: this.#last,
    }
  }
}
