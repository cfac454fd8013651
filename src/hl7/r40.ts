import type { AlertBody, AlertEnvelope } from '../vitals/alert.ts'
import { dtm } from './acknowledgement.ts'
import { escaped, USUAL } from './message.ts'

/** IHE PCD-04's letters of a priority and of a kind. */
const PRIORITY = { high: 'PH', medium: 'PM', low: 'PL', info: 'PI' } as const
const KIND = { physiological: 'SP', technical: 'ST', advisory: 'SA' } as const
/** How an alert is held back, as ISO/IEEE 11073 says it (MDC_ATTR_ALARM_INACTIVATION_STATE). */
const INACTIVATION: Readonly<Record<AlertBody['signal']['call'], string>> = {
  now: 'enabled',
  told: 'enabled',
  acknowledged: 'audio-paused',
  paused: 'alarm-paused',
  muted: 'alarm-off',
  silenced: 'audio-paused',
  none: 'enabled',
}

const text = (it: string) => escaped(it, USUAL)

/**
 * An alert message as ORU^R40 of IHE PCD-04 (Alert Communication Management): one OBR, whose parent (OBR-29) is the episode,
 * and the facets of the alert as OBX 1 to 6. The patient is the pseudonym; unit and bed say where to go.
 * @param identity of a receiver that is told: the record number stands before the pseudonym
 */
export function alertMessage(
  envelope: AlertEnvelope,
  control: string,
  now: number,
  identity?: { readonly number: string; readonly authority: string },
): string {
  const { body, mode } = envelope
  const { subject, times, signal } = body
  const at = dtm(times.event)
  const first = body.channels[0]
  const known = identity === undefined ? '' : `${text(identity.number)}^^^${text(identity.authority)}^MR~`
  const pid =
    subject.keyedBy === 'patient' ? `PID|||${known}${text(subject.patientKey)}^^^VIGIL^PI||^^^^^^S` : 'PID|||||^^^^^^U'
  const facet = (n: number, type: string, code: string, value: string, flags = '') =>
    `OBX|${n}|${type}|${code}^MDC|1.0.0.0.${n}|${value}|||${flags}|||F|||${at}`
  return [
    `MSH|^~\\&|VIGIL||||${dtm(now)}||ORU^R40^ORU_R40|${control}|${mode === 'live' ? 'P' : 'D'}|2.6|||AL|NE|||||IHE_PCD_ACM_001^IHE PCD^1.3.6.1.4.1.19376.1.6.4.4^ISO`,
    pid,
    `PV1||I|${text(subject.unit ?? '')}^^${text(subject.bed ?? '')}`,
    `OBR|1||${body.eventId}^VIGIL|196616^MDC_EVT_ALARM^MDC|||${at}||||||||||||||||||||||${body.alertId}^VIGIL`,
    facet(
      1,
      'CWE',
      '196616^MDC_EVT_ALARM',
      `${text(body.code)}^${text(body.label)}^99VIGIL`,
      `A~${PRIORITY[body.priority]}~${KIND[body.kind]}`,
    ),
    ...(first === undefined ? [] : [sourceFacet(first, at)]),
    facet(3, 'ST', '68481^MDC_ATTR_EVENT_PHASE', body.phase),
    facet(4, 'ST', '68482^MDC_ATTR_ALARM_STATE', body.state),
    facet(5, 'ST', '68483^MDC_ATTR_ALARM_INACTIVATION_STATE', INACTIVATION[signal.call]),
    `NTE|1||${text(body.explanation.text)}`,
    `NTE|2||Research advisory. It does not replace the alarms of the bedside monitor.`,
    '',
  ].join('\r')
}

/** What the alert is about: the first channel with its value, its unit and the limit that was crossed. */
function sourceFacet(channel: AlertBody['channels'][number], at: string): string {
  const { observed, unit, limit, mdc, channel: name } = channel
  const code = mdc === undefined ? `${text(name)}^${text(name)}^99VIGIL` : `${mdc}^${text(name)}^MDC`
  const range = limit === undefined ? '' : limit.side === 'low' ? `${limit.value}-` : `-${limit.value}`
  const value = observed === null ? '' : String(observed)
  return `OBX|2|NM|${code}|1.0.0.0.2|${value}|${text(unit)}^${text(unit)}^UCUM|${range}||||${observed === null ? 'X' : 'F'}|||${at}`
}
