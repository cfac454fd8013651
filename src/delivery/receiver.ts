import type { AlertEnvelope } from '../vitals/alert.ts'

/**
 * Who is told of alerts. `deliver` resolves when the receiver has taken the message, resolves with a reason when it never will
 * take it, and rejects when it may take it later.
 */
export interface Receiver {
  readonly name: string
  deliver(envelope: AlertEnvelope, signal: AbortSignal): Promise<Refused | undefined>
  /** messages of one delivery at most, for a receiver that takes several; then `deliverAll` is there */
  readonly batch?: number
  /** The same for several: all of them are taken, or none is. */
  deliverAll?(envelopes: readonly AlertEnvelope[], signal: AbortSignal): Promise<Refused | undefined>
  close(): Promise<void>
}

/** Who a pseudonym is, as the vault at the edge knows: record number and assigning authority; undefined where it does not. */
export type IdentityOf = (pseudonym: string) => { readonly number: string; readonly authority: string } | undefined

/** The receiver refuses this message for good: others go on, and this one is a dead letter. */
export interface Refused {
  /** what it answered, without anything of the message: "HTTP 422", "AR 102" */
  readonly answer: string
}

/** Which alerts a receiver wants; what is absent excludes nothing. */
export interface Wanted {
  readonly units?: readonly string[] | undefined
  readonly priorities?: readonly string[] | undefined
  readonly kinds?: readonly string[] | undefined
  /** only messages that call somebody, and those that end what called */
  readonly callsOnly?: boolean | undefined
}

export function wants(wanted: Wanted, { body }: AlertEnvelope): boolean {
  const { units, priorities, kinds, callsOnly = false } = wanted
  // an alert without a unit is nobody's in particular: whoever narrows by unit must not miss it
  if (units !== undefined && body.subject.unit !== undefined && !units.includes(body.subject.unit)) return false
  if (priorities !== undefined && !priorities.includes(body.priority)) return false
  if (kinds !== undefined && !kinds.includes(body.kind)) return false
  return !callsOnly || body.signal.call === 'now' || body.signal.call === 'none'
}
