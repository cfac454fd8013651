import type { ScriptedBed } from './scripted-bed.ts'

/** A patient who is moved, and desaturates in the other bed: the network came along and needs no warming up. */
export const TRANSFER: ScriptedBed = {
  episodes: [{ kind: 'desaturation', at: 240, seconds: 150, size: 14 }],
  orders: [{ at: 160, order: 'transfer', unit: 'HDU', bed: '1' }],
}
