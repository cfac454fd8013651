import type { ScriptedBed } from './scripted-bed.ts'

/** Sensors that fail, on a patient who is well: a finger without its probe, a damped arterial line, ECG leads off. */
export const SENSORS: ScriptedBed = {
  episodes: [
    { kind: 'probe-off', at: 100, seconds: 60 },
    { kind: 'damped-line', at: 180, seconds: 90 },
    { kind: 'lead-off', at: 300, seconds: 60 },
  ],
  orders: [],
}
