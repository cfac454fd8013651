import type { ScriptedBed } from './scripted-bed.ts'

/** A procedure for which the bed is muted: the saturation falls, everything is said, and nobody is called until it is over. */
export const PROCEDURE: ScriptedBed = {
  episodes: [{ kind: 'desaturation', at: 130, seconds: 100, size: 16 }],
  orders: [{ at: 115, order: 'mute', until: 260 }],
}
