import { useEffect, useRef } from 'preact/hooks'
import type { AlertView } from '../protocol.ts'
import { useActs } from './acting.ts'
import type { PageBed } from './state.ts'

/** Minutes that a pause or a procedure is offered for. */
const MINUTES = [15, 30, 60] as const
const VERDICTS = [
  ['true', 'True'],
  ['false', 'False'],
  ['nuisance', 'Nuisance'],
] as const

/** What one may do about an alert: while it is open and, as to whether it was right, afterwards. @param now event time of the bed, ms */
export function AlertActs({ alert, now }: { alert: AlertView; now: number | undefined }) {
  const acts = useActs()
  if (acts === undefined) return null
  const { alertId, signal, state } = alert
  const open = alert.ended === null
  const paused = signal.pausedUntil !== undefined && (now === undefined || signal.pausedUntil > now)
  return (
    <div class="acts">
      {open && !signal.ack && (
        <button key="ack" type="button" class="first" onClick={() => acts.act({ action: 'ack', alertId })}>
          Acknowledge
        </button>
      )}
      {open && state === 'latched' && (
        <button key="reset" type="button" onClick={() => acts.act({ action: 'reset', alertId })}>
          Reset
        </button>
      )}
      {open && paused && (
        <button key="resume" type="button" onClick={() => acts.act({ action: 'resume', alertId })}>
          End the pause
        </button>
      )}
      {open && !paused && (
        // biome-ignore lint/a11y/useSemanticElements: three buttons that share a word, not fields of a form
        <span role="group" aria-label="Pause">
          Pause
          {MINUTES.map((minutes) => (
            <button
              key={minutes}
              type="button"
              aria-label={`Pause ${minutes} min`}
              onClick={() => acts.act({ action: 'pause', alertId, minutes })}
            >
              {minutes} min
            </button>
          ))}
        </span>
      )}
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      <span role="group" aria-label="Was it right?">
        Was it right?
        {VERDICTS.map(([verdict, word]) => (
          <button
            key={verdict}
            type="button"
            aria-label={`Feedback: ${word.toLowerCase()}`}
            onClick={() => acts.act({ action: 'feedback', alertId, verdict })}
          >
            {word}
          </button>
        ))}
      </span>
    </div>
  )
}

/** Muting the whole bed for a procedure, and the end of it. */
export function BedActs({ bed }: { bed: PageBed }) {
  const acts = useActs()
  if (acts === undefined || bed.frame === null) return null
  const { mutedUntil, time } = bed.frame
  if (mutedUntil !== null && mutedUntil > time)
    return (
      <div class="acts bed-acts">
        <button key="unmute" type="button" onClick={() => acts.act({ action: 'unmute', bed: bed.id })}>
          Unmute the bed
        </button>
      </div>
    )
  return (
    <div class="acts bed-acts">
      {/* biome-ignore lint/a11y/useSemanticElements: three buttons that share a word, not fields of a form */}
      <span role="group" aria-label="Mute the bed for a procedure">
        Mute the bed for a procedure
        {MINUTES.map((minutes) => (
          <button
            key={minutes}
            type="button"
            aria-label={`Mute the bed ${minutes} min`}
            onClick={() => acts.act({ action: 'mute', bed: bed.id, minutes })}
          >
            {minutes} min
          </button>
        ))}
      </span>
    </div>
  )
}

/** How the newest action went. A button that is gone by it leaves the focus here, not at the top of the page. */
export function Outcome() {
  const acts = useActs()
  const place = useRef<HTMLParagraphElement>(null)
  const outcome = acts?.outcome
  const focused = useRef<Element | null>(null)
  useEffect(() => {
    const lost = focused.current !== null && !focused.current.isConnected
    if (lost && document.activeElement === document.body) place.current?.focus()
    focused.current = document.activeElement
  })
  if (acts === undefined) return null
  return (
    <p class={`outcome ${outcome?.state ?? 'none'}`} role="status" tabIndex={-1} ref={place}>
      {outcome?.words}
    </p>
  )
}
