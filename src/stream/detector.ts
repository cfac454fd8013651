import { evidencePlan, type EvidencePlan, resetEvidence, weighEvidence } from '../scoring/evidence.ts'
import { expectedBand, rememberForecast, resetScore, type Scored, type ScorePlan, scored, scoreFrame, scorePlan } from '../scoring/score.ts'
import { FEATURES_PER_CHANNEL, type FeaturePlan, featurePlan, writeFeatures } from '../inference/features.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import type { FrameColumns } from '../vitals/frame.ts'
import type { ModelManifest } from '../vitals/manifest.ts'
import type { DetectorReport } from '../vitals/report.ts'
import type { StepEngine } from './ports.ts'
import { Rows } from './rows.ts'

/** Fields of a patient's detector row, before its running means, score state and evidence. */
const LAST_TICK = 0
const STEPS = 1
const MEANS = 2

/** Two-sided level of the band that is drawn and printed: what a patient as before leaves once in a hundred ticks. */
export const BAND_LEVEL = 0.99
