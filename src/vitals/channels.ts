import { z } from 'zod'
import { conversion } from './units.ts'

/** ISO/IEEE 11073-10101 code of an observation, with the codes other vendors send for the same thing. */
const MdcCode = z.strictObject({
  code: z.int().positive(),
  refId: z.string().regex(/^MDC_[A-Z0-9_]+$/),
  aliases: z.array(z.int().positive()).default([]),
})

/**
 * A channel: one vital sign, laboratory value or static attribute. Values of a channel are always in its UCUM unit.
 * `range`: outside it a value is an artefact, not a vital sign (MIMIC-Extract's variable ranges, vendor manuals).
 * `resolution`: the step in which monitors print it; a likelihood is the mass of this cell.
 * `cadence`: an episodic channel (cuff pressure, temperature) ages between values and never holds a frame open.
 */
export const Channel = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_]{0,31}$/),
  label: z.string().min(1).max(16),
  meaning: z.string().min(1).max(80),
  unit: z.string().min(1).max(16),
  range: z.tuple([z.number(), z.number()]).refine(([low, high]) => low < high, 'low must be below high'),
  resolution: z.number().positive(),
  cadence: z.enum(['continuous', 'episodic', 'static']),
  loinc: z.array(z.string().regex(/^\d{1,7}-\d$/)).default([]),
  mdc: MdcCode.optional(),
})
export type Channel = z.infer<typeof Channel>

type Cadence = Channel['cadence']
type Row = [
  name: string, label: string, meaning: string, unit: string, low: number, high: number, resolution: number,
  cadence: Cadence, loinc: string[], code: number, refId: string, ...aliases: number[],
] // biome-ignore format: one channel, one line

const C: Cadence = 'continuous'
const E: Cadence = 'episodic'

// Sources: Philips, GE and Mindray HL7 manuals (codes and reference ids), LOINC 2.77, MIMIC-Extract (ranges).
// biome-ignore format: a table
const ROWS: Row[] = [
  ['hr', 'HR', 'heart rate, ECG', '/min', 0, 350, 1, C, ['8867-4'], 147842, 'MDC_ECG_HEART_RATE'],
  ['pulse', 'Pulse', 'pulse rate, oximeter', '/min', 0, 350, 1, C, ['8889-8'], 149530, 'MDC_PULS_OXIM_PULS_RATE', 149538, 149514, 149522, 149546],
  ['spo2', 'SpO2', 'oxygen saturation', '%', 0, 100, 1, C, ['59408-5', '2708-6'], 150456, 'MDC_PULS_OXIM_SAT_O2'],
  ['resp', 'Resp', 'breathing rate', '/min', 0, 120, 1, C, ['9279-1'], 151562, 'MDC_RESP_RATE', 151578, 151570, 151586, 151594],
  ['nibp_sys', 'NIBP sys', 'cuff pressure, systolic', 'mm[Hg]', 0, 375, 1, E, ['8480-6'], 150021, 'MDC_PRESS_BLD_NONINV_SYS'],
  ['nibp_dia', 'NIBP dia', 'cuff pressure, diastolic', 'mm[Hg]', 0, 375, 1, E, ['8462-4'], 150022, 'MDC_PRESS_BLD_NONINV_DIA'],
  ['nibp_mean', 'NIBP mean', 'cuff pressure, mean', 'mm[Hg]', 14, 330, 1, E, ['8478-0'], 150023, 'MDC_PRESS_BLD_NONINV_MEAN'],
  ['abp_sys', 'ABP sys', 'arterial line, systolic', 'mm[Hg]', 0, 375, 1, C, ['76215-3'], 150033, 'MDC_PRESS_BLD_ART_SYS', 150037],
  ['abp_dia', 'ABP dia', 'arterial line, diastolic', 'mm[Hg]', 0, 375, 1, C, ['76213-8'], 150034, 'MDC_PRESS_BLD_ART_DIA', 150038],
  ['abp_mean', 'ABP mean', 'arterial line, mean', 'mm[Hg]', 14, 330, 1, C, ['76214-6'], 150035, 'MDC_PRESS_BLD_ART_MEAN', 150039],
  ['cvp', 'CVP', 'central venous pressure', 'mm[Hg]', -10, 50, 1, C, ['60985-9'], 150087, 'MDC_PRESS_BLD_VEN_CENT_MEAN'],
  ['pap_sys', 'PAP sys', 'pulmonary artery, systolic', 'mm[Hg]', 0, 150, 1, C, ['8440-0'], 150045, 'MDC_PRESS_BLD_ART_PULM_SYS'],
  ['pap_dia', 'PAP dia', 'pulmonary artery, diastolic', 'mm[Hg]', 0, 150, 1, C, ['8385-7'], 150046, 'MDC_PRESS_BLD_ART_PULM_DIA'],
  ['pap_mean', 'PAP mean', 'pulmonary artery, mean', 'mm[Hg]', 0, 150, 1, C, ['8414-5'], 150047, 'MDC_PRESS_BLD_ART_PULM_MEAN'],
  ['temp', 'Temp', 'body temperature', 'Cel', 26, 45, 0.1, E, ['8310-5'], 150344, 'MDC_TEMP', 150368, 150372, 150388, 150392, 188420, 188436],
  ['etco2', 'etCO2', 'end-tidal CO2', 'mm[Hg]', 0, 150, 1, C, ['19889-5'], 151708, 'MDC_CONC_AWAY_CO2_ET', 151712, 151728],
  ['fio2', 'FiO2', 'inspired oxygen', '%', 21, 100, 1, C, ['3150-6'], 152196, 'MDC_CONC_AWAY_O2_INSP'],
  ['icp', 'ICP', 'intracranial pressure', 'mm[Hg]', -20, 120, 1, C, ['60956-0'], 153608, 'MDC_PRESS_INTRA_CRAN'],
  ['cpp', 'CPP', 'cerebral perfusion pressure', 'mm[Hg]', 0, 235, 1, C, [], 153604, 'MDC_PRESS_CEREB_PERF'],
  ['co', 'CO', 'cardiac output', 'L/min', 0, 25, 0.1, E, ['8741-1'], 150276, 'MDC_OUTPUT_CARD'],
  ['pi', 'PI', 'perfusion index, a quality channel', '%', 0, 30, 0.1, C, ['61006-3'], 150448, 'MDC_BLD_PERF_INDEX'],
]

