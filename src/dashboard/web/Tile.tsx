import { memo } from 'preact/compat'
import type { ChannelInfo, FrameView } from '../protocol.ts'
import { Muted, PriorityMark, WatchingMark } from './Marks.tsx'
import { TileRisk } from './Risk.tsx'
import { StripPlot } from './StripPlot.tsx'
import type { PageBed } from './state.ts'
import { largeVitals, leastSpan, smallFigures, summary, type Vital, vitalsOf } from './vitals.ts'
import {
  bedWord,
  callWords,
  clock,
  FAULT_WORDS,
  figure,
  mostUrgent,
  namesUnit,
  sentence,
  shortPart,
  spoken,
  unitWord,
} from './words.ts'

/** A partial early-warning score is a floor: shown with what is missing, never as the score. */
export function News2({ news2, short = false }: { news2: FrameView['news2']; short?: boolean }) {
  if (news2 === null) return null
  const partial = news2.missing.length > 0
  return (
    <span
      class="news2"
      title={partial ? `Partial: without ${news2.missing.join(', ')}` : 'National Early Warning Score 2'}
    >
      NEWS2 <b>{partial ? `≥ ${news2.score}` : news2.score}</b>
      {partial && ` without ${news2.missing.map((part) => (short ? shortPart(part) : part)).join(', ')}`}
    </span>
  )
}

function Row({ vital, version }: { vital: Vital; version: unknown }) {
  const { info, sample, stale, strip, fault } = vital
  return (
    <div class="row" style={{ '--channel': `var(--channel-${info.name}, var(--channel-other))` }}>
      <div class="reading">
        <span class="label">{info.label}</span>
        <span class="value">{sample === undefined || stale ? '– –' : figure(sample[1], info)}</span>
        <span class="unit">{unitWord(info.unit)}</span>
        {fault !== undefined && fault !== 'missing' && <span class="fault">{FAULT_WORDS[fault]}</span>}
      </div>
      {strip && (
        <StripPlot
          channel={info.name}
          columns={strip}
          version={version}
          leastSpan={leastSpan(info)}
          axes={false}
          summary={summary(vital)}
        />
      )}
    </div>
  )
}

interface TileProps {
  readonly bed: PageBed
  readonly channels: readonly ChannelInfo[]
  /** ms since the bed's last frame, told only where it is blind */
  readonly silent: number | undefined
}

/** One bed of the ward. */
export const Tile = memo(({ bed, channels, silent }: TileProps) => {
  const vitals = vitalsOf(bed, channels)
  const large = largeVitals(vitals)
  const alert = mostUrgent(bed.alerts)
  const blind = bed.watching === 'blind'
  const now = bed.frame?.time ?? 0
  const small = smallFigures(vitals, large)
  const called = alert && callWords(alert.signal)
  return (
    <article
      class={`tile ${bed.watching} ${alert ? `alerted ${alert.priority}` : ''}`}
      aria-labelledby={`bed-${bed.id}`}
    >
      <header>
        <h2 id={`bed-${bed.id}`}>
          <a href={`#/bed/${bed.id}`}>{bedWord(bed)}</a>
        </h2>
        {namesUnit(bed) && <span class="ward">{bed.unit}</span>}
        <WatchingMark watching={bed.watching} />
      </header>
      <div class="rows">
        {large.map((vital) => (
          <Row key={vital.index} vital={vital} version={bed.strips} />
        ))}
        {blind && (
          <p class="blind-notice">
            <b>Not watching</b>
            {silent === undefined ? 'no signal yet' : `nothing heard for ${spoken(silent)}`}
          </p>
        )}
        {!blind && large.length === 0 && <p class="none">No vital signs yet</p>}
      </div>
      <div class="small">
        <div class="figures">
          {small.map((figure) => (
            <span key={figure.name} style={{ '--channel': `var(--channel-${figure.name}, var(--channel-other))` }}>
              <i>{figure.label}</i> <b>{figure.text}</b>
              {figure.age !== undefined && <em> {spoken(figure.age * 1000)} ago</em>}
            </span>
          ))}
        </div>
        <Muted frame={bed.frame} />
        <TileRisk bed={bed} />
        <News2 news2={bed.frame?.news2 ?? null} short={true} />
      </div>
      <div class="alert">
        {alert === undefined ? (
          <span class="calm">No open alert</span>
        ) : (
          <>
            <PriorityMark priority={alert.priority} technical={alert.kind === 'technical'} />
            <span class="since">
              since {clock(alert.onset)}
              {now > alert.onset && ` · ${spoken(now - alert.onset)}`}
              {bed.alerts.length > 1 && ` · ${bed.alerts.length - 1} more`}
            </span>
            <p class="sentence">{sentence(alert.label)}</p>
            {called !== undefined && <p class="called">{called}</p>}
          </>
        )}
      </div>
    </article>
  )
})
