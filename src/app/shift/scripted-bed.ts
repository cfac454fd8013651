import type { Control } from '../../vitals/control.ts'
import type { Episode } from '../../vitals/episode.ts'

type Without<T, Keys extends PropertyKey> = T extends unknown ? Omit<T, Keys> : never

/** Something that happens at a bed, the bed being known. */
export type BedEpisode = Without<Episode, 'bed'>

/** What somebody does about a bed, as the topics for encounters and acknowledgements carry it. Seconds of the ward. */
export type Order =
  | { readonly at: number; readonly order: 'mute'; readonly until: number }
  | { readonly at: number; readonly order: 'transfer'; readonly unit: string; readonly bed: string }

/** One simulated bed of the shift that `vigil demo` plays: what happens there, and what people do. */
export interface ScriptedBed {
  readonly episodes: readonly BedEpisode[]
  readonly orders: readonly Order[]
}

/** The control message that an order is. @param start event time of the ward's first second, ms */
export function controlOf(order: Order, patientKey: string, start: number): Control {
  const head = { kind: 'control', patientKey, at: start + order.at * 1000, by: 'charge-nurse' } as const
  return order.order === 'mute'
    ? { ...head, action: 'mute', until: start + order.until * 1000 }
    : { ...head, action: 'transfer', unit: order.unit, bed: order.bed }
}
