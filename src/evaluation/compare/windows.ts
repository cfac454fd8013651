import { OK } from '../../vitals/reading.ts'
import type { Batches } from '../watched.ts'

/** Readings of one patient in a stretch of time, ms since 1970. */
export interface Window {
  readonly patientKey: string
  readonly from: number
  readonly to: number
  /** by channel of the table: times and values, in order */
  readonly samples: Map<number, { readonly x: number[]; readonly y: number[] }>
}

export const windowOf = (patientKey: string, from: number, to: number): Window => ({
  patientKey,
  from,
  to,
  samples: new Map(),
})

/** Fill windows from a stream that is read once more. */
export async function fillWindows(batches: Batches, windows: readonly Window[]): Promise<void> {
  const byPatient = new Map<string, Window[]>()
  for (const window of windows) byPatient.set(window.patientKey, [...(byPatient.get(window.patientKey) ?? []), window])
  for await (const inputs of batches) {
    for (const input of inputs) {
      if (input.kind !== 'reading') continue
      for (const window of byPatient.get(input.patientKey) ?? []) {
        if (input.time < window.from || input.time > window.to) continue
        for (let i = 0; i < input.channels.length; i++) {
          if (input.statuses[i] !== OK) continue
          const channel = input.channels[i]!
          const samples = window.samples.get(channel) ?? { x: [], y: [] }
          window.samples.set(channel, samples)
          samples.x.push(input.time)
          samples.y.push(input.values[i]!)
        }
      }
    }
  }
}
