import type { RiskHours, RiskView } from '../protocol.ts'
import type { PageBed } from './state.ts'
import { clock, percent } from './words.ts'

const WIDTH = 360
const HEIGHT = 72
/** hours that a curve is wide, at least */
const LEAST_HOURS = 12
const HOUR = 3_600_000

/** The hours of a risk and its threshold; hours from before `started` are hollow: they were read in. */
function Curve({ hours, threshold, started }: { hours: RiskHours; threshold: number; started: number }) {
  const newest = hours.time.at(-1)!
  const span = Math.max(newest - hours.time[0]!, LEAST_HOURS * HOUR)
  const top = 1.15 * Math.max(1.6 * threshold, ...hours.probability)
  const x = (time: number) => WIDTH - 6 - ((newest - time) / span) * (WIDTH - 12)
  const y = (probability: number) => HEIGHT - 4 - (probability / top) * (HEIGHT - 8)
  const places = hours.time.map((time, i) => [x(time), y(hours.probability[i]!)] as const)
  const words = `${hours.time.length} hours, the newest ${percent(hours.probability.at(-1)!)}, threshold ${percent(threshold)}`
  return (
    <svg class="risk-curve" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={words}>
      <line class="threshold" x1={0} x2={WIDTH} y1={y(threshold)} y2={y(threshold)} />
      <polyline points={places.map((place) => place.map((it) => it.toFixed(1)).join(',')).join(' ')} />
      {places.map(([cx, cy], i) => (
        <circle key={hours.time[i]} class={hours.time[i]! < started ? 'read-in' : ''} cx={cx} cy={cy} r={2.6} />
      ))}
    </svg>
  )
}

/** What stands of a risk, in words: its hour, its threshold, or why there is none. */
function standing(risk: RiskView, blind: boolean): string {
  const watched = `${risk.hours} h watched`
  if (risk.probability === null && risk.standing === 'final')
    return `it failed in the first ${risk.due} h of the stay; ${watched}`
  if (risk.probability === null || risk.time === null) return `nothing before ${risk.due} h; ${watched}`
  const at = `of the hour to ${clock(risk.time).slice(0, 5)}`
  if (risk.standing === 'final') return `${at}, its last; ${watched}`
  const since = blind ? 'nobody watches since; ' : ''
  const empty = risk.emptyHours > 0 ? `, nothing measured for ${risk.emptyHours} h` : ''
  return `${at}${empty}; ${since}${watched}`
}

/** One hourly risk of a bed: the newest, the hours before it, what raises it. */
function RiskPanel({ risk, bed, started }: { risk: RiskView; bed: PageBed; started: number }) {
  const hours = bed.riskHours.find((it) => it.detector === risk.detector && it.role === risk.role)
  const readIn = hours?.time.filter((time) => time < started).length ?? 0
  return (
    <section class={`panel risk ${risk.raised ? 'raised' : ''}`}>
      <h2>
        {risk.event}{' '}
        <span>
          {risk.detector}
          {risk.role === 'shadow' && ', in shadow'}
        </span>
      </h2>
      <p class="risk-now">
        <b>{risk.probability === null ? '– –' : percent(risk.probability)}</b>{' '}
        {standing(risk, bed.watching === 'blind')}
      </p>
      {hours !== undefined && <Curve hours={hours} threshold={risk.threshold} started={started} />}
      <p class="risk-words">
        {risk.due > 1 ? `Once, after ${risk.due} hours.` : 'Once an hour.'}
        {hours !== undefined && ` Dashed: threshold, ${percent(risk.threshold)}.`}
        {readIn > 0 && ` Hollow: ${readIn} hours of the stay that were read in first.`}
      </p>
      {risk.reasons.length > 0 && (
        <p class="risk-words">
          Most of what raises it:{' '}
          {risk.reasons.map(({ label, share }) => `${label} ${Math.round(share * 100)} %`).join(', ')}.
        </p>
      )}
    </section>
  )
}

/** Every hourly risk of a bed, or that there is none. */
export function Risks({ bed, started }: { bed: PageBed; started: number }) {
  if (bed.frame === null) return null
  if (bed.frame.risks.length === 0)
    return (
      <section class="panel risk">
        <h2>
          Hourly risk <span>no model serves one</span>
        </h2>
      </section>
    )
  return (
    <>
      {bed.frame.risks.map((risk) => (
        <RiskPanel key={`${risk.detector}/${risk.role}`} risk={risk} bed={bed} started={started} />
      ))}
    </>
  )
}

/** The raised risks of a bed, or the newest of a model that may raise one, as short as a tile needs them. */
export function TileRisk({ bed }: { bed: PageBed }) {
  const risk = bed.frame?.risks.find(({ role, standing: stands }) => role === 'champion' && stands === 'current')
  if (risk === undefined || risk.probability === null || risk.time === null) return null
  return (
    <span class={`tile-risk ${risk.raised ? 'raised' : ''}`} title={standing(risk, bed.watching === 'blind')}>
      {risk.event} <b>{percent(risk.probability)}</b> at {clock(risk.time).slice(0, 5)}
    </span>
  )
}
