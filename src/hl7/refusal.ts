/** Error codes of HL7 table 0357, as far as Vigil gives them. */
export const REFUSALS = {
  segment: 100,
  required: 101,
  type: 102,
  table: 103,
  message: 200,
  event: 201,
  processing: 202,
  unknownKey: 204,
  internal: 207,
} as const

/** Why a message is not taken: it changes nothing, and its sender keeps it. Never names anybody. */
export interface Refusal {
  readonly kind: 'refused'
  readonly code: keyof typeof REFUSALS
  /** `PID-3`, where one place is to blame */
  readonly place: string | undefined
  readonly text: string
  /** whether the same message may be taken later */
  readonly retriable: boolean
}

export function refuse(code: keyof typeof REFUSALS, text: string, place?: string): Refusal {
  return { kind: 'refused', code, place, text, retriable: code === 'internal' }
}
