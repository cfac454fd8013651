// What the page and the server say to each other. Types only: the page is compiled on its own.
import type { AlertBody, AlertChannel, AlertKind, Phase, Priority, Signal } from '../vitals/alert.ts'
import type { RiskReport, SensorFault } from '../vitals/report.ts'
import type { Watching } from '../vitals/watching.ts'

export type BedCounts = Readonly<Record<Watching, number>>

/** A channel of the table, as the page names it; samples refer to it by index. */
export interface ChannelInfo {
  readonly name: string
  readonly label: string
  readonly meaning: string
  readonly unit: string
  readonly resolution: number
  readonly episodic: boolean
  /** declared by a model: a laboratory value, an attribute */
  readonly declared: boolean
  /** told once: it has no age worth telling */
  readonly fixed: boolean
}

export interface ModelInfo {
  readonly detector: string
  readonly name: string
  readonly version: string
  /** execution provider that serves it */
  readonly provider: string
}

/** An episode of an alert, by its newest event. Times are event time, ms since 1970. */
export interface AlertView {
  readonly alertId: string
  /** id of the bed on this page */
  readonly bed: string
  readonly phase: Phase
  readonly kind: AlertKind
  readonly priority: Priority
  /** latched: its condition is gone, and it stands until somebody resets or acknowledges it */
  readonly state: AlertBody['state']
  readonly code: string
  /** the sentence a nurse reads */
  readonly label: string
  readonly onset: number
  readonly detected: number
  /** null while the alert is open */
  readonly ended: number | null
  readonly detector: string
  readonly explanation: string
  readonly channels: readonly AlertChannel[]
  readonly score: NonNullable<AlertBody['score']> | null
  /** whether its newest message calls somebody, and what people did about it */
  readonly signal: Signal
}

/** channel index, value, seconds since it was measured, expected band; low and high are null without a forecast */
export type Sample = readonly [channel: number, value: number, age: number, low: number | null, high: number | null]

/** What one detector made of a frame, for the bed view. Shares are in the order of `channels`. */
export interface DetectorView {
  readonly detector: string
  readonly p: Readonly<Record<string, number | null>>
  readonly surprise: number | null
  /** [C] channel index */
  readonly channels: readonly number[]
  /** [C] share in the surprise, 0..1 */
  readonly shares: readonly number[]
  /** [C] slow change, above 0 upwards; the means of the last minutes and of the hours are null while they are not known */
  readonly drift: readonly (readonly [cusum: number, away: number, lately: number | null, usual: number | null])[]
  /** [C] what `cusum` and `away` are held against */
  readonly driftLimits: readonly (readonly [cusum: number, away: number])[]
}

/** What stands of an hourly risk. */
export type RiskView = Omit<RiskReport, 'time' | 'probability'> & {
  /** of the newest hour that is over; null while the model has said nothing */
  readonly probability: number | null
  readonly time: number | null
}

/** The hours that a risk was given of, oldest first. */
export interface RiskHours {
  readonly detector: string
  readonly role: RiskReport['role']
  /** event time at which each hour ended, ms since 1970 */
  readonly time: readonly number[]
  readonly probability: readonly number[]
}

export interface FrameView {
  /** id of the bed on this page */
  readonly bed: string
  /** counts the frames of the bed: event time may jump back, when another recording begins */
  readonly seq: number
  /** event time, ms since 1970 */
  readonly time: number
  readonly watching: Watching
  readonly news2: { readonly score: number; readonly missing: readonly string[] } | null
  readonly samples: readonly Sample[]
  /** by channel index; of all but `missing` the value was set aside */
  readonly faults: readonly (readonly [channel: number, fault: SensorFault])[]
  /** event time until which a procedure mutes the bed */
  readonly mutedUntil: number | null
  readonly detectors: readonly DetectorView[]
  readonly risks: readonly RiskView[]
}

/** The last minutes of one channel, oldest first: as long as the bed's time column, or empty where there is nothing in it. */
export interface Strip {
  readonly channel: number
  readonly value: readonly (number | null)[]
  readonly low: readonly (number | null)[]
  readonly high: readonly (number | null)[]
  /** values that the sensor logic set aside: they are not among `value` */
  readonly aside: readonly (number | null)[]
}

export interface BedStrips {
  /** event time, seconds since 1970 (what the plots count in) */
  readonly time: readonly number[]
  readonly channels: readonly Strip[]
}

export interface BedView {
  readonly id: string
  /** the bed, or a short key of the patient where the source does not name a bed */
  readonly name: string
  readonly unit: string | null
  readonly watching: Watching
  /** wall clock of the last frame, ms since 1970; null before the first */
  readonly seen: number | null
  readonly frame: FrameView | null
  readonly riskHours: readonly RiskHours[]
  readonly alerts: readonly AlertView[]
}

