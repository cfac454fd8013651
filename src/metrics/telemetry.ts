import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type {
  Check,
  DeliveryTelemetry,
  Hl7Telemetry,
  KafkaTelemetry,
  PolicyTelemetry,
  Telemetry,
  TrainerTelemetry,
  VersionTelemetry,
} from '../stream/ports.ts'
import { WATCHING } from '../vitals/watching.ts'
import { LOOP_LOOK_MS, pipelineCheck } from './health.ts'
import { METRICS, type Metric } from './table.ts'
import { trainerMetrics } from './trainer.ts'
import { type Labels, versionMetrics, type Write } from './versions.ts'

/** A model that serves, as `vigil_model_info` and the page name it. */
export interface ServedModel {
  readonly detector: string
  readonly name: string
  readonly version: string
  readonly provider: string
}

/** The realised alarm rate as `vigil_advisories_per_patient_day` gives it. */
export interface SpentBudget {
  readonly budget: number | null
  readonly patientDays: number
  readonly called: number
  readonly realised: number
  readonly interval: readonly [low: number, high: number]
}

/** The pipeline's telemetry with its scrape: everything is in a registry of its own, with Node's default metrics. */
export interface PrometheusTelemetry extends Telemetry {
  /** what of the alarm budget is spent, asked at every scrape */
  budget(spent: () => SpentBudget): void
  /** replace the models `vigil_model_info` names */
  serving(models: readonly ServedModel[]): void
  /** what the Kafka side tells; its series are there once something was told */
  readonly kafka: KafkaTelemetry
  /** what the versions of the models tell, the one that raises and the one in shadow */
  readonly versions: VersionTelemetry
  readonly policies: PolicyTelemetry
  /** what the HL7 edge tells */
  readonly hl7: Hl7Telemetry
  /** what deliveries tell */
  readonly deliveries: DeliveryTelemetry
  /** what the trainer tells */
  readonly trainer: TrainerTelemetry
  /** one answered request of the HTTP listener; `route` is its pattern, never its URL */
  requested(route: string, status: number): void
  /** whether the pipeline moves, from what it told so far */
  progress(): Check
  /** the scrape, in Prometheus' text format */
  text(): Promise<string>
  readonly contentType: string
}

/** Series that a counter may begin with. */
const MOST_KNOWN = 64

/** Holds every free label to the number of values its table row allows. */
function bounded(metric: Metric, write: Write): Write {
  const columns = Object.entries(metric.labels).map(([name, allowed]) => ({ name, allowed, known: new Set<string>() }))
  return (labels, value) => {
    const kept: Record<string, string> = {}
    for (const { name, allowed, known } of columns) {
      const given = labels[name] ?? 'other'
      const fits = typeof allowed === 'number' ? known.has(given) || known.size < allowed : allowed.includes(given)
      if (fits && typeof allowed === 'number') known.add(given)
      kept[name] = fits ? given : 'other'
    }
    write(kept, value)
  }
}

/** Every combination of a metric's labels, where all of their values are known and they are few; none where one is free. */
function knownLabels({ labels }: Metric): Labels[] {
  let all: Labels[] = [{}]
  for (const [name, values] of Object.entries(labels)) {
    if (typeof values === 'number') return []
    all = all.flatMap((before) => values.map((value) => ({ ...before, [name]: value })))
  }
  return all.length <= MOST_KNOWN ? all : []
}

/** One writer a metric: counters add, gauges set, histograms observe. */
function writers(register: Registry) {
  const make = (metric: Metric): Write => {
    const of = { name: metric.name, help: metric.help, labelNames: Object.keys(metric.labels), registers: [register] }
    if (metric.type === 'counter') {
      const counter = new Counter(of)
      // an increase is only seen from a value before it: what is counted by known names begins at 0
      for (const labels of knownLabels(metric)) counter.inc(labels, 0)
      return (labels, value) => counter.inc(labels, value)
    }
    if (metric.type === 'gauge') {
      const gauge = new Gauge(of)
      return (labels, value) => gauge.set(labels, value)
    }
    const histogram = new Histogram({ ...of, buckets: [...(metric.buckets ?? [])] })
    return (labels, value) => histogram.observe(labels, value)
  }
  const entries = Object.entries(METRICS).map(([key, metric]) => [key, bounded(metric, make(metric))])
  return Object.fromEntries(entries) as Record<keyof typeof METRICS, Write>
}

