import { useCallback, useEffect, useState } from 'preact/hooks'
import type { Right, SessionView } from '../protocol.ts'

export type Session = SessionView

const AGAIN_MS = 2000

export interface SessionState {
  /** undefined until the server told */
  readonly session: Session | undefined
  /** @returns why not; undefined when it did */
  signIn(token: string): Promise<string | undefined>
  signOut(): void
  /** ask anew who one is: a session ends by itself */
  ask(): void
}

/** Who looks at the page, and what the server lets them do. The token is shown once; the cookie is out of our reach. */
export function useSession(): SessionState {
  const [session, setSession] = useState<Session>()
  const ask = useCallback(
    () =>
      void fetch('api/session', { cache: 'no-store' })
        .then((answer) => answer.json() as Promise<Session>)
        .then(setSession)
        // what was known stays: the link's own state says that the server is gone
        .catch(() => {}),
    [],
  )
  useEffect(() => {
    if (session !== undefined) return
    ask()
    const timer = setInterval(ask, AGAIN_MS)
    return () => clearInterval(timer)
  }, [session === undefined])
  const signIn = async (token: string) => {
    try {
      const answer = await fetch('api/session', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ token }),
      })
      if (answer.ok) ask()
      else if (answer.status === 429) return 'Too many tries. Wait a minute.'
      else return 'There is no such token, or it has expired.'
    } catch {
      return 'The server does not answer.'
    }
    return undefined
  }
  const signOut = () =>
    void fetch('api/session', { method: 'DELETE' })
      // nothing of the ward stays in the page's memory
      .then(() => location.reload())
      .catch(() => {})
  return { session, signIn, signOut, ask }
}

/** Whether somebody may. */
export function may(session: Session | undefined, right: Right): boolean {
  return session?.may.includes(right) ?? false
}
