import { createContext } from 'preact'
import { useContext, useEffect, useRef, useState } from 'preact/hooks'
import type { Deed, DeedView } from '../protocol.ts'
import { may, type Session } from './session.ts'

/** How long the ward may take to say what it made of something before the page says that it has not, ms. */
const PATIENCE_MS = 10_000

/** What is sent to `POST /api/actions`. */
export type Request =
  | { readonly action: 'ack' | 'resume' | 'reset'; readonly alertId: string }
  | { readonly action: 'pause'; readonly alertId: string; readonly minutes: number }
  | { readonly action: 'feedback'; readonly alertId: string; readonly verdict: 'true' | 'false' | 'nuisance' }
  | { readonly action: 'mute'; readonly bed: string; readonly minutes: number }
  | { readonly action: 'unmute'; readonly bed: string }

const WORDS: Readonly<Record<Deed, string>> = {
  ack: 'Acknowledged',
  pause: 'Paused',
  resume: 'No longer paused',
  reset: 'Reset',
  feedback: 'Feedback recorded',
  mute: 'Bed muted',
  unmute: 'Bed no longer muted',
}

/** How the newest action went. `accepted`: it is kept, and what the ward makes of it is not yet known. */
export interface Outcome {
  readonly state: 'sent' | 'accepted' | 'done' | 'refused'
  readonly words: string
}

export interface Acting {
  readonly outcome: Outcome | undefined
  act(request: Request): void
  forget(): void
}

/** undefined: whoever looks may not act, and is shown no button */
export const Acting = createContext<Acting | undefined>(undefined)
export const useActs = () => useContext(Acting)

interface Pending {
  readonly request: Request
  /** deeds that the stream had told before */
  readonly before: readonly DeedView[]
  readonly by: string
}

/** Whether a deed of the stream is what was asked for. */
function answers({ request, by, before }: Pending, deed: DeedView): boolean {
  const meant = 'alertId' in request ? deed.alertId === request.alertId : deed.bed === request.bed
  return meant && deed.deed === request.action && deed.by === by && !before.includes(deed)
}

/** Acts on behalf of whoever is signed in. @param ask anew who that is */
export function useActing(
  session: Session | undefined,
  deeds: readonly DeedView[],
  ask: () => void,
): Acting | undefined {
  const [outcome, setOutcome] = useState<Outcome>()
  const pending = useRef<Pending | undefined>(undefined)
  const late = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const end = (state: Outcome['state'], words: string) => {
    clearTimeout(late.current)
    pending.current = undefined
    setOutcome({ state, words })
  }
  useEffect(() => {
    const waiting = pending.current
    const deed = waiting && deeds.findLast((it) => answers(waiting, it))
    if (deed === undefined) return
    if (deed.refused === null) end('done', `${WORDS[deed.deed]}.`)
    else end('refused', `The ward refused it: ${deed.refused}.`)
  }, [deeds])
  if (!may(session, 'act')) return undefined

  const send = async (request: Request): Promise<void> => {
    const mine: Pending = { request, before: deeds, by: session?.name ?? '' }
    pending.current = mine
    clearTimeout(late.current)
    setOutcome({ state: 'sent', words: 'Sent …' })
    let refused: string | undefined
    try {
      const answer = await fetch('api/actions', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(request),
      })
      if (!answer.ok) refused = ((await answer.json()) as { error?: string }).error ?? `status ${answer.status}`
      if (answer.status === 401 || answer.status === 403) ask()
    } catch {
      refused = 'the server does not answer'
    }
    // the stream may have said already what became of it, or something else was asked for since
    if (pending.current !== mine) return
    if (refused !== undefined) return end('refused', `Refused: ${refused}.`)
    setOutcome({ state: 'accepted', words: 'Accepted. Waiting for the ward …' })
    late.current = setTimeout(
      () => end('accepted', 'Accepted, but the ward has not said yet what it made of it.'),
      PATIENCE_MS,
    )
  }
  const forget = () => {
    clearTimeout(late.current)
    pending.current = undefined
    setOutcome(undefined)
  }
  return { outcome, act: (request) => void send(request), forget }
}
