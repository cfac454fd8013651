import type { Priority } from '../../vitals/alert.ts'
import type { Watching } from '../../vitals/watching.ts'
import type { FrameView } from '../protocol.ts'
import { clock, PRIORITY_WORDS, WATCHING_WORDS } from './words.ts'

// Each priority and state has a shape and a word of its own; colour only repeats them.
const SHAPES: Readonly<Record<Priority, preact.JSX.Element>> = {
  high: <path d="M8 1.2 15.4 14.4H.6Z" />,
  medium: <path d="M8 .8 15.2 8 8 15.2.8 8Z" />,
  low: <rect x="2" y="2" width="12" height="12" rx="1" />,
  info: <circle cx="8" cy="8" r="6.6" />,
}

const EYE = 'M1.2 9C3 5.6 5.8 3.9 9 3.900S15 5.6 16.8 9C15 12.4 12.2 14.1 9 14.100S3 12.4 1.2 9Z'
const SIGNS: Readonly<Record<Watching, preact.JSX.Element>> = {
  watching: (
    <>
      <path d={EYE} />
      <circle cx="9" cy="9" r="2.5" fill="currentColor" />
    </>
  ),
  warming: (
    <>
      <circle cx="9" cy="9" r="6.8" stroke-dasharray="2.6 2.740" />
      <path d="M9 5.200V9l2.600 1.7" />
    </>
  ),
  degraded: (
    <>
      <path d={EYE} />
      <path d="M9 6.400a2.600 2.6 0 0 0 0 5.200Z" fill="currentColor" stroke="none" />
    </>
  ),
  blind: (
    <>
      <path d={EYE} />
      <path d="M2.600 15.4 15.4 2.6" stroke-width="2.2" />
    </>
  ),
}

/** Shape and word of a priority. */
export function PriorityMark({ priority, technical = false }: { priority: Priority; technical?: boolean }) {
  return (
    <span class={`priority ${priority}`}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        {SHAPES[priority]}
      </svg>
      {PRIORITY_WORDS[priority]}
      {technical && <span class="kind"> technical</span>}
    </span>
  )
}

/** Until when a procedure mutes the bed: nobody is called meanwhile, and everything is watched as before. */
export function Muted({ frame }: { frame: FrameView | null }) {
  const until = frame?.mutedUntil ?? null
  if (frame === null || until === null || until <= frame.time) return null
  return (
    <span class="muted">
      <svg viewBox="0 0 18 18" aria-hidden="true">
        <path d="M3 12.500h12M4.500 12.500V9a4.500 4.500 0 0 1 9 0v3.500M7.500 15h3M2.500 2.500l13 13" />
      </svg>
      Muted until {clock(until)}
    </span>
  )
}

/** Sign and word of a watching state. */
export function WatchingMark({ watching, count }: { watching: Watching; count?: number }) {
  return (
    <span class={`state ${watching}`}>
      <svg viewBox="0 0 18 18" aria-hidden="true">
        {SIGNS[watching]}
      </svg>
      {count !== undefined && <b>{count}</b>}
      {WATCHING_WORDS[watching]}
    </span>
  )
}
