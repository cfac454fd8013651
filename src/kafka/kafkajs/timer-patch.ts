/** The part of kafkajs' RequestQueue that the patch touches. */
export interface Queue {
  readonly pending: readonly unknown[]
  readonly inflight: ReadonlyMap<number, { sentAt: number; requestTimeout: number; timeoutRequest(): void }>
  readonly requestTimeout: number
  readonly enforceRequestTimeout: boolean
  /** ms since 1970; -1 when never throttled */
  throttledUntil: number
  throttleCheckTimeoutId: NodeJS.Timeout | null
  isConnected(): boolean
  destroy(): void
  checkPendingRequests(): void
}
export interface QueueClass {
  readonly prototype: Queue & { scheduleCheckPendingRequests(): void; scheduleRequestTimeoutCheck(): void }
}

/** ms after which a queue that is full looks again, as kafkajs has it */
const CHECK_INTERVAL = 10
/** ms between two looks for requests that got no answer; kafkajs looks every 100 ms, on every connection */
const TIMEOUT_INTERVAL = 1000

/** Queues that are looked at together, so that many connections wake the process as often as one. */
interface Watched {
  readonly queues: Set<Queue>
  readonly timer: NodeJS.Timeout
}
/** ms between two looks -> who is looked at then */
const watched = new Map<number, Watched>()

function look(queues: ReadonlySet<Queue>): void {
  const now = Date.now()
  for (const queue of queues) {
    for (const request of queue.inflight.values())
      if (now - request.sentAt > request.requestTimeout) request.timeoutRequest()
    if (!queue.isConnected()) queue.destroy()
  }
}

function watch(queue: Queue): void {
  const ms = Math.min(queue.requestTimeout, TIMEOUT_INTERVAL)
  const known = watched.get(ms)
  if (known !== undefined) return void known.queues.add(queue)
  const queues = new Set([queue])
  watched.set(ms, { queues, timer: setInterval(() => look(queues), ms) })
}

function unwatch(queue: Queue): void {
  for (const [ms, { queues, timer }] of watched) {
    if (!queues.delete(queue) || queues.size > 0) continue
    clearInterval(timer)
    watched.delete(ms)
  }
}

/**
 * Connections that idle cost nothing. kafkajs 2.2.4 keeps a 1 ms timer spinning on every connection, since it schedules a
 * check with a time in the past (its issues 1556, 1704, 1751; Node 24 warns of it): 3.75 % of a core for four producers.
 * Here a timer is set only while something waits, or the broker throttles; and one looks for requests without an answer,
 * on all connections.
 */
export function patchTimers(queue: QueueClass): void {
  const { destroy } = queue.prototype
  queue.prototype.destroy = function destroyWatched(this: Queue) {
    unwatch(this)
    destroy.call(this)
  }
  queue.prototype.scheduleCheckPendingRequests = function scheduleCheck(this: Queue) {
    if (this.throttleCheckTimeoutId || this.pending.length === 0) return
    const throttled = this.throttledUntil - Date.now()
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null
        this.checkPendingRequests()
      },
      throttled > 0 ? throttled : CHECK_INTERVAL,
    )
  }
  queue.prototype.scheduleRequestTimeoutCheck = function scheduleTimeouts(this: Queue) {
    if (!this.enforceRequestTimeout) return
    this.destroy()
    watch(this)
  }
}
