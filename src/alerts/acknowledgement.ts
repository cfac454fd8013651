import {
  type Advance,
  type AlertContext,
  message,
  NO_CALLS,
  type OpenAlert,
  type OpenAlerts,
  send,
} from './lifecycle.ts'

/** What somebody did about one open alert. */
export type Deed =
  | { readonly deed: 'ack'; readonly by: string; readonly at: number }
  | { readonly deed: 'pause'; readonly until: number }
  | { readonly deed: 'resume' }
  | { readonly deed: 'reset' }

/** The alert after a deed, and whether it is over by it; undefined when the deed changes nothing. */
function done(
  alert: OpenAlert,
  it: Deed,
): { readonly alert: OpenAlert; readonly phase: 'update' | 'end' | 'reset' } | undefined {
  switch (it.deed) {
    case 'ack': {
      // who was first stays named
      if (alert.ack !== undefined) return undefined
      const ack = { by: it.by, at: Math.round(it.at) }
      return { alert: Object.assign({}, alert, { ack }), phase: alert.latched ? 'end' : 'update' }
    }
    case 'pause': {
      const { called: _, ...rest } = alert
      return {
        alert: Object.assign(rest, { urgent: true as const, pausedUntil: Math.round(it.until) }),
        phase: 'update',
      }
    }
    case 'resume': {
      if (alert.pausedUntil === undefined) return undefined
      const { pausedUntil: _, ...rest } = alert
      return { alert: rest, phase: 'update' }
    }
    case 'reset':
      return alert.latched ? { alert, phase: 'reset' } : undefined
  }
}

/**
 * What somebody does about an alert changes who is called, and never a score. It deletes nothing: only what is latched,
 * its condition long gone, ends by it. An alert that is not open, and a deed that changes nothing, give no message.
 * @param time event time of the message, ms since 1970
 */
export function acknowledge(context: AlertContext, open: OpenAlerts, alertId: string, it: Deed, time: number): Advance {
  const calls = context.calls ?? NO_CALLS
  const alert = open.find((one) => one.alertId === alertId)
  const after = alert && done(alert, it)
  if (after === undefined) return { open, bodies: [], calls }
  const [told, called, body] = message(context, calls, send(after.alert, time), after.phase)
  const next = open.flatMap((one) => (one !== alert ? [one] : after.phase === 'update' ? [told] : []))
  return { open: next, bodies: [body], calls: called }
}
