import type { SchedulerLike } from 'rxjs'
import type { Source } from '../stream/ports.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import type { Reading } from '../vitals/reading.ts'
import type { TimedInputs } from './merge.ts'
import { timedSource } from './recordings.ts'
import { type Episode, simulatedBed } from './simulated-bed.ts'

export interface SimulatedWard {
  readonly table: ChannelTable
  readonly beds: number
  readonly seed: number
  readonly hours: number
  /** event time of the first reading, ms since 1970 */
  readonly start: number
  readonly unit?: string
  /** scripted episodes of bed number 0, 1, 2, ... */
  readonly episodes?: (bed: number) => readonly Episode[]
  /** seconds of the ward a second of the clock; 'max' by default */
  readonly speed?: number | 'max'
  readonly scheduler?: SchedulerLike
}

/** Seconds of the ward in one batch, at most. */
const SPAN = 8

async function* readings(beds: readonly Iterator<Reading>[]): AsyncGenerator<TimedInputs> {
  for (;;) {
    const batch: TimedInputs = { times: [], inputs: [] }
    for (let second = 0; second < SPAN; second++) {
      for (const bed of beds) {
        const next = bed.next()
        if (next.done === true) continue
        batch.times.push(next.value.time)
        batch.inputs.push(next.value)
      }
    }
    if (batch.times.length === 0) return
    yield batch
  }
}

/** A ward of simulated beds as a source, keyed `sim-1`, `sim-2`, ...; the same seed gives the same ward. */
export function simulatedSource(ward: SimulatedWard): Source {
  function open(): AsyncGenerator<TimedInputs> {
    const beds = Array.from({ length: ward.beds }, (_, i) =>
      simulatedBed(
        {
          seed: Math.imul(ward.seed + 1, 0x9e3779b1) + i,
          start: ward.start,
          hours: ward.hours,
          patientKey: `sim-${i + 1}`,
          unit: ward.unit ?? 'SIM',
          bed: `${i + 1}`,
          episodes: ward.episodes?.(i) ?? [],
        },
        ward.table,
      ),
    )
    return readings(beds)
  }
  return timedSource('simulated', open, {
    speed: ward.speed ?? 'max',
    ...(ward.scheduler === undefined ? {} : { scheduler: ward.scheduler }),
  })
}