const NONE: Labels = {}

/** Steps that wait for their place in the registry, at most. */
const STEPS_TOGETHER = 256

/**
 * Steps on their way into the registry, many together: it finds a series and a bucket by texts that it puts together, which
 * is 1 us where one follows the other, and took 25 us of every round of a ward of 50 beds where each came by itself.
 */
function stepWriter(write: ReturnType<typeof writers>) {
  const waiting: Parameters<Telemetry['stepped']>[] = []
  const tell = () => {
    for (const [provider, rows, seconds, detector] of waiting) {
      write.steps({ provider, detector }, rows)
      write.stepSeconds({ provider }, seconds)
      write.stepRows({ provider }, rows)
    }
    waiting.length = 0
  }
  return {
    add(...step: Parameters<Telemetry['stepped']>): void {
      if (waiting.push(step) >= STEPS_TOGETHER) tell()
    },
    tell,
  }
}

function tellBudget(
  write: ReturnType<typeof writers>,
  { budget, patientDays, called, realised, interval }: SpentBudget,
) {
  write.watchedDays(NONE, patientDays)
  // a rate of no time at all is none
  if (patientDays > 0) {
    const [low, high] = interval
    const rates = { realised, low, high, called: called / patientDays }
    for (const [of, rate] of Object.entries(rates)) write.alarmRate({ of }, rate)
  }
  if (budget !== null) write.alarmBudget(NONE, budget)
}

