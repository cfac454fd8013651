import { ERROR_CODES } from '../errors.ts'
import { AlertKind, Call, Phase, Priority } from '../vitals/alert.ts'
import { JournalEntry } from '../vitals/journal.ts'
import { ModelOrder } from '../vitals/model-order.ts'
import { REJECTION_REASONS } from '../vitals/rejection.ts'
import { AGREEMENTS, DRIFT_FIGURES, QUANTILES } from '../vitals/tallied.ts'
import { TRAINER_PHASES } from '../vitals/trainer-phase.ts'
import { WATCHING } from '../vitals/watching.ts'

/** One metric. Names carry their base unit (seconds, bytes); counters end in `_total`. */
export interface Metric {
  readonly name: `vigil_${string}`
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  /**
   * label -> the values it can take, or how many different ones are kept (what comes later is counted as `other`).
   * No label ever holds a patient, bed, device or alert id.
   */
  readonly labels: Readonly<Record<string, readonly string[] | number>>
  /** upper bounds of a histogram, in the metric's unit */
  readonly buckets?: readonly number[]
}

const ENTRIES = JournalEntry.options.map(({ shape }) => shape.entry.value)
const ERRORS = Object.keys(ERROR_CODES)
const REASONS = Object.keys(REJECTION_REASONS)
const DETECTORS = 16
const PROVIDERS = 4
const SINKS = 16
const ROUTES = 16
const DRIFT_OF = 64
const VERSION = { detector: DETECTORS, version: DETECTORS } as const
const HL7_KINDS = 16
const HL7_CODES = 60
const HL7_ANSWERS = ['AA', 'AE', 'AR', 'CA', 'CE', 'CR', 'none'] as const
const RETRAINED = ['passed', 'refused', 'failed'] as const
const HL7_ENDED = ['framing', 'slow', 'deaf', 'error', 'full'] as const

