import type { ScriptedBed } from './scripted-bed.ts'

/** The first thing anybody sees: the heart jumps and beats irregularly for a minute, long before any limit is reached. */
export const PAROXYSM: ScriptedBed = {
  episodes: [{ kind: 'arrhythmia', at: 70, seconds: 60, size: 60 }],
  orders: [],
}
