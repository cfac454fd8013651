import { z } from 'zod'
import type { ActionAnswer } from '../stream/ports.ts'
import { AcknowledgementMessage, AlertId, By, Verdict } from '../vitals/control.ts'
import { PatientKey } from '../vitals/reading.ts'
import { misfit } from '../vitals/unnamed.ts'

/** The longest time that somebody may name; the ward refuses what is longer than its own limit. */
const MINUTES = 24 * 60

const of = {
  alertId: AlertId.optional(),
  patientKey: PatientKey.optional().describe('whose bed; not needed beside an alert that the page knows'),
  bed: z.string().regex(/^[0-9a-f]{12}$/).optional().describe('the page\'s own id of the bed, instead of `patientKey`'),
  by: By.optional().describe('who in the calling system did it; the token\'s name is put before it'),
} // biome-ignore format: one field, one line
const minutes = z.number().positive().max(MINUTES)

/** What people do about an alert, or about a bed in a procedure. Times are the server's: a caller's clock may be wrong. */
export const ActionRequest = z.discriminatedUnion('action', [
  z.strictObject({ ...of, action: z.literal('ack'), alertId: AlertId }),
  z.strictObject({ ...of, action: z.literal('pause'), alertId: AlertId, minutes }),
  z.strictObject({ ...of, action: z.literal('resume'), alertId: AlertId }),
  z.strictObject({ ...of, action: z.literal('reset'), alertId: AlertId }),
  z.strictObject({ ...of, action: z.literal('feedback'), alertId: AlertId, verdict: Verdict }),
  z.strictObject({ ...of, action: z.literal('mute'), minutes }),
  z.strictObject({ ...of, action: z.literal('unmute') }),
])
export type ActionRequest = z.infer<typeof ActionRequest>

/** Whose bed and which moment a request means. */
export interface Target {
  readonly patientKey: string
  /** newest event time of the patient, ms since 1970: a ward that is replayed has its own clock */
  readonly at: number
}

export interface ActionsOptions {
  /** who is meant by a bed's or an alert's id; undefined where nobody is */
  readonly target: (request: Pick<ActionRequest, 'alertId' | 'patientKey' | 'bed'>) => Target | undefined
  /** hands a message to the ward's journal; resolves once it is safely kept */
  readonly submit: (message: AcknowledgementMessage) => Promise<void>
}

/** A message of the acknowledgements topic out of a request. @param name of the token that asks */
export function messageOf(request: ActionRequest, target: Target, name: string): AcknowledgementMessage {
  const { action, alertId } = request
  const by = (request.by === undefined ? name : `${name}:${request.by}`).slice(0, 64)
  const { patientKey, at } = target
  return AcknowledgementMessage.parse({
    patientKey,
    at,
    action,
    by,
    // a mute is of the bed, whatever alert made somebody think of it
    ...(alertId !== undefined && action !== 'mute' && action !== 'unmute' && { alertId }),
    ...('minutes' in request && { until: at + Math.round(request.minutes * 60_000) }),
    ...('verdict' in request && { verdict: request.verdict }),
  })
}

/**
 * Answers POST /api/actions. 202: the journal has it, and what it did stands in the alert's next message; the ward may still
 * refuse it (an alert that has ended, a pause that is too long), which is a dead letter.
 */
export function actions({ target, submit }: ActionsOptions): (body: unknown, name: string) => Promise<ActionAnswer> {
  return async (body, name) => {
    const parsed = ActionRequest.safeParse(body)
    if (!parsed.success) {
      const { detail, path = 'body' } = misfit(parsed.error.issues[0], body)
      return { status: 400, body: { error: `${path}: ${detail}` } }
    }
    const found = target(parsed.data)
    if (found === undefined) return { status: 404, body: { error: 'nobody of that id is watched here' } }
    try {
      await submit(messageOf(parsed.data, found, name))
    } catch {
      return { status: 503, body: { error: 'the journal does not take it; try again' } }
    }
    return { status: 202, body: { accepted: parsed.data.action } }
  }
}