/** @param now a monotonic clock in seconds, for `progress` */
export function prometheusTelemetry(now: () => number = () => performance.now() / 1000): PrometheusTelemetry {
  const register = new Registry()
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: LOOP_LOOK_MS })
  const write = writers(register)
  const steps = stepWriter(write)
  for (const watching of WATCHING) write.beds({ watching }, 0)
  let spent: (() => SpentBudget) | undefined
  let policy: Parameters<PolicyTelemetry['holds']>[0] | undefined
  let waiting = 0
  let oldest = 0
  let told = now()
  let stepped = Number.NEGATIVE_INFINITY
  // what waits and nobody spoke of since has grown older by that time
  const age = () => (waiting === 0 ? 0 : oldest + (now() - told))
  return {
    contentType: register.contentType,
    readings: (count) => write.readings(NONE, count),
    rejected: (reason, count) => write.rejections({ reason }, count),
    frames: (count) => write.frames(NONE, count),
    stepped(...step) {
      stepped = now()
      steps.add(...step)
    },
    modelFailed: (detector, cause, rows) => write.modelFailures({ detector, cause }, rows),
    providerLost: (provider, detector) => write.providersLost({ provider, detector }, 1),
    risks(detector, probabilities) {
      for (const probability of probabilities) write.risk({ detector }, probability)
    },
    alert({ source, kind, priority, phase, signal }) {
      write.alerts({ detector: source.detector, kind, priority, phase }, 1)
      if (phase === 'start') write.onsets({ kind, priority, call: signal.call }, 1)
      if (signal.call === 'now') write.calls({ kind, priority, phase }, 1)
    },
    entered: (entry) => write.entries({ entry }, 1),
    watching(beds) {
      for (const watching of WATCHING) write.beds({ watching }, beds[watching])
    },
    queued(inputs, oldestSeconds) {
      waiting = inputs
      oldest = oldestSeconds
      told = now()
      write.waitingInputs(NONE, inputs)
    },
    sinkFailed: (sink, retriable) => write.sinkFailures({ sink, retriable: String(retriable) }, 1),
    budget(asked) {
      spent = asked
    },
    serving(models) {
      register.getSingleMetric(METRICS.modelInfo.name)?.reset()
      for (const model of models) write.modelInfo({ ...model }, 1)
    },
    versions: versionMetrics(write),
    policies: {
      holds(asked) {
        policy = asked
      },
      reloaded: (outcome) => write.policyReloads({ outcome }, 1),
    },
    kafka: {
      partitions(counts) {
        for (const phase of ['restoring', 'live'] as const) write.partitions({ phase }, counts[phase])
      },
      rebalanced: () => write.rebalances(NONE, 1),
      restored(seconds, bytes) {
        write.restoreSeconds(NONE, seconds)
        write.restoredBytes(NONE, bytes)
      },
      committed(seconds, states, records) {
        write.commitSeconds(NONE, seconds)
        write.committedStates(NONE, states)
        write.committedRecords(NONE, records)
      },
      aborted: (code) => write.aborts({ code }, 1),
      dirty: (patients) => write.dirty(NONE, patients),
      lag: (records) => write.lag(NONE, records),
      deadLetter: (reason, count) => write.deadLetters({ reason }, count),
      rekeyed: (count) => write.rekeyed(NONE, count),
      misplaced: (count) => write.misplaced(NONE, count),
      unreadable: (count) => write.unreadable(NONE, count),
      watching: (watching) => write.notWatching(NONE, watching ? 0 : 1),
      selfTest: (seconds) => write.selfTest(NONE, seconds ?? Number.POSITIVE_INFINITY),
    },
    hl7: {
      begun() {
        for (const kind of ['ORU^R01', 'other'])
          for (const answer of METRICS.hl7Messages.labels.answer) write.hl7Messages({ kind, answer }, 0)
      },
      connections: (open) => write.hl7Connections(NONE, open),
      ended: (because) => write.hl7Ended({ because }, 1),
      message(kind, answer, seconds) {
        write.hl7Messages({ kind, answer }, 1)
        write.hl7AckSeconds(NONE, seconds)
      },
      unmapped: (code) => write.hl7Unmapped({ code }, 1),
      rejected: (reason) => write.hl7Rejections({ reason }, 1),
      disagreed(referenceIds, flags) {
        if (referenceIds > 0) write.hl7Disagreements({ what: 'reference-id' }, referenceIds)
        if (flags > 0) write.hl7Disagreements({ what: 'flag' }, flags)
      },
      skew: (seconds) => write.hl7Skew(NONE, seconds),
    },
    deliveries: {
      followed(receiver) {
        write.delivered({ receiver }, 0)
        write.deliveryFailures({ receiver }, 0)
        write.deliveryRefusals({ receiver }, 0)
        write.receiverReachable({ receiver }, 1)
      },
      delivered(receiver, seconds, messages) {
        write.delivered({ receiver }, messages)
        write.deliverySeconds({ receiver }, seconds)
      },
      failed: (receiver) => write.deliveryFailures({ receiver }, 1),
      refused: (receiver) => write.deliveryRefusals({ receiver }, 1),
      reachable: (receiver, reachable) => write.receiverReachable({ receiver }, reachable ? 1 : 0),
    },
    trainer: trainerMetrics(write),
    requested: (route, status) => write.httpRequests({ route, status: `${Math.floor(status / 100)}xx` }, 1),
    progress: () => pipelineCheck(waiting, age(), now() - stepped),
    text() {
      steps.tell()
      write.oldestUnscored(NONE, age())
      if (spent !== undefined) tellBudget(write, spent())
      register.getSingleMetric(METRICS.policyInfo.name)?.reset()
      const { id = '', set = '', version = '', partitions = [] } = policy?.() ?? {}
      for (const partition of partitions) write.policyInfo({ policy: id, set, version, partition: `${partition}` }, 1)
      return register.metrics()
    },
  }
}
