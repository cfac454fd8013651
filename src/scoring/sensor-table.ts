/**
 * What is known of a sensor, apart from any model. Figures are measured on the 34 recordings of PhysioNet BIDMC that are
 * not for testing (4 h at one value a second); `docs/detection.md` says how.
 */
export interface SensorFacts {
  readonly channel: string
  /** a change within one second that no body makes and no averaging monitor prints, channel unit */
  readonly leap: number
  /** changes of the printed value a second, when all is well; monitors print whole numbers and repeat them */
  readonly changing: number
  /** square of how many times its usual runs a run may last (see `sensors.ts`); undefined: it may stand still */
  readonly flat?: number
  /** another sensor of the same thing */
  readonly partner?: string
  /** another channel of the same cable */
  readonly cable?: string
}

export const SENSORS: readonly SensorFacts[] = [
  { channel: 'hr', leap: 30, changing: 0.24, flat: 38, partner: 'pulse' },
  { channel: 'pulse', leap: 18, changing: 0.16, flat: 22, partner: 'hr', cable: 'spo2' },
  // saturation prints one number for minutes: 8 of 34 patients never changed theirs
  { channel: 'spo2', leap: 4, changing: 0.06, cable: 'pulse' },
  { channel: 'resp', leap: 10, changing: 0.1, flat: 36 },
  // no arterial line by the second was at hand: our choice, a flushed line reads 250 to 300
  { channel: 'abp_sys', leap: 60, changing: 0.3, flat: 75, cable: 'abp_mean' },
  { channel: 'abp_dia', leap: 60, changing: 0.3, flat: 75, cable: 'abp_mean' },
  { channel: 'abp_mean', leap: 60, changing: 0.3, flat: 75, cable: 'abp_sys' },
  { channel: 'pap_sys', leap: 40, changing: 0.3, cable: 'pap_mean' },
  { channel: 'pap_dia', leap: 40, changing: 0.3, cable: 'pap_mean' },
  { channel: 'pap_mean', leap: 40, changing: 0.3, cable: 'pap_sys' },
  // a cuff value stands alone: it can only contradict itself
  { channel: 'nibp_sys', leap: Number.POSITIVE_INFINITY, changing: 0.01 },
  { channel: 'nibp_dia', leap: Number.POSITIVE_INFINITY, changing: 0.01 },
  { channel: 'nibp_mean', leap: Number.POSITIVE_INFINITY, changing: 0.01 },
  { channel: 'etco2', leap: 20, changing: 0.1 },
]

/** heart rate by ECG and by oximeter: the same heart */
export const PAIR = ['hr', 'pulse'] as const
/** a mean pressure lies between its diastolic and its systolic value, or none of the three is true */
export const PRESSURES: readonly string[] = ['abp', 'nibp', 'pap']
/** those of a line, whose swing damping takes away */
export const LINES: readonly string[] = ['abp', 'pap']
