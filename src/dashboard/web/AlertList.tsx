import type { AlertView, ChannelInfo } from '../protocol.ts'
import { AlertActs } from './Acts.tsx'
import { Budget } from './Budget.tsx'
import { PriorityMark } from './Marks.tsx'
import type { PageBed, PageWard } from './state.ts'
import { Why } from './Why.tsx'
import { bedWord, callWords, clock, namesUnit, sentence, spoken } from './words.ts'

/** Open alerts of the ward, newest first, then the ended ones. */
export function AlertList({ ward }: { ward: PageWard }) {
  const open = [...ward.beds.values()].flatMap((bed) => bed.alerts).sort((a, b) => b.onset - a.onset)
  return (
    <aside class="alerts" aria-labelledby="alerts-title">
      <h2 id="alerts-title">
        Alerts <span>{open.length === 0 ? 'none open' : `${open.length} open`}</span>
      </h2>
      {open.length > 0 && (
        <ol>
          {open.map((alert) => (
            <AlertLine key={alert.alertId} alert={alert} bed={ward.beds.get(alert.bed)} />
          ))}
        </ol>
      )}
      <Budget spent={ward.heartbeat.spent} />
      {ward.recent.length > 0 && (
        <>
          <h3>Ended</h3>
          <ol class="ended">
            {ward.recent.map((alert) => (
              <AlertLine key={alert.alertId} alert={alert} bed={ward.beds.get(alert.bed)} />
            ))}
          </ol>
        </>
      )}
    </aside>
  )
}

interface AlertLineProps {
  readonly alert: AlertView
  readonly bed: PageBed | undefined
  /** in the bed's own view: the bed is not named again, and why the alert fired is told */
  readonly reasons?: readonly ChannelInfo[]
}

/** One episode. */
export function AlertLine({ alert, bed, reasons }: AlertLineProps) {
  const called = alert.ended === null ? callWords(alert.signal) : undefined
  const until = alert.ended ?? bed?.frame?.time ?? alert.detected
  return (
    <li class={`line ${alert.priority}`}>
      <div class="head">
        <PriorityMark priority={alert.priority} technical={alert.kind === 'technical'} />
        {reasons === undefined && bed !== undefined && (
          <a href={`#/bed/${bed.id}`}>
            {bedWord(bed)}
            {namesUnit(bed) && ` ${bed.unit}`}
          </a>
        )}
      </div>
      <p class="sentence">{sentence(alert.label)}</p>
      <p class="since">
        {alert.ended === null ? 'since ' : ''}
        <time dateTime={new Date(alert.onset).toISOString()}>{clock(alert.onset)}</time>
        {alert.ended !== null && ` to ${clock(alert.ended)}`}
        {until > alert.onset && ` · ${spoken(until - alert.onset)}`}
      </p>
      {called !== undefined && <p class="called">{called}</p>}
      {reasons !== undefined && <AlertActs alert={alert} now={bed?.frame?.time} />}
      {reasons !== undefined && <Why alert={alert} channels={reasons} />}
    </li>
  )
}