/** The built-in channels, in the order of their index in every frame. */
export const CHANNELS: readonly Channel[] = ROWS.map(
  ([name, label, meaning, unit, low, high, resolution, cadence, loinc, code, refId, ...aliases]) => ({
    name, label, meaning, unit, range: [low, high], resolution, cadence, loinc, mdc: { code, refId, aliases },
  }), // biome-ignore format: the fields in table order
)

/** The channels a pipeline knows: the built-in ones, then those its manifests declare. */
export interface ChannelTable {
  readonly channels: readonly Channel[]
  /** name -> index into `channels` and into every frame row */
  readonly index: ReadonlyMap<string, number>
}

/**
 * The channel table of a pipeline. A channel that two manifests declare is in their finer resolution, and plausible where
 * either of them holds it so: each model's own inputs leave out what it does not believe.
 * @param declared channels that manifests declare beside the built-in ones
 * @throws RangeError when a declared channel takes a name that means something else already
 */
export function channelTable(declared: readonly Channel[] = []): ChannelTable {
  const channels = [...CHANNELS]
  const index = new Map(channels.map((channel, i) => [channel.name, i]))
  for (const channel of declared) {
    const known = index.get(channel.name)
    if (known === undefined) {
      index.set(channel.name, channels.length)
      channels.push(channel)
    } else if (known < CHANNELS.length) {
      if (channels[known]!.unit !== channel.unit || channels[known]!.resolution !== channel.resolution)
        throw new RangeError(`channel "${channel.name}" is built in, with different unit or resolution`)
    } else channels[known] = both(channels[known]!, channel)
  }
  return { channels, index }
}

function both(one: Channel, other: Channel): Channel {
  if (conversion(other.unit, one.unit)?.(1) !== 1)
    throw new RangeError(`channel "${one.name}" is declared twice, in ${one.unit} and in ${other.unit}`)
  const range: Channel['range'] = [Math.min(one.range[0], other.range[0]), Math.max(one.range[1], other.range[1])]
  return { ...one, range, resolution: Math.min(one.resolution, other.resolution) }
}
