import { useEffect, useRef, useState } from 'preact/hooks'
import type { Priority } from '../../vitals/alert.ts'
import type { ReplayMark, ReplayWhole } from '../protocol.ts'
import { Helm, type SteerAnswer, type SteerRequest } from './helm.ts'
import { may, type Session } from './session.ts'
import { clock, day, PRIORITY_WORDS, spoken } from './words.ts'

const PRIORITIES: readonly Priority[] = ['info', 'low', 'medium', 'high']
const SPEEDS = [1, 2, 4, 8, 16, 60, 'max'] as const
const STEP_MS = 10_000
const LEAP_MS = 300_000
/** A click this near to a mark means the mark, pixels. */
const NEAR = 5
/** Height of the track that the marks are drawn on, pixels. */
const HEIGHT = 26

/** A mark's shape, as everywhere on the page: triangle, diamond, square, circle. @param x its middle, pixels */
const SHAPES: Readonly<Record<Priority, (x: number) => string>> = {
  high: (x) => `M${x} 3l6 11h-12z`,
  medium: (x) => `M${x} 3l5.500 5.500-5.500 5.500-5.500-5.500z`,
  low: (x) => `M${x - 4} 4.500h8v8h-8z`,
  info: (x) => `M${x - 4} 8.500a4 4 0 1 0 8 0a4 4 0 1 0-8 0z`,
}

async function steer(request: SteerRequest): Promise<SteerAnswer> {
  try {
    const answer = await fetch('api/replay', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
    })
    const said = (await answer.json()) as { readonly error?: string; readonly sought?: number }
    return answer.ok ? said : { refused: said.error ?? `status ${answer.status}` }
  } catch {
    return { refused: 'The server does not answer.' }
  }
}

function useHelm(): Helm {
  const [, again] = useState(0)
  const helm = useRef<Helm | undefined>(undefined)
  helm.current ??= new Helm(steer, () => again((n) => n + 1))
  return helm.current
}

/** The moment that is shown, moving by itself between what the server says of it. */
function useMoment({ at, playing, seeking, speed, end }: ReplayWhole): number | undefined {
  const [, again] = useState(0)
  const told = useRef({ at, wall: performance.now() })
  if (told.current.at !== at) told.current = { at, wall: performance.now() }
  const runs = playing && !seeking && speed !== 'max'
  useEffect(() => {
    if (!runs) return
    const timer = setInterval(() => again((n) => n + 1), 250)
    return () => clearInterval(timer)
  }, [runs])
  if (at === null) return undefined
  const passed = runs ? (performance.now() - told.current.wall) * speed : 0
  return end === null ? at : Math.min(at + passed, Math.max(end, at))
}

function useWidth(): [preact.RefObject<HTMLDivElement | null>, number] {
  const host = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  useEffect(() => {
    const resized = new ResizeObserver(() => setWidth(host.current?.clientWidth ?? 0))
    resized.observe(host.current!)
    return () => resized.disconnect()
  }, [])
  return [host, width]
}

interface ScrubberProps {
  readonly replay: ReplayWhole
  /** on a bed's own page: its alerts alone are marked */
  readonly bed: string | undefined
  readonly who: Session | undefined
}

