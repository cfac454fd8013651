import type { Control } from '../vitals/control.ts'
import type { JournalEntry } from '../vitals/journal.ts'
import type { Deed, DeedView } from './protocol.ts'

const DEEDS: ReadonlySet<string> = new Set<Deed>(['ack', 'pause', 'resume', 'reset', 'feedback', 'mute', 'unmute'])

/**
 * What somebody did, as the journal has it or as the ward refused it; undefined for what is no deed of a person at a bed.
 * @param bed the page's id
 */
export function deedView(bed: string, it: Control | JournalEntry, refused: string | null): DeedView | undefined {
  const deed = it.kind === 'control' ? it.action : it.entry
  if (!DEEDS.has(deed)) return undefined
  const alertId = 'alertId' in it ? it.alertId : null
  return { bed, alertId, deed: deed as Deed, by: ('by' in it ? it.by : undefined) ?? '', refused }
}
