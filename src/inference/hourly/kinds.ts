import type { Channel } from '../../vitals/channels.ts'
import { ICU48_CHANNELS } from './icu48-channels.ts'
import { icu48Inputs } from './icu48-inputs.ts'
import type { HourlyInputs } from './inputs.ts'
import { SEPSIS_CHANNELS } from './sepsis-channels.ts'
import { sepsisInputs } from './sepsis-inputs.ts'

export interface HourlyKind {
  readonly inputs: HourlyInputs
  /** the channels the inputs take, in their order */
  readonly channels: readonly Channel[]
  /** hours of a stay after which the model has said what it says; for as long as the stay lasts when absent */
  readonly hours?: number
}

/** Every kind of hourly input a manifest may name. */
export const HOURLY_INPUTS: Readonly<Record<'sepsis-hour' | 'icu-48h', HourlyKind>> = {
  'sepsis-hour': { inputs: sepsisInputs, channels: SEPSIS_CHANNELS.map(({ channel }) => channel) },
  'icu-48h': { inputs: icu48Inputs, channels: ICU48_CHANNELS.map(({ channel }) => channel), hours: 48 },
}
