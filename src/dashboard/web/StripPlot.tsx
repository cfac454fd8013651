import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { STRIP_SECONDS, type StripColumns } from './state.ts'

interface StripProps {
  /** name of the channel: its colour is --channel-NAME */
  readonly channel: string
  readonly columns: StripColumns
  /** changes when the columns grew */
  readonly version: unknown
  /** least height of the value axis, in the channel's unit */
  readonly leastSpan: number
  /** draw the axes (the bed view), or only the line (a tile) */
  readonly axes: boolean
  /** what the strip shows, for those who do not see it */
  readonly summary: string
}

const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

function channelColour(channel: string): string {
  return colour(`--channel-${channel}`) || colour('--channel-other')
}

const data = ({ time, low, high, value, outside, aside }: StripColumns): uPlot.AlignedData => [
  time,
  low,
  high,
  value,
  outside,
  aside,
]

/** A cross at every value that was set aside: another shape than the dots, not only another colour. */
function crosses(plot: uPlot): void {
  const [times, , , , , aside] = plot.data
  if (aside === undefined || !aside.some((value) => value !== null)) return
  const { ctx } = plot
  const arm = 3 * devicePixelRatio
  ctx.save()
  ctx.strokeStyle = colour('--aside')
  ctx.lineWidth = 1.25 * devicePixelRatio
  ctx.beginPath()
  aside.forEach((value, i) => {
    if (value === null || value === undefined) return
    const x = plot.valToPos(times[i]!, 'x', true)
    const y = plot.valToPos(value, 'y', true)
    ctx.moveTo(x - arm, y - arm)
    ctx.lineTo(x + arm, y + arm)
    ctx.moveTo(x - arm, y + arm)
    ctx.lineTo(x + arm, y - arm)
  })
  ctx.stroke()
  ctx.restore()
}

/** Value axis: all that is drawn, with air around it, and never less than the least span. */
function valueRange(least: number): uPlot.Scale.Range {
  return (_plot, low, high) => {
    if (low === null || high === null) return [0, least]
    const half = Math.max((high - low) * 0.6, least / 2)
    return [(low + high) / 2 - half, (low + high) / 2 + half]
  }
}

function options({ channel, leastSpan, axes }: StripProps, width: number, height: number): uPlot.Options {
  const edge = { stroke: 'transparent', width: 0, points: { show: false } }
  const axis = { stroke: () => colour('--muted'), font: '12px system-ui, sans-serif', ticks: { show: false } }
  const grid = { stroke: () => colour('--line'), width: 1 }
  return {
    width,
    height,
    padding: axes ? [8, 4, 0, 0] : [3, 2, 3, 0],
    cursor: { show: false },
    legend: { show: false },
    scales: {
      x: { time: true, range: (_plot, _low, newest) => [newest - STRIP_SECONDS, newest + 2] },
      y: { range: valueRange(leastSpan) },
    },
    axes: axes
      ? [
          {
            ...axis,
            grid,
            size: 26,
            space: 90,
            values: (_plot, at) => at.map((t) => new Date(t * 1000).toTimeString().slice(0, 5)),
          },
          { ...axis, grid, size: 44, space: 34 },
        ]
      : [{ show: false }, { show: false }],
    // low and high of the forecast made one tick before, the value over it, a dot where it left the band, a cross where it
    // was set aside
    series: [
      {},
      edge,
      edge,
      { stroke: () => channelColour(channel), width: 1.75, points: { show: false } },
      { width: 0, points: { show: true, size: axes ? 4.5 : 3.5, width: 0, fill: () => colour('--outside') } },
      edge,
    ],
    hooks: { draw: [crosses] },
    bands: [{ series: [2, 1], fill: () => `${channelColour(channel)}38` }],
  }
}

/** The last five minutes of one channel with the predictive band drawn in. Drawn only while on screen. */
export function StripPlot(props: StripProps) {
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(undefined)
  const seen = useRef(false)
  const latest = useRef(props)
  latest.current = props

  useEffect(() => {
    const element = host.current!
    const draw = () => {
      plot.current?.destroy()
      const { clientWidth, clientHeight } = element
      plot.current = new uPlot(
        options(latest.current, clientWidth, clientHeight),
        data(latest.current.columns),
        element,
      )
    }
    const resized = new ResizeObserver(() =>
      plot.current?.setSize({ width: element.clientWidth, height: element.clientHeight }),
    )
    // a ward of hundreds of beds has more strips than a screen: one is made when it is first seen
    const visible = new IntersectionObserver((entries) => {
      seen.current = entries.at(-1)?.isIntersecting ?? true
      if (!seen.current) return
      if (plot.current === undefined) draw()
      else plot.current.setData(data(latest.current.columns))
    })
    const again = () => {
      if (plot.current !== undefined) draw()
    }
    const scheme = matchMedia('(prefers-color-scheme: light)')
    resized.observe(element)
    visible.observe(element)
    scheme.addEventListener('change', again)
    return () => {
      resized.disconnect()
      visible.disconnect()
      scheme.removeEventListener('change', again)
      plot.current?.destroy()
    }
  }, [])
  // the columns grow in place; the version says when
  useEffect(() => {
    if (seen.current) plot.current?.setData(data(props.columns))
  }, [props.version])
  return <div class="strip" ref={host} role="img" aria-label={props.summary} data-channel={props.channel} />
}
