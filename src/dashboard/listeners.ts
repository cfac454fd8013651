import type { ServerResponse } from 'node:http'
import type { WardEvents } from './protocol.ts'

/** Bytes that may wait for one page before it is let go; it comes back by itself and asks for everything anew. */
const MAX_WAITING = 1 << 20

/** The pages that listen: each event is written once as text and handed to all; who cannot keep up is dropped. */
export class Listeners {
  readonly #open = new Set<ServerResponse>()
  readonly #limit: number
  #dropped = 0

  constructor(limit = MAX_WAITING) {
    this.#limit = limit
  }

  get size(): number {
    return this.#open.size
  }

  /** pages let go because they could not keep up */
  get dropped(): number {
    return this.#dropped
  }

  add<Name extends keyof WardEvents>(response: ServerResponse, hello: Name, data: WardEvents[Name]): void {
    this.#open.add(response)
    response.on('close', () => this.#open.delete(response))
    response.on('error', () => this.#open.delete(response))
    response.write(`retry: 1000\n${eventText(hello, data)}`)
  }

  send<Name extends keyof WardEvents>(name: Name, data: WardEvents[Name]): void {
    if (this.#open.size === 0) return
    const text = eventText(name, data)
    for (const response of this.#open) {
      response.write(text)
      if (response.writableLength <= this.#limit) continue
      this.#open.delete(response)
      this.#dropped++
      response.destroy()
    }
  }

  close(): void {
    for (const response of this.#open) response.end()
    this.#open.clear()
  }
}

/** One server-sent event (WHATWG HTML, 9.2). JSON has no raw line breaks, so it is one data line. */
function eventText(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
