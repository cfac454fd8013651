import type { Channel } from '../../vitals/channels.ts'
import { ICU48_CHANNELS } from './icu48-channels.ts'
import { icu48Inputs } from './icu48-inputs.ts'
import type { HourlyInputs } from './inputs.ts'
import { SEPSIS_CHANNELS } from './sepsis-channels.ts'
import { sepsisInputs } from './sepsis-inputs.ts'

/** Every kind of hourly input a manifest may name, with the channels it takes in their order. */
export const HOURLY_INPUTS: Readonly<
  Record<'sepsis-hour' | 'icu-48h', { readonly inputs: HourlyInputs; readonly channels: readonly Channel[] }>
> = {
  'sepsis-hour': { inputs: sepsisInputs, channels: SEPSIS_CHANNELS.map(({ channel }) => channel) },
  'icu-48h': { inputs: icu48Inputs, channels: ICU48_CHANNELS.map(({ channel }) => channel) },
}
