import type { ServerResponse } from 'node:http'
import type { Asked, HttpRoute, Output, Sink } from '../stream/ports.ts'
import { type AlertEnvelope, Priority } from '../vitals/alert.ts'
import { isSelfTest } from '../vitals/reading.ts'

/** Messages that a subscriber may have missed and still gets. */
const WINDOW = 10_000
/** A subscriber that took nothing for so long is let go, ms. */
const PATIENCE_MS = 30_000
/** A comment so often, ms: proxies cut what is silent, and a subscriber must be able to tell silence from health. */
const BEAT_MS = 10_000

export interface AlertStreamOptions {
  /** messages kept */
  readonly window?: number
  readonly patienceMs?: number
  readonly beatMs?: number
}

/** The alerts of this process as server-sent events, with what was missed since an event's id. */
export interface AlertStream extends Sink {
  readonly route: HttpRoute
  /** subscribers that are served now */
  readonly size: number
  /** subscribers let go because they took nothing */
  readonly dropped: number
}

/** What a subscriber asks for; undefined: all of it. */
interface Filter {
  readonly unit: ReadonlySet<string> | undefined
  readonly bed: ReadonlySet<string> | undefined
  readonly priority: ReadonlySet<string> | undefined
}

/** A message as it is sent, and what filters look at. */
interface Kept {
  readonly id: string
  readonly unit: string | undefined
  readonly bed: string | undefined
  readonly priority: string
  readonly text: string
}

interface Subscriber {
  readonly response: ServerResponse
  readonly filter: Filter
  /** number of the next message to look at, counted from the first of this process */
  next: number
  /** when the socket last took something, ms; it is full while `full` */
  took: number
  full: boolean
}

const FILTERS = ['unit', 'bed', 'priority'] as const

/**
 * Every subscriber has its own place in one window of messages that all share: nothing is kept for anybody but what
 * stands in a socket's buffer, so a subscriber that never reads costs nothing, and is let go.
 */
export function alertStream(options: AlertStreamOptions = {}): AlertStream {
  const { window = WINDOW, patienceMs = PATIENCE_MS, beatMs = BEAT_MS } = options
  const kept: Kept[] = [] // message n stands at n % window
  const numbers = new Map<string, number>()
  const subscribers = new Set<Subscriber>()
  let count = 0
  let dropped = 0

  const keep = (envelope: AlertEnvelope): void => {
    const { eventId: id, subject, priority } = envelope.body
    // a message that a restart delivered again is the same one
    if (numbers.has(id)) return
    const oldest = kept[count % window]
    if (oldest !== undefined) numbers.delete(oldest.id)
    const text = `id: ${id}\nevent: alert\ndata: ${JSON.stringify(envelope)}\n\n`
    kept[count % window] = { id, unit: subject.unit, bed: subject.bed, priority, text }
    numbers.set(id, count++)
  }
  const drop = (it: Subscriber): void => {
    subscribers.delete(it)
    dropped++
    it.response.destroy()
  }
  const serve = (it: Subscriber): void => {
    if (it.full) return
    const behind = count - window
    if (it.next < behind) {
      it.next = behind
      it.response.write(GAP)
    }
    while (it.next < count) {
      const message = kept[it.next++ % window]!
      if (!fits(it.filter, message) || it.response.write(message.text)) continue
      it.full = true
      it.took = performance.now()
      it.response.once('drain', () => {
        it.full = false
        serve(it)
      })
      return
    }
  }
  const beat = (): void => {
    for (const it of subscribers) {
      if (!it.full) it.response.write(':\n\n')
      if (it.full && performance.now() - it.took > patienceMs) drop(it)
    }
  }
  const beating = setInterval(beat, beatMs)

  return {
    name: 'alert-stream',
    get size() {
      return subscribers.size
    },
    get dropped() {
      return dropped
    },
    async deliver(outputs: readonly Output[]) {
      for (const output of outputs) {
        if (output.kind !== 'alert' || isSelfTest(output.envelope.body.subject.patientKey)) continue
        keep(output.envelope)
      }
      for (const it of subscribers) serve(it)
    },
    async close() {
      clearInterval(beating)
      for (const { response } of subscribers) response.end()
      subscribers.clear()
    },
    route: {
      kind: 'events',
      path: '/api/alerts/stream',
      refuses({ query }) {
        const error = refusal(query)
        return error === undefined ? undefined : { error }
      },
      open(response, { query, lastEventId = query['lastEventId']?.[0] }) {
        const known = lastEventId === undefined ? count - 1 : numbers.get(lastEventId)
        const next = known === undefined ? Math.max(0, count - window) : known + 1
        const it: Subscriber = { response, filter: filterOf(query), next, took: performance.now(), full: false }
        subscribers.add(it)
        response.on('close', () => subscribers.delete(it))
        response.on('error', () => subscribers.delete(it))
        response.write('retry: 1000\n\n')
        if (known === undefined) response.write(GAP)
        serve(it)
      },
    },
  }
}

/** Something is missing here: what this process still has of it follows, the rest stands in the topic. */
const GAP = `event: gap\ndata: {"reason":"what followed the asked id is no longer kept here; read the topic"}\n\n`

function fits({ unit, bed, priority }: Filter, it: Kept): boolean {
  const among = (asked: ReadonlySet<string> | undefined, value: string | undefined) =>
    asked === undefined || (value !== undefined && asked.has(value))
  return among(unit, it.unit) && among(bed, it.bed) && among(priority, it.priority)
}

function filterOf(query: Asked['query']): Filter {
  const set = (name: (typeof FILTERS)[number]) => query[name] && new Set(query[name])
  return { unit: set('unit'), bed: set('bed'), priority: set('priority') }
}

/** Why a query cannot be answered: a filter that is misspelt would be silence. */
function refusal(query: Asked['query']): string | undefined {
  const known: readonly string[] = [...FILTERS, 'lastEventId']
  const unknown = Object.keys(query).some((name) => !known.includes(name))
  if (unknown) return `a parameter is none of ${known.join(', ')}`
  if (query['priority']?.some((it) => !Priority.safeParse(it).success))
    return `priority: one of ${Priority.options.join(', ')}`
  return undefined
}
