import type { ScriptedBed } from './scripted-bed.ts'

/** A bed that changes hands: its patient is discharged, it stands empty, and the next one's network begins cold. */
export const HANDOVER: ScriptedBed = {
  episodes: [{ kind: 'handover', at: 150, seconds: 25 }],
  orders: [],
}
