import { WATCHING } from '../../vitals/watching.ts'
import type { Link } from './live.ts'
import { WatchingMark } from './Marks.tsx'
import type { Session } from './session.ts'
import type { PageWard } from './state.ts'
import { clock, spoken } from './words.ts'

const LINK_WORDS: Readonly<Record<Link['state'], string>> = {
  connecting: 'Connecting',
  live: 'Live',
  stalled: 'Stalled',
  lost: 'Not connected',
}

interface HeaderProps {
  readonly ward: PageWard | undefined
  readonly link: Link
  readonly now: number
  /** the stream stopped: whatever the last heartbeat said, nobody watches */
  readonly dead: boolean
  readonly who: Session | undefined
  readonly signOut: () => void
}

/** Who watches, with which model, and whether the page itself still hears. */
export function Header({ ward, link, now, dead, who, signOut }: HeaderProps) {
  const told = ward?.heartbeat.beds
  const total = told === undefined ? 0 : WATCHING.reduce((sum, watching) => sum + told[watching], 0)
  const counts = dead ? { watching: 0, warming: 0, degraded: 0, blind: total } : told
  const replayed = ward !== undefined && ward.replay !== null
  const hidden = total - (ward?.beds.size ?? 0)
  return (
    <header class="top">
      <a class="mark" href="#/" aria-label="Vigil, to the ward">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <path d="M3 17h7l3-8 5 15 4-9 1.5 2H29" />
        </svg>
        Vigil
      </a>
      {ward !== undefined && counts !== undefined && (
        <ul class="counts" aria-label="Beds by watching state">
          {(['watching', 'warming', 'degraded', 'blind'] as const).map((watching) => (
            <li key={watching} class={counts[watching] === 0 ? 'zero' : ''}>
              <WatchingMark watching={watching} count={counts[watching]} />
            </li>
          ))}
        </ul>
      )}
      {hidden > 0 && (
        <strong class="hidden">
          {ward?.beds.size} of {total} beds shown
        </strong>
      )}
      <div class="models">
        {ward?.models.map(({ detector, name, version, provider }) => (
          <span key={detector}>
            {name} <b>{version}</b> on {provider}
          </span>
        ))}
      </div>
      <span class={`link ${link.state}`} role="status">
        <svg viewBox="0 0 12 12" aria-hidden="true">
          {link.state === 'live' ? <circle cx="6" cy="6" r="4.5" /> : <path d="M2 2l8 8M10 2 2 10" />}
        </svg>
        {link.state === 'live' && replayed ? 'Recording' : LINK_WORDS[link.state]}
      </span>
      {who?.signedIn && (
        <span class="who">
          {who.name}{' '}
          <button type="button" onClick={signOut}>
            Sign out
          </button>
        </span>
      )}
      {!replayed && <time class="clock">{clock(now)}</time>}
    </header>
  )
}

/** Silence is never health: when the stream stops, the page says so before anything else. */
export function NotWatching({ link, now }: { link: Link; now: number }) {
  if (link.state !== 'lost' && link.state !== 'stalled') return null
  return (
    <div class="not-watching" role="alert">
      <svg viewBox="0 0 18 18" aria-hidden="true">
        <path d="M1.200 9C3 5.6 5.8 3.9 9 3.900S15 5.6 16.8 9C15 12.4 12.2 14.1 9 14.100S3 12.4 1.2 9Z" />
        <path d="M2.600 15.4 15.4 2.6" />
      </svg>
      <strong>Not watching</strong>
      <p>
        {link.reason} What stands below is from {clock(link.since)}, {spoken(now - link.since)} ago. Look at the bedside
        monitors.
      </p>
    </div>
  )
}
