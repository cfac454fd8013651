import type { Output, Sink } from '../stream/ports.ts'

/** A sink that counts alert events and keeps nothing. */
export function alertCounter(): Sink & { readonly events: number } {
  let events = 0
  return {
    name: 'alert-counter',
    get events() {
      return events
    },
    async deliver(outputs: readonly Output[]) {
      for (const output of outputs) if (output.kind === 'alert') events++
    },
    async close() {},
  }
}
