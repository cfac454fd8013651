import type { TimedInputs } from '../../ingest/merge.ts'
import { timedSource } from '../../ingest/recordings.ts'
import { SETTINGS } from '../../ingest/simulator/settings.ts'
import { simulatedInputs } from '../../ingest/simulator/ward.ts'
import type { Input, Source } from '../../stream/ports.ts'
import type { ChannelTable } from '../../vitals/channels.ts'
import type { Episode } from '../../vitals/episode.ts'
import { HAEMORRHAGE } from './haemorrhage.ts'
import { HANDOVER } from './handover.ts'
import { PAROXYSM } from './paroxysm.ts'
import { PROCEDURE } from './procedure.ts'
import { controlOf, type ScriptedBed } from './scripted-bed.ts'
import { SENSORS } from './sensors.ts'
import { TRANSFER } from './transfer.ts'

/** The simulated beds of the shift, by number from 1; beds beyond them are quiet. */
export const SHIFT: readonly ScriptedBed[] = [PAROXYSM, HAEMORRHAGE, SENSORS, HANDOVER, PROCEDURE, TRANSFER]

const UNIT = 'SIM'
/** a year: for as long as anyone is likely to look */
const HOURS = 24 * 365

export interface Shift {
  readonly beds: number
  readonly seed: number
  /** event time of the first second, ms since 1970 */
  readonly start: number
}

/** All that arrives from the simulated beds of a shift, in the order it happens: readings, entries, what people do. */
export function* shiftInputs({ beds, seed, start }: Shift, table: ChannelTable): Generator<TimedInputs> {
  const scripts = SHIFT.slice(0, beds)
  const episodes = scripts.flatMap((script, i) => script.episodes.map((it) => ({ ...it, bed: i + 1 }) as Episode))
  const due = scripts
    .flatMap(({ orders }, i) => orders.map((order) => ({ order, patientKey: `sim-${i + 1}` })))
    .sort((a, b) => a.order.at - b.order.at)
  const moved = new Map<string, { readonly unit: string; readonly bed: string }>()
  const placed = (input: Input): Input => {
    const to = input.kind === 'reading' ? moved.get(input.patientKey) : undefined
    return to === undefined ? input : ({ ...input, ...to } as Input)
  }
  const ward = { setting: SETTINGS.training, beds, seed, hours: HOURS, start, unit: UNIT, episodes }
  for (const { times, inputs } of simulatedInputs(ward, table)) {
    const out: TimedInputs = { times: [], inputs: [] }
    const put = (time: number, input: Input) => {
      out.times.push(time)
      out.inputs.push(input)
    }
    inputs.forEach((input, i) => {
      const time = times[i]!
      while (due[0] !== undefined && start + due[0].order.at * 1000 <= time) {
        const { order, patientKey } = due.shift()!
        put(time, controlOf(order, patientKey, start))
        if (order.order === 'transfer') moved.set(patientKey, { unit: order.unit, bed: order.bed })
      }
      put(time, placed(input))
    })
    yield out
  }
}

/** The simulated beds of the shift as a source. @param speed seconds of the ward a second of the clock */
export function shiftSource(shift: Shift, table: ChannelTable, speed: number | 'max'): Source {
  async function* open(): AsyncGenerator<TimedInputs> {
    yield* shiftInputs(shift, table)
  }
  return timedSource('simulated', open, { speed })
}