/** `GET /api/beds/:id` */
export interface BedDetail extends BedView {
  /** of all its channels */
  readonly strips: BedStrips
  /** ended alerts of this bed, newest first */
  readonly history: readonly AlertView[]
}

/** `GET /api/strips?bed=ID&bed=…`: by bed, of the channels of a tile's rows */
export type TileStrips = Readonly<Record<string, BedStrips>>

/** `GET /api/ward` */
export interface WardView {
  readonly models: readonly ModelInfo[]
  readonly channels: readonly ChannelInfo[]
  readonly beds: readonly BedView[]
  readonly heartbeat: Heartbeat
  /** wall clock at which the process began to watch, ms since 1970: what is older was read in */
  readonly started: number
  /** ended alerts of the ward, newest first */
  readonly recent: readonly AlertView[]
  /** of a recording that is watched; null: this is now */
  readonly replay: ReplayWhole | null
}

/** An alert on the time line of a recording. */
export type ReplayMark = readonly [
  alertId: string,
  /** event time at which it was raised, ms since 1970 */
  at: number,
  /** the most urgent that it ever was */
  priority: Priority,
  /** id of the bed on this page */
  bed: string,
]

/** Where in a recording the page stands. Times are event time, ms since 1970; null before the first reading. */
export interface ReplayView {
  /** of what was read so far */
  readonly start: number | null
  readonly end: number | null
  /** read to its end: all alerts are known */
  readonly complete: boolean
  /** the moment that is shown, or is being looked for */
  readonly at: number | null
  readonly seeking: boolean
  /** moments that were asked for so far: whoever asked knows whether this speaks of the moment before or of theirs */
  readonly sought: number
  readonly playing: boolean
  /** seconds of the recording a second of the clock */
  readonly speed: number | 'max'
}

export interface ReplayWhole extends ReplayView {
  readonly marks: readonly ReplayMark[]
}

/** What of the alarm budget is spent since the process began: advisories of the models, not limits, scores or sensors. */
export interface BudgetView {
  /** a patient-day, from the site's own calibration; null: none was set, as shipped */
  readonly budget: number | null
  readonly patientDays: number
  readonly episodes: number
  /** of these, those that called somebody */
  readonly called: number
  /** a patient-day, before silencing, with its 95 % interval */
  readonly realised: number
  readonly interval: readonly [low: number, high: number]
}

/** Sent every two seconds. Silence is never health: a page that misses three says that nobody watches. */
export interface Heartbeat {
  readonly seq: number
  /** wall clock of the server, ms since 1970 */
  readonly now: number
  /** all beds of the pipeline, also those beyond what the page shows */
  readonly beds: BedCounts
  /** whether the pipeline moves, and the reason in words */
  readonly alive: { readonly ok: boolean; readonly reason: string }
  /** null: nobody counts */
  readonly spent: BudgetView | null
}

/** What people do about an alert, or about a bed. */
export type Deed = 'ack' | 'pause' | 'resume' | 'reset' | 'feedback' | 'mute' | 'unmute'

/** What the ward made of something that somebody did: it stands in the journal, or was refused. */
export interface DeedView {
  /** id of the bed on this page */
  readonly bed: string
  /** null: it was of the whole bed */
  readonly alertId: string | null
  readonly deed: Deed
  readonly by: string
  /** why the ward refused it; null: it did not */
  readonly refused: string | null
}

/** `GET /events`: the name of each server-sent event and its data. */
export interface WardEvents {
  readonly hello: Heartbeat
  readonly heartbeat: Heartbeat
  readonly frames: readonly FrameView[]
  readonly alert: AlertView
  readonly deed: DeedView
  /** a bed appeared, changed its place, or fell silent (no frame comes then) */
  readonly bed: Omit<BedView, 'riskHours' | 'frame' | 'alerts'>
  readonly discharged: { readonly id: string }
  /** another moment of a recording is shown: the ward is to be asked for anew */
  readonly anew: Record<string, never>
  readonly replay: ReplayView
  /** marks that are new, or more urgent than was told */
  readonly marks: readonly ReplayMark[]
}

export type Right = 'read' | 'act' | 'metrics'

/** `GET /api/session`: who looks at the page, and what they may. */
export interface SessionView {
  readonly signedIn: boolean
  /** whether tokens are asked for at all */
  readonly guarded: boolean
  readonly may: readonly Right[]
  /** of the token; null: nobody was recognised */
  readonly name: string | null
}
