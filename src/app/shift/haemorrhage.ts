import type { ScriptedBed } from './scripted-bed.ts'

/** A patient who deteriorates: blood is lost for five and a half minutes, and nothing jumps. */
export const HAEMORRHAGE: ScriptedBed = {
  episodes: [{ kind: 'haemorrhage', at: 80, seconds: 330, size: 40 }],
  orders: [],
}
