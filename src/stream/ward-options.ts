import type { ChannelTable } from '../vitals/channels.ts'
import type { Detector } from './detector.ts'
import type { OpinionDetector } from './opinion-detector.ts'
import type { FrameTap, Telemetry } from './ports.ts'
import type { RiskDetector } from './risk-detector.ts'
import type { WatchSettings } from './sources.ts'

export interface WardOptions {
  readonly table: ChannelTable
  /** forecasters, all of one grid cadence */
  readonly detectors: readonly Detector[]
  /** hourly models, and reconstructors, made for ticks of that cadence */
  readonly risks?: readonly RiskDetector[]
  readonly opinions?: readonly OpinionDetector[]
  /** those of them whose version the settings name outright */
  readonly pinned?: ReadonlySet<string>
  readonly settings: WatchSettings
  /** rows of a round: the step engines' batch limit */
  readonly maxBatch: number
  readonly telemetry: Telemetry
  readonly tap: FrameTap | undefined
  /** this process, in envelopes */
  readonly instance: string
  /** a patient belongs to one partition of the source, and its state with it; false where partitions are of no account */
  readonly partitioned?: boolean
  /** false: frames are stepped, and nothing is said of them; for benches */
  readonly scoring?: boolean
  /** an engine that fails leaves its patients to the limits, which is recorded; otherwise it ends the run (replays) */
  readonly fallsBack?: boolean
  /** wall clock for envelopes, ms since 1970 */
  readonly now: () => number
}
