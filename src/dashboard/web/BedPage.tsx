import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { AlertView, BedDetail, ChannelInfo, DetectorView } from '../protocol.ts'
import { BedActs, Outcome } from './Acts.tsx'
import { AlertLine } from './AlertList.tsx'
import { Declared } from './Declared.tsx'
import { Drift } from './Drift.tsx'
import { Muted, WatchingMark } from './Marks.tsx'
import { Risks } from './Risk.tsx'
import { StripPlot } from './StripPlot.tsx'
import { columnsOf, type PageBed, type StripColumns, withPast } from './state.ts'
import { News2 } from './Tile.tsx'
import { expectedText, leastSpan, summary, type Vital, vitalsOf } from './vitals.ts'
import { bedWord, chance, clock, FAULT_WORDS, figure, namesUnit, spoken, unitWord } from './words.ts'

function ChannelRow({ vital, version }: { vital: Vital; version: unknown }) {
  const { info, sample, stale, strip, fault } = vital
  const expected = expectedText(vital)
  const age = sample?.[2]
  return (
    <section
      class={`channel ${info.episodic ? 'episodic' : ''}`}
      style={{ '--channel': `var(--channel-${info.name}, var(--channel-other))` }}
      aria-label={info.meaning}
    >
      <div class="reading">
        <span class="label">{info.label}</span>
        <span class="value">{sample === undefined || stale ? '– –' : figure(sample[1], info)}</span>
        <span class="unit">{unitWord(info.unit)}</span>
        <dl>
          <dt>Expected</dt>
          <dd>{expected ?? 'no forecast'}</dd>
          <dt>Measured</dt>
          <dd>{age === undefined ? 'never' : age < 2 ? 'now' : `${spoken(age * 1000)} ago`}</dd>
          {fault !== undefined && <dd class="fault">{FAULT_WORDS[fault]}</dd>}
        </dl>
      </div>
      {strip && !info.episodic && (
        <StripPlot
          channel={info.name}
          columns={strip}
          version={version}
          leastSpan={leastSpan(info)}
          axes={true}
          summary={summary(vital)}
        />
      )}
    </section>
  )
}

/** What drives the surprise of this frame: bars with their numbers. */
function Contributions({ detector, channels }: { detector: DetectorView; channels: readonly ChannelInfo[] }) {
  const due = Object.entries(detector.p).filter(([, p]) => p !== null)
  return (
    <section class="panel">
      <h2>
        Why <span>{detector.detector}</span>
      </h2>
      <table class="shares">
        <caption>Share of each channel in the surprise of this frame</caption>
        <tbody>
          {detector.channels.map((channel, c) => {
            const info = channels[channel]
            const share = detector.shares[c] ?? 0
            if (info === undefined) return null
            return (
              <tr key={channel} style={{ '--channel': `var(--channel-${info.name}, var(--channel-other))` }}>
                <th scope="row">{info.label}</th>
                <td class="bar">
                  <div style={{ width: `${Math.round(share * 100)}%` }} />
                </td>
                <td class="number">{Math.round(share * 100)} %</td>
              </tr>
            )
          })}
        </tbody>
      </table>
      <p class="chances">
        {detector.surprise !== null && <span>surprise {detector.surprise.toFixed(1)} nats</span>}
        {due.map(([horizon, p]) => (
          <span key={horizon}>
            p at {horizon} s: {chance(p!)}
          </span>
        ))}
      </p>
    </section>
  )
}

/** What the ward's snapshot leaves out. */
interface Past {
  /** ended alerts of the bed, newest first */
  readonly history: readonly AlertView[]
  readonly strips: ReadonlyMap<number, StripColumns>
}

