import type { Rejection } from '../vitals/rejection.ts'
import type { Header } from './header.ts'
import { escaped, USUAL } from './message.ts'
import { REFUSALS, type Refusal } from './refusal.ts'

/** Warnings of one acknowledgement, at most. */
const MOST_WARNINGS = 16

/** What is told to the sender of every acknowledgement. */
export interface AcknowledgementOptions {
  /** unique in this process */
  readonly control: string
  /** ms since 1970 */
  readonly now: number
}

/** HL7's time of an instant, in UTC to the millisecond. */
export function dtm(instant: number): string {
  return `${new Date(instant).toISOString().replace(/[-:T]/g, '').replace('Z', '')}+0000`
}

/**
 * The acknowledgement of a message: taken, not now (the sender may try again) or refused for good. In the original mode
 * AA, AE, AR; in the enhanced mode, of which a sender fills MSH-15 or MSH-16, CA, CE, CR (HL7 2.6, 2.9.2 and 2.9.3).
 * @param rejections what of a message that is taken could not be: the sender hears it as warnings
 * @returns undefined where the sender wants to hear nothing in this case
 */
export function acknowledgement(
  header: Header | undefined,
  refusal: Refusal | undefined,
  rejections: readonly Rejection[],
  { control, now }: AcknowledgementOptions,
): string | undefined {
  const letter = refusal === undefined ? 'A' : refusal.retriable ? 'E' : 'R'
  const enhanced = header?.enhanced ?? false
  if (enhanced && !wanted(header!.acceptAck, refusal === undefined)) return undefined
  const text = (it: string) => escaped(it, USUAL)
  const event = header === undefined || header.event === '' ? '' : `^${text(header.event)}`
  const to = header === undefined ? '|' : `${text(header.application)}|${text(header.facility)}`
  const lines = [
    `MSH|^~\\&|VIGIL||${to}|${dtm(now)}||ACK${event}|${control}|${text(header?.processing || 'P')}|2.6|||NE|NE`,
    `MSA|${enhanced ? 'C' : 'A'}${letter}|${header?.control ?? ''}`,
  ]
  if (refusal !== undefined)
    lines.push(`ERR||${place(refusal.place)}|${REFUSALS[refusal.code]}^^HL70357|E||||${text(refusal.text)}`)
  else
    for (const { path, detail } of rejections.slice(0, MOST_WARNINGS))
      lines.push(`ERR||${place(path)}|${REFUSALS.type}^^HL70357|W||||${text(detail)}`)
  return `${lines.join('\r')}\r`
}

function wanted(acceptAck: string, taken: boolean): boolean {
  if (acceptAck === 'NE') return false
  if (acceptAck === 'ER') return !taken
  return acceptAck !== 'SU' || taken
}

/** `PID-3` and `OBX[7]-5` as an ERL: segment, which of its kind, field. */
function place(told: string | undefined): string {
  const found = /^([A-Z0-9]{3})(?:\[(\d+)\])?(?:-(\d+))?$/.exec(told ?? '')
  if (found === null) return ''
  const [, segment, sequence = '1', field] = found
  return field === undefined ? segment! : `${segment}^${sequence}^${field}`
}
