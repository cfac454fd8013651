import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Check } from '../stream/ports.ts'

/**
 * Checks that start as "not yet" and are set as the parts come up (model, sources, ...).
 * @param names every check that must be ok before the service is ready
 */
export function readiness<Name extends string>(names: readonly Name[]) {
  const checks = Object.fromEntries(names.map((name) => [name, { ok: false, reason: 'not started yet' }])) as Record<
    Name,
    Check
  >
  return {
    set(name: Name, ok: boolean, reason: string): void {
      checks[name] = { ok, reason }
    },
    ready: (): Readonly<Record<Name, Check>> => ({ ...checks }),
  }
}

/** How often the event loop is asked how late it is, ms: each time wakes the process. */
export const LOOP_LOOK_MS = 100

/**
 * Whether the event loop runs: its longest pause since a check failed.
 * @param limitSeconds a pause from which on the process counts as hanging
 */
export function eventLoopCheck(limitSeconds = 5): () => Check {
  const delays = monitorEventLoopDelay({ resolution: LOOP_LOOK_MS })
  delays.enable()
  return () => {
    const seconds = delays.max / 1e9 // the histogram is in nanoseconds
    const ok = seconds < limitSeconds
    // a pause that begins right after it would not be seen
    if (!ok) delays.reset()
    return {
      ok,
      reason: `longest pause so far ${(seconds * 1000).toFixed(0)} ms`,
    }
  }
}

/**
 * Whether the pipeline moves: nothing waits, or something was stepped lately.
 * @param waiting inputs that arrived and are not yet scored and delivered
 * @param idleSeconds since the last step, Infinity before the first
 * @param oldestSeconds age of the oldest of them
 */
export function pipelineCheck(waiting: number, oldestSeconds: number, idleSeconds: number, limitSeconds = 30): Check {
  if (waiting === 0) return { ok: true, reason: 'nothing waits' }
  const stuck = oldestSeconds > limitSeconds && idleSeconds > limitSeconds
  const age = `${waiting} inputs wait, the oldest for ${oldestSeconds.toFixed(1)} s`
  const last = Number.isFinite(idleSeconds)
    ? `the last step was ${idleSeconds.toFixed(1)} s ago`
    : 'no step was made yet'
  return { ok: !stuck, reason: `${age}; ${last}` }
}
