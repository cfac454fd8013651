import type { ScriptedBed } from './scripted-bed.ts'

/** A patient who deteriorates: blood is lost for seven minutes, and nothing jumps. */
export const HAEMORRHAGE: ScriptedBed = {
  episodes: [{ kind: 'haemorrhage', at: 90, seconds: 420, size: 40 }],
  orders: [],
}
