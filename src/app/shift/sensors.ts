import type { ScriptedBed } from './scripted-bed.ts'

/** Sensors that fail, on a patient who is well: a finger without its probe, a heart rate that stands still, ECG leads off. */
export const SENSORS: ScriptedBed = {
  episodes: [
    { kind: 'probe-off', at: 100, seconds: 60 },
    { kind: 'stuck', at: 200, seconds: 100, channel: 'hr' },
    { kind: 'lead-off', at: 340, seconds: 60 },
  ],
  orders: [],
}