/** Every metric of Vigil, by the key its writer uses. `docs/metrics.md` is held equal to this table by a test. */
// biome-ignore format: a table
export const METRICS = {
  readings: { name: 'vigil_readings_total', type: 'counter', help: 'Readings accepted: one message, several channels.', labels: {} },
  rejections: { name: 'vigil_rejections_total', type: 'counter', help: 'Inputs that were not scored, by reason; each went to the dead letters.', labels: { reason: REASONS } },
  frames: { name: 'vigil_frames_total', type: 'counter', help: 'Frames closed by the time grid: one patient, one tick.', labels: {} },
  steps: { name: 'vigil_steps_total', type: 'counter', help: 'Patients stepped by a network: rows, not calls.', labels: { provider: PROVIDERS, detector: DETECTORS } },
  stepSeconds: { name: 'vigil_step_seconds', type: 'histogram', help: 'Duration of one step call, all its rows, gather and scatter included.', labels: { provider: PROVIDERS }, buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1] },
  stepRows: { name: 'vigil_step_rows', type: 'histogram', help: 'Patients in one step call.', labels: { provider: PROVIDERS }, buckets: [1, 4, 16, 64, 256, 1024, 4096, 16384] },
  modelFailures: { name: 'vigil_model_failures_total', type: 'counter', help: 'Forecasts that a model did not give, by whether its engine failed or its output was no number; those patients have fixed limits only.', labels: { detector: DETECTORS, cause: ['engine', 'output'] } },
  providersLost: { name: 'vigil_providers_lost_total', type: 'counter', help: 'Devices that were lost while they served; the processor took over with every state.', labels: { provider: PROVIDERS, detector: DETECTORS } },
  risk: { name: 'vigil_risk_probability', type: 'histogram', help: 'Probabilities that hourly models gave, one a patient and hour: their quantiles show a drift of the ward, or of the model.', labels: { detector: DETECTORS }, buckets: [0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75] },
  alerts: { name: 'vigil_alerts_total', type: 'counter', help: 'Alert events sent, by detector, kind, priority and phase; an episode has several.', labels: { detector: DETECTORS, kind: AlertKind.options, priority: Priority.options, phase: Phase.options } },
  onsets: { name: 'vigil_alert_onsets_total', type: 'counter', help: 'Episodes that began, by whether somebody was called: all of them are the onsets before silencing, those of `now` the ones after it.', labels: { kind: AlertKind.options, priority: Priority.options, call: Call.options } },
  calls: { name: 'vigil_alert_calls_total', type: 'counter', help: 'Messages that call somebody: an onset, an escalation, or the end of a pause, a mute or a silence.', labels: { kind: AlertKind.options, priority: Priority.options, phase: Phase.options } },
  watchedDays: { name: 'vigil_watched_patient_days', type: 'gauge', help: 'Patient time watched since the process began, self-test patients left out.', labels: {} },
  alarmRate: { name: 'vigil_advisories_per_patient_day', type: 'gauge', help: 'Advisories of the models that began, a patient-day, since the process began: realised before silencing with the ends of its 95 % interval, and those that called somebody.', labels: { of: ['realised', 'low', 'high', 'called'] } },
  alarmBudget: { name: 'vigil_advisory_budget_per_patient_day', type: 'gauge', help: 'The budget that the thresholds were set for, where a site set one.', labels: {} },
  entries: { name: 'vigil_journal_entries_total', type: 'counter', help: 'Journal entries applied: admissions, acknowledgements, pauses, mutes, verdicts of the wall clock.', labels: { entry: ENTRIES } },
  beds: { name: 'vigil_beds', type: 'gauge', help: 'Beds by whether anybody watches them; blind means no signal.', labels: { watching: WATCHING } },
  waitingInputs: { name: 'vigil_waiting_inputs', type: 'gauge', help: 'Inputs that arrived and are not yet scored and delivered; each record that was fetched and is not yet taken apart counts as one.', labels: {} },
  oldestUnscored: { name: 'vigil_oldest_unscored_seconds', type: 'gauge', help: 'Age of the oldest input that is not yet scored and delivered; 0 when none waits.', labels: {} },
  sinkFailures: { name: 'vigil_sink_failures_total', type: 'counter', help: 'Deliveries a sink refused; the retriable ones were tried again.', labels: { sink: SINKS, retriable: ['true', 'false'] } },
  versionFrames: { name: 'vigil_model_frames_total', type: 'counter', help: 'Frames that a champion scored.', labels: VERSION },
  versionOnsets: { name: 'vigil_model_onsets_total', type: 'counter', help: 'Episodes of "unexpected" that a champion found.', labels: VERSION },
  versionRaised: { name: 'vigil_model_raised_frames_total', type: 'counter', help: 'Frames in such episodes.', labels: VERSION },
  versionBroken: { name: 'vigil_model_broken_forecasts_total', type: 'counter', help: 'Forecasts of a champion with a value that is no finite number.', labels: VERSION },
  versionStepSeconds: { name: 'vigil_model_step_seconds_total', type: 'counter', help: 'Seconds in which a champion stepped.', labels: VERSION },
  score: { name: 'vigil_score', type: 'gauge', help: 'Quantiles of a champion\'s scores, -log10 of the smallest p of a frame: 2 is p = 0.01.', labels: { ...VERSION, quantile: QUANTILES } },
  framesShadow: { name: 'vigil_model_frames_shadow_total', type: 'counter', help: 'Frames that a version in shadow scored beside the champion.', labels: VERSION },
  onsetsShadow: { name: 'vigil_model_onsets_shadow_total', type: 'counter', help: 'Episodes of "unexpected" that a version in shadow found; nobody was told.', labels: VERSION },
  raisedShadow: { name: 'vigil_model_raised_frames_shadow_total', type: 'counter', help: 'Frames in such episodes.', labels: VERSION },
  agreementShadow: { name: 'vigil_model_agreement_shadow_total', type: 'counter', help: 'Frames by who says "unexpected" of them: neither, the champion, the version in shadow, both.', labels: { ...VERSION, said: AGREEMENTS } },
  brokenShadow: { name: 'vigil_model_broken_forecasts_shadow_total', type: 'counter', help: 'Forecasts of a version in shadow with a value that is no finite number.', labels: VERSION },
  stepSecondsShadow: { name: 'vigil_model_step_seconds_shadow_total', type: 'counter', help: 'Seconds in which a version in shadow stepped: what it costs.', labels: VERSION },
  scoreShadow: { name: 'vigil_score_shadow', type: 'gauge', help: 'Quantiles of the scores of a version in shadow.', labels: { ...VERSION, quantile: QUANTILES } },
  modelDrift: { name: 'vigil_model_drift', type: 'gauge', help: 'How the inputs and scores of the last hour lie, a frame of seven, against those a version was made with: population stability index by channel and of the score (0.1 moderate, 0.25 major), shares of frames without a value, mean and sd of the residuals and distance of the transform (PIT), share of ticks below the threshold by horizon; -then: when it was made.', labels: { ...VERSION, figure: DRIFT_FIGURES, of: DRIFT_OF } },
  driftReasons: { name: 'vigil_model_drift_reasons', type: 'gauge', help: 'Figures of a version that are beyond what it was made for; 0 when all is well, or too little was seen.', labels: VERSION },
  modelOrders: { name: 'vigil_model_orders_total', type: 'counter', help: 'Orders about models that were read, in each partition, and whether they were followed.', labels: { action: ModelOrder.shape.action.options, outcome: ['done', 'refused'] } },
  promotions: { name: 'vigil_model_promotions_total', type: 'counter', help: 'Partitions whose champion changed: forth to a challenger, or back to the former champion.', labels: { detector: DETECTORS, way: ['forth', 'back'] } },
  warmUpSeconds: { name: 'vigil_model_warm_up_seconds', type: 'histogram', help: 'How long the readings of before took that a version was warmed by, for the patients of a partition.', labels: {}, buckets: [0.1, 0.5, 1, 2, 5, 10, 30, 60, 300] },
  warmUpReadings: { name: 'vigil_model_warm_up_readings_total', type: 'counter', help: 'Readings that versions were warmed by.', labels: {} },
  modelInfo: { name: 'vigil_model_info', type: 'gauge', help: '1 for each model that serves; what it is stands in the labels, the provider that it was opened on among them.', labels: { detector: DETECTORS, name: DETECTORS, version: DETECTORS, provider: PROVIDERS } },
  policyInfo: { name: 'vigil_policy_info', type: 'gauge', help: '1 for each own partition, with the policy that holds there: a hash of limits and alert rules, and what the settings call the limits.', labels: { policy: 16, set: 16, version: 16, partition: 64 } },
  policyReloads: { name: 'vigil_policy_reloads_total', type: 'counter', help: 'Settings that were read again while beds were watched (SIGHUP), by what came of it. refused: the old ones hold.', labels: { outcome: ['changed', 'same', 'refused'] } },
  partitions: { name: 'vigil_partitions', type: 'gauge', help: 'Partitions of the readings that this process owns, by where they are in their life.', labels: { phase: ['restoring', 'live'] } },
  rebalances: { name: 'vigil_rebalances_total', type: 'counter', help: 'Generations of the consumer group that this process has seen.', labels: {} },
  restoreSeconds: { name: 'vigil_restore_seconds', type: 'histogram', help: 'From the adoption of a partition to its first live record: fence, changelog, states.', labels: {}, buckets: [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60] },
  restoredBytes: { name: 'vigil_restored_bytes_total', type: 'counter', help: 'Bytes of the changelog read in restores.', labels: {} },
  commitSeconds: { name: 'vigil_commit_seconds', type: 'histogram', help: 'Duration of one transaction: alerts, states, dead letters, positions.', labels: {}, buckets: [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5] },
  committedStates: { name: 'vigil_committed_states_total', type: 'counter', help: 'States of patients saved in committed transactions.', labels: {} },
  committedRecords: { name: 'vigil_committed_records_total', type: 'counter', help: 'Records in committed transactions.', labels: {} },
  aborts: { name: 'vigil_commit_failures_total', type: 'counter', help: 'Commits that failed, by error code; the partition was read back from its changelog. kafka-fenced: another process owns it.', labels: { code: ERRORS } },
  dirty: { name: 'vigil_unsaved_patients', type: 'gauge', help: 'Patients whose state is newer than their saved record.', labels: {} },
  lag: { name: 'vigil_lag_records', type: 'gauge', help: 'Readings in the own partitions that are not worked yet.', labels: {} },
  deadLetters: { name: 'vigil_dead_letters_total', type: 'counter', help: 'Dead letters written to Kafka, by the reason of their first rejection.', labels: { reason: REASONS } },
  rekeyed: { name: 'vigil_rekeyed_records_total', type: 'counter', help: 'Records without a key, written again under their patient\'s: their order among others is lost.', labels: {} },
  misplaced: { name: 'vigil_misplaced_records_total', type: 'counter', help: 'Records in another partition than their key\'s by Java\'s murmur2 partitioner: encounters and acknowledgements may miss their patients.', labels: {} },
  unreadable: { name: 'vigil_unreadable_states_total', type: 'counter', help: 'Saved states that could not be read; their patients began cold.', labels: {} },
  notWatching: { name: 'vigil_not_watching', type: 'gauge', help: '1 while this process cannot watch its partitions: Kafka does not answer, or the pipeline hangs.', labels: {} },
  selfTest: { name: 'vigil_self_test_seconds', type: 'gauge', help: 'From the writing of the newest self-test reading to the commit of its alert; +Inf when it is overdue.', labels: {} },
  hl7Connections: { name: 'vigil_hl7_connections', type: 'gauge', help: 'HL7 senders that are connected.', labels: {} },
  hl7Ended: { name: 'vigil_hl7_connections_ended_total', type: 'counter', help: 'HL7 connections that the gateway ended or did not take: no MLLP, too slow, never reads, broken, too many.', labels: { because: HL7_ENDED } },
  hl7Messages: { name: 'vigil_hl7_messages_total', type: 'counter', help: 'HL7 messages by type and the acknowledgement given; AR and CR are refused for good, AE and CE may be sent again.', labels: { kind: HL7_KINDS, answer: HL7_ANSWERS } },
  hl7AckSeconds: { name: 'vigil_hl7_ack_seconds', type: 'histogram', help: 'From an HL7 message to its acknowledgement: Kafka has it by then.', labels: {}, buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 15] },
  hl7Unmapped: { name: 'vigil_hl7_unmapped_observations_total', type: 'counter', help: 'Observations whose code no channel has, by code.', labels: { code: HL7_CODES } },
  hl7Rejections: { name: 'vigil_hl7_rejected_observations_total', type: 'counter', help: 'Observations that could not be read while the others of their message were; the sender was warned.', labels: { reason: REASONS } },
  hl7Disagreements: { name: 'vigil_hl7_disagreements_total', type: 'counter', help: 'Observations whose reference id is not that of their code, and status flags that no table knows; the value was taken.', labels: { what: ['reference-id', 'flag'] } },
  hl7Skew: { name: 'vigil_hl7_clock_skew_seconds', type: 'histogram', help: 'Our clock less that of the HL7 sender, its way here included.', labels: {}, buckets: [-3600, -60, -10, -1, 0, 0.1, 0.5, 1, 2, 5, 10, 60, 3600] },
  delivered: { name: 'vigil_deliveries_total', type: 'counter', help: 'Alert messages that a receiver has taken.', labels: { receiver: SINKS } },
  deliverySeconds: { name: 'vigil_delivery_seconds', type: 'histogram', help: 'From the first try to deliver an alert message until it was taken; a batch counts once.', labels: { receiver: SINKS }, buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30, 300] },
  deliveryFailures: { name: 'vigil_delivery_failures_total', type: 'counter', help: 'Tries to deliver an alert message that failed; each is repeated.', labels: { receiver: SINKS } },
  deliveryRefusals: { name: 'vigil_delivery_refusals_total', type: 'counter', help: 'Alert messages that a receiver refused for good; they are dead letters.', labels: { receiver: SINKS } },
  receiverReachable: { name: 'vigil_receiver_reachable', type: 'gauge', help: '1 while a receiver takes alerts, 0 while its circuit is open: its alerts wait.', labels: { receiver: SINKS } },
  retrainCycles: { name: 'vigil_retrain_cycles_total', type: 'counter', help: 'Cycles of retraining that ended: the challenger passed the gate, was refused, or there was none.', labels: { outcome: RETRAINED } },
  retrainSeconds: { name: 'vigil_retrain_cycle_seconds', type: 'histogram', help: 'Duration of one cycle, from its window to its verdict.', labels: {}, buckets: [10, 60, 300, 900, 1800, 3600, 7200, 14400] },
  retrainPhase: { name: 'vigil_retrain_phase', type: 'gauge', help: '1 for what the trainer does now, 0 for the rest.', labels: { phase: TRAINER_PHASES } },
  retrainEnded: { name: 'vigil_retrain_last_cycle_timestamp_seconds', type: 'gauge', help: 'When the last cycle of an outcome ended, since 1970.', labels: { outcome: RETRAINED } },
  retrainReadings: { name: 'vigil_retrain_window_readings', type: 'gauge', help: 'Readings in the window of the newest cycle.', labels: {} },
  retrainPatients: { name: 'vigil_retrain_window_patients', type: 'gauge', help: 'Patients in the window of the newest cycle, by what they are for.', labels: { part: ['train', 'validation', 'calibration', 'test'] } },
  retrainValidation: { name: 'vigil_retrain_validation_nats', type: 'gauge', help: 'Surprise of the validation patients under each fit of the newest verdict, a value; the lower one went to the gate.', labels: { from: ['champion', 'scratch'] } },
  retrainPrimary: { name: 'vigil_retrain_primary_nats', type: 'gauge', help: 'Surprise a value, challenger less champion, of the newest verdict, with the ends of its 95 % interval; below 0 the challenger is better.', labels: { of: ['difference', 'low', 'high'] } },
  retrainUnmet: { name: 'vigil_retrain_conditions_unmet', type: 'gauge', help: 'Conditions of the newest verdict that the challenger did not meet, the primary one included.', labels: {} },
  httpRequests: { name: 'vigil_http_requests_total', type: 'counter', help: 'Requests answered by the HTTP listener, by route pattern and status class.', labels: { route: ROUTES, status: ['2xx', '3xx', '4xx', '5xx'] } },
} as const satisfies Readonly<Record<string, Metric>>
