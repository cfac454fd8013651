import { render } from 'preact'
import { useEffect, useLayoutEffect, useState } from 'preact/hooks'
import 'uplot/dist/uPlot.min.css'
import { AlertList } from './AlertList.tsx'
import { Acting, useActing } from './acting.ts'
import { BedPage } from './BedPage.tsx'
import { Header, NotWatching } from './Header.tsx'
import { type Live, useLive, useNow } from './live.ts'
import './colours.css'
import './page.css'
import './ward.css'
import './bed.css'
import './reasons.css'
import './risk.css'
import './acts.css'
import './scrubber.css'
import { Scrubber } from './Scrubber.tsx'
import { SignIn } from './SignIn.tsx'
import { useSession } from './session.ts'
import { inOrder, type PageBed } from './state.ts'
import { Tile } from './Tile.tsx'
import { bedWord, PRIORITY_WORDS, sentence } from './words.ts'

/** The bed in the address (`#/bed/ID`); Esc leads back to the ward, to the tile one came from. */
function useBed(): string | undefined {
  const read = () => /^#\/bed\/([0-9a-f]+)$/.exec(location.hash)?.[1]
  const [id, setId] = useState(read)
  useEffect(() => {
    const changed = () => setId(read)
    const pressed = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && read() !== undefined) location.hash = '#/'
    }
    addEventListener('hashchange', changed)
    addEventListener('keydown', pressed)
    return () => {
      removeEventListener('hashchange', changed)
      removeEventListener('keydown', pressed)
    }
  }, [])
  return id
}

/** New alerts, spoken: high ones at once, others when the reader is free. */
function Announcements({ live }: { live: Live }) {
  const alert = live.newest?.phase === 'start' || live.newest?.phase === 'escalate' ? live.newest : undefined
  const bed = alert && live.ward?.beds.get(alert.bed)
  const words =
    alert &&
    `${PRIORITY_WORDS[alert.priority]} alert, ${bed === undefined ? 'a bed' : bedWord(bed)}: ${sentence(alert.label)}`
  return (
    <div class="spoken">
      <div aria-live="assertive">{alert?.priority === 'high' ? words : ''}</div>
      <div aria-live="polite">{alert?.priority === 'high' ? '' : words}</div>
    </div>
  )
}

function Page() {
  const { session, signIn, signOut, ask } = useSession()
  const mayRead = session?.may.includes('read') ?? false
  const live = useLive(mayRead)
  // what was done stands in a recording: nobody acts on it
  const acting = useActing(live.ward?.replay === null ? session : undefined, live.deeds, ask)
  const now = useNow(live.offset)
  const id = useBed()
  const [from, setFrom] = useState<string>()
  const { ward, link } = live
  const dead = link.state === 'lost' || link.state === 'stalled'
  // without a stream nobody watches any bed, whatever its last frame said
  const shown = (held: PageBed): PageBed => (dead ? { ...held, watching: 'blind' } : held)
  const held = id === undefined ? undefined : ward?.beds.get(id)
  const bed = held && shown(held)
  const silent = ({ watching, seen }: PageBed) => (watching === 'blind' && seen !== null ? now - seen : undefined)
  // with the page, not after it is painted: whoever is quick has by then gone on with the keyboard, or acted
  useLayoutEffect(() => {
    if (id !== undefined) setFrom(id)
    else if (from !== undefined) document.querySelector<HTMLElement>(`a[href="#/bed/${from}"]`)?.focus()
  }, [id])
  const open = ward === undefined ? 0 : [...ward.beds.values()].reduce((sum, { alerts }) => sum + alerts.length, 0)
  useEffect(() => {
    document.title = dead
      ? 'NOT WATCHING · Vigil'
      : `${open > 0 ? `(${open}) ` : ''}${bed === undefined ? 'Ward' : bedWord(bed)} · Vigil`
  }, [dead, open, bed?.name])
  // a session ends after its shift, and with its token: a page that hears nothing asks whether it still has one
  useEffect(() => {
    if (link.state === 'lost') ask()
  }, [link.state, link.since])
  useLayoutEffect(() => acting?.forget(), [id])
  if (session !== undefined && !mayRead) return <SignIn signIn={signIn} />
  return (
    <div class={`page ${dead ? 'dead' : ''}`}>
      <Header ward={ward} link={link} now={now} dead={dead} who={session} signOut={signOut} />
      <NotWatching link={link} now={now - live.offset} />
      <Announcements live={live} />
      {ward === undefined && (
        <main>
          <h1 class="spoken">Ward</h1>
          <p class="none">{dead ? 'Nothing was heard from the server yet.' : 'Connecting to the ward …'}</p>
        </main>
      )}
      {ward !== undefined && id !== undefined && bed === undefined && (
        <main>
          <h1>No such bed</h1>
          <p class="none">
            The patient may have been discharged. <a href="#/">To the ward</a>
          </p>
        </main>
      )}
      {ward !== undefined && bed !== undefined && (
        <Acting.Provider value={acting}>
          <BedPage
            key={bed.id}
            bed={bed}
            channels={ward.channels}
            started={ward.started}
            silent={silent(bed)}
            ended={ward.recent[0]?.alertId}
            wards={live.wards}
          />
        </Acting.Provider>
      )}
      {ward !== undefined && id === undefined && (
        <div class="ward-view">
          <main>
            <h1 class="spoken">Ward</h1>
            <div class="tiles">
              {inOrder(ward.beds)
                .map(shown)
                .map((tile) => (
                  <Tile key={tile.id} bed={tile} channels={ward.channels} silent={silent(tile)} />
                ))}
            </div>
            {ward.beds.size === 0 && <p class="none">No beds yet. Tiles appear with the first readings.</p>}
          </main>
          <AlertList ward={ward} />
        </div>
      )}
      <footer>
        <p>
          <b>Research software, not a medical device.</b> It does not replace the alarms of the bedside monitor and must
          not be the sole source of alarms.
        </p>
        <p class="legend">
          Shaded: the band in which the model expected the next value, 99 %. Dots: values outside it. Crosses: values
          that the sensor logic set aside. Strips: five minutes.
        </p>
      </footer>
      {ward !== undefined && ward.replay !== null && <Scrubber replay={ward.replay} bed={bed?.id} who={session} />}
    </div>
  )
}

render(<Page />, document.getElementById('page')!)