/** The bed's past, asked for when it is opened, whenever one more alert ended, and when the whole ward was told anew. */
function usePast(id: string, ended: string | undefined, wards: number): Past {
  const [past, setPast] = useState<Past>({ history: [], strips: new Map() })
  useEffect(() => {
    const left = new AbortController()
    fetch(`api/beds/${id}`, { signal: left.signal, cache: 'no-store' })
      // who is not there (any more, or at that moment of a recording) has no past
      .then((answer) => (answer.ok ? (answer.json() as Promise<BedDetail>) : undefined))
      .then((bed) => bed && setPast({ history: bed.history, strips: columnsOf(bed.strips) }))
      .catch(() => {}) // the link's own state says that the server is gone
    return () => left.abort()
  }, [id, ended, wards])
  return past
}

interface BedPageProps {
  readonly bed: PageBed
  readonly channels: readonly ChannelInfo[]
  /** wall clock at which the server began to watch, ms */
  readonly started: number
  readonly silent: number | undefined
  /** the newest ended alert of the ward */
  readonly ended: string | undefined
  /** how often the ward was told whole */
  readonly wards: number
}

/** One bed: its channels large, what drives the surprise, its alerts. */
export function BedPage({ bed: held, channels, started, silent, ended, wards }: BedPageProps) {
  const { history, strips: past } = usePast(held.id, ended, wards)
  const strips = useMemo(() => withPast(held.strips, past), [held.strips, past])
  const bed: PageBed = { ...held, strips }
  const title = useRef<HTMLHeadingElement>(null)
  useLayoutEffect(() => title.current?.focus(), [])
  const vitals = vitalsOf(bed, channels)
  const frame = bed.frame
  return (
    <main class={`bed ${bed.watching}`}>
      <div class="title">
        <a class="back" href="#/">
          <span aria-hidden="true">←</span> Ward <kbd>Esc</kbd>
        </a>
        <h1 tabIndex={-1} ref={title}>
          {bedWord(bed)}
          {namesUnit(bed) && <span class="ward"> {bed.unit}</span>}
        </h1>
        <WatchingMark watching={bed.watching} />
        {bed.watching === 'blind' && (
          <b class="silence">{silent === undefined ? 'no signal yet' : `nothing heard for ${spoken(silent)}`}</b>
        )}
        <Muted frame={frame} />
        <News2 news2={frame?.news2 ?? null} />
        {frame !== null && <span class="at">frame of {clock(frame.time)}</span>}
      </div>
      <div class="channels">
        {vitals
          .filter(({ info }) => !info.episodic)
          .map((vital) => (
            <ChannelRow key={vital.index} vital={vital} version={bed.strips} />
          ))}
        <div class="episodics">
          {vitals
            .filter(({ info }) => info.episodic && !info.declared)
            .map((vital) => (
              <ChannelRow key={vital.index} vital={vital} version={bed.strips} />
            ))}
        </div>
        {vitals.length === 0 && <p class="none">No vital signs yet</p>}
      </div>
      <div class="side">
        <BedActs bed={bed} />
        <Outcome />
        <section class="panel">
          <h2>
            Open alerts <span>{bed.alerts.length === 0 ? 'none' : bed.alerts.length}</span>
          </h2>
          <ol>
            {bed.alerts.map((alert) => (
              <AlertLine key={alert.alertId} alert={alert} bed={bed} reasons={channels} />
            ))}
          </ol>
        </section>
        <Risks bed={bed} started={started} />
        <Declared vitals={vitals} />
        {frame?.detectors.map((detector) => (
          <Contributions key={detector.detector} detector={detector} channels={channels} />
        ))}
        {frame?.detectors.map((detector) => (
          <Drift key={detector.detector} detector={detector} channels={channels} />
        ))}
        <section class="panel">
          <h2>
            Ended alerts <span>{history.length === 0 ? 'none' : history.length}</span>
          </h2>
          <ol class="ended">
            {history.map((alert) => (
              <AlertLine key={alert.alertId} alert={alert} bed={bed} reasons={channels} />
            ))}
          </ol>
        </section>
      </div>
    </main>
  )
}
