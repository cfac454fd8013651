import { randomBytes } from 'node:crypto'
import type { Principal, Right } from './roles.ts'
import type { Recognise } from './tokens.ts'

/** The cookie of a page that has shown its token. */
export const SESSION_COOKIE = 'vigil_session'
/** How long a page stays signed in, ms: a shift. */
const SESSION_MS = 12 * 3_600_000
const MOST_SESSIONS = 10_000

/** Who somebody is to a listener without tokens: of this machine everything, else a reader of what there is. */
const LOCAL: Principal = { name: 'local', may: ['read', 'act', 'metrics'] }
const ANYBODY: Principal = { name: 'anybody', may: ['read', 'metrics'] }

export interface AccessOptions {
  /** undefined where no tokens are configured */
  readonly recognise: Recognise | undefined
  /** whether the listener is bound to this machine alone */
  readonly local: boolean
  /** wall clock, ms since 1970 */
  readonly now?: () => number
}

/** What a request shows of who it is from. */
export interface Shown {
  readonly authorization: string | undefined
  readonly session: string | undefined
}

export type Verdict =
  | { readonly who: Principal }
  /** 401: nobody was recognised; 403: somebody was, who may not do this */
  | { readonly status: 401 | 403; readonly reason: string }

/**
 * Who may do what. Without a tokens file a listener of this machine alone lets everybody do everything; one that others can
 * reach lets them read, and nobody act.
 */
export class Access {
  readonly #recognise: Recognise | undefined
  readonly #local: boolean
  readonly #now: () => number
  readonly #sessions = new Map<string, { readonly token: string; readonly until: number }>()

  constructor({ recognise, local, now = Date.now }: AccessOptions) {
    this.#recognise = recognise
    this.#local = local
    this.#now = now
  }

  get guarded(): boolean {
    return this.#recognise !== undefined
  }

  decide(right: Right, shown: Shown): Verdict {
    const who = this.#who(shown)
    if (who === undefined) return { status: 401, reason: 'a token is needed: Authorization: Bearer TOKEN' }
    if (who.may.includes(right)) return { who }
    if (!this.guarded) return { status: 403, reason: 'nobody may act here: no tokens are configured (http.tokensFile)' }
    return { status: 403, reason: 'this token may not do that' }
  }

  /** Sign a page in. @returns the value of its cookie and how many seconds it holds; undefined for no known token */
  signIn(token: string): { readonly id: string; readonly seconds: number } | undefined {
    const now = this.#now()
    if (this.#recognise?.(token, now) === undefined) return undefined
    for (const [id, { until }] of this.#sessions) if (until <= now) this.#sessions.delete(id)
    // the oldest page signs in again
    if (this.#sessions.size >= MOST_SESSIONS) this.#sessions.delete(this.#sessions.keys().next().value!)
    const id = randomBytes(32).toString('base64url')
    this.#sessions.set(id, { token, until: now + SESSION_MS })
    return { id, seconds: SESSION_MS / 1000 }
  }

  signOut(id: string | undefined): void {
    if (id !== undefined) this.#sessions.delete(id)
  }

  #who({ authorization, session }: Shown): Principal | undefined {
    if (this.#recognise === undefined) return this.#local ? LOCAL : ANYBODY
    const now = this.#now()
    const bearer = /^Bearer ([\w-]{1,256})$/.exec(authorization ?? '')?.[1]
    if (bearer !== undefined) return this.#recognise(bearer, now)
    const open = session === undefined ? undefined : this.#sessions.get(session)
    // the token is asked again: it may have expired since the page signed in
    return open !== undefined && now < open.until ? this.#recognise(open.token, now) : undefined
  }
}