/** The time line of a recording: its alerts, the moment that is shown, and the way to any other. */
export function Scrubber({ replay, bed, who }: ScrubberProps) {
  const { start, end, complete, seeking, playing, speed } = replay
  const [track, width] = useWidth()
  const helm = useHelm()
  const moment = useMoment(replay)
  if (start === null || end === null) return <section class="scrubber" aria-label="Recording" ref={track} />
  const allowed = may(who, 'act')
  const bounded = (time: number) => Math.min(end, Math.max(start, time))
  const shown = bounded(helm.moment(replay.sought) ?? moment ?? start)
  const span = Math.max(1, end - start)
  const x = (time: number) => ((time - start) / span) * width
  const marks = bed === undefined ? replay.marks : replay.marks.filter(([, , , of]) => of === bed)
  const go = (time: number) => {
    if (allowed) helm.ask({ do: 'seek', at: bounded(time) })
  }
  const times = marks.map(([, at]) => at).sort((a, b) => a - b)
  const before = times.findLast((at) => at < shown - 1000)
  const after = times.find((at) => at > shown + 1000)

  const pointed = (event: PointerEvent) => {
    const { left } = track.current!.getBoundingClientRect()
    const at = start + ((event.clientX - left) / Math.max(1, width)) * span
    const near = nearest(marks, at)
    return near !== undefined && Math.abs(x(near) - x(at)) <= NEAR ? near : bounded(at)
  }
  const pressed = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -STEP_MS, ArrowDown: -STEP_MS, ArrowRight: STEP_MS, ArrowUp: STEP_MS, PageDown: -LEAP_MS, PageUp: LEAP_MS }[event.key] // biome-ignore format: one row
    const to = event.key === 'Home' ? start : event.key === 'End' ? end : by === undefined ? undefined : shown + by
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    go(to)
  }
  const atEnd = complete && shown >= end
  return (
    <section class="scrubber" aria-label="Recording">
      <div class="steer">
        <button
          type="button"
          class="play"
          disabled={!allowed}
          aria-label={playing ? 'Pause' : atEnd ? 'Play from the start' : 'Play'}
          onClick={() => {
            if (atEnd && !playing) helm.ask({ do: 'seek', at: start })
            helm.ask({ do: playing ? 'pause' : 'play' })
          }}
        >
          <svg viewBox="0 0 16 16" aria-hidden="true">
            {playing ? <path d="M3 2h3.500v12H3zM9.500 2H13v12H9.500z" /> : <path d="M3 1.500 14 8 3 14.500z" />}
          </svg>
        </button>
        <button type="button" disabled={!allowed || before === undefined} onClick={() => go(before!)}>
          <span aria-hidden="true">‹ </span>Previous alert
        </button>
        <button type="button" disabled={!allowed || after === undefined} onClick={() => go(after!)}>
          Next alert<span aria-hidden="true"> ›</span>
        </button>
        <label>
          Speed{' '}
          <select
            disabled={!allowed}
            value={`${speed}`}
            onChange={({ currentTarget: { value } }) => helm.ask({ do: 'speed', speed: value === 'max' ? value : Number(value) })} // biome-ignore format: one line
          >
            {[...new Set([...SPEEDS, speed])].map((it) => (
              <option key={it} value={`${it}`}>
                {it === 'max' ? 'as fast as it goes' : `${it} ×`}
              </option>
            ))}
          </select>
        </label>
        <output class="moment">
          <b>{clock(shown)}</b> {day(shown)} · {spoken(shown - start)} of {spoken(end - start)}
        </output>
        <p class="doing" role="status">
          {helm.refused ?? (seeking ? 'Going there …' : complete ? '' : `Reading the recording: up to ${clock(end)}`)}
        </p>
      </div>
      <div
        class="track"
        ref={track}
        role="slider"
        tabIndex={0}
        aria-label="Moment of the recording"
        aria-disabled={!allowed}
        aria-valuemin={Math.round(start / 1000)}
        aria-valuemax={Math.round(end / 1000)}
        aria-valuenow={Math.round(shown / 1000)}
        aria-valuetext={`${clock(shown)}, ${spoken(shown - start)} of ${spoken(end - start)}`}
        onKeyDown={pressed}
        onPointerDown={(event) => {
          if (!allowed || event.button !== 0) return
          track.current!.setPointerCapture(event.pointerId)
          helm.hold(pointed(event))
        }}
        onPointerMove={(event) => {
          if (track.current!.hasPointerCapture(event.pointerId)) helm.hold(pointed(event))
        }}
        onPointerUp={(event) => {
          if (track.current!.hasPointerCapture(event.pointerId)) go(pointed(event))
        }}
        onPointerCancel={() => helm.release()}
      >
        <svg width={width} height={HEIGHT} aria-hidden="true">
          <rect class="rail" x="0" y="18" width={width} height="4" rx="2" />
          <rect class="past" x="0" y="18" width={x(shown)} height="4" rx="2" />
          {PRIORITIES.map((priority) => (
            <path key={priority} class={`mark ${priority}`} d={drawn(marks, priority, x)} />
          ))}
          <path class="thumb" d={`M${x(shown)} 1v24`} />
          <circle class="thumb" cx={x(shown)} cy="20" r="6" />
        </svg>
      </div>
      <p class="ends" aria-hidden="true">
        <span>{clock(start)}</span>
        <span class="legend">
          {PRIORITIES.toReversed()
            .map((priority) => [priority, marks.filter(([, , of]) => of === priority).length] as const)
            .filter(([, count]) => count > 0)
            .map(([priority, count]) => `${count} ${PRIORITY_WORDS[priority].toLowerCase()}`)
            .join(', ') || 'no alerts'}
        </span>
        <span>{clock(end)}</span>
      </p>
    </section>
  )
}

function nearest(marks: readonly ReplayMark[], time: number): number | undefined {
  const away = (at: number) => Math.abs(at - time)
  return marks.reduce<number | undefined>((best, [, at]) => (best === undefined || away(at) < away(best) ? at : best), undefined) // biome-ignore format: one line
}

/** All marks of one priority as one path; where several fall on a pixel one is drawn. */
function drawn(marks: readonly ReplayMark[], priority: Priority, x: (time: number) => number): string {
  const places = new Set(marks.filter(([, , of]) => of === priority).map(([, at]) => Math.round(x(at))))
  return [...places].map(SHAPES[priority]).join('')
}
