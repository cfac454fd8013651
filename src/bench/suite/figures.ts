/** What a bench printed: numbers, names, and objects of them. */
export type Printed = Readonly<Record<string, unknown>>

/** One bench as the suite runs it. */
export interface Bench {
  /** of `--only` and of the results */
  readonly name: string
  /** of `vigil bench`, in a process of its own */
  readonly args: readonly string[]
  /** how often; of every number the median counts */
  readonly runs: number
  readonly broker?: true
  /** what it needs beyond npm may be absent: then it is left out with its reason, and the rest is still whole */
  readonly optional?: true
}

/**
 * Every bench of `npm run bench`, within ten minutes on two cores. What is shorter than by itself is shorter here only in
 * length, never in patients, shape or batch.
 */
export const BENCHES: readonly Bench[] = [
  { name: 'step', args: ['step', '--batch', '1024'], runs: 5 },
  { name: 'pipeline', args: ['pipeline', '--patients', '10000', '--seconds', '60'], runs: 5 },
  { name: 'kafka', args: ['kafka', '--readings', '1000000', '--paced-seconds', '10'], runs: 3, broker: true },
  { name: 'restore', args: ['restore', '--patients', '100000'], runs: 1, broker: true },
  { name: 'catchup', args: ['catchup', '--pause-seconds', '20', '--live-seconds', '3'], runs: 1, broker: true },
  { name: 'memory', args: ['memory', '--patients', '100000'], runs: 1 },
  { name: 'replay', args: ['replay', '--beds', '50', '--hours', '24'], runs: 1 },
  { name: 'idle', args: ['idle', '--seconds', '20'], runs: 1, broker: true },
  { name: 'swap', args: ['swap', '--seconds', '4'], runs: 1, broker: true },
  { name: 'hl7', args: ['hl7'], runs: 1 },
  { name: 'fanout', args: ['fanout', '--seconds', '4'], runs: 1, broker: true },
  { name: 'train', args: ['train', '--engine', 'wasm', '--seconds', '9'], runs: 1 },
  { name: 'train-native', args: ['train', '--engine', 'tensorflow', '--seconds', '9'], runs: 1, optional: true },
]

/** A figure that is looked at, and what it has to reach. */
export interface Figure {
  readonly bench: string
  readonly what: string
  readonly unit: string
  readonly better: 'more' | 'less'
  readonly must?: number
  readonly aim?: number
  /** what it is called in the bench's keys: `stepOnly.ratio` */
  readonly key: string
}

/** In the order in which they are read. Figures without a must are there to be compared with the last ones. */
export const FIGURES: readonly Figure[] = [
  { bench: 'step', key: 'ratio', what: 'step of 1,024, of bare onnxruntime', unit: '', better: 'more', must: 0.9, aim: 0.97 },
  { bench: 'step', key: 'stepsPerSecond', what: 'step of 1,024', unit: '/s', better: 'more' },
  { bench: 'pipeline', key: 'readingsPerSecond', what: 'decoded readings -> alerts, 10,000 patients', unit: '/s', better: 'more', must: 120_000, aim: 250_000 },
  { bench: 'kafka', key: 'ratio', what: 'Kafka in -> alerts out, exactly-once, of raw consumption', unit: '', better: 'more', must: 0.2, aim: 0.35 },
  { bench: 'kafka', key: 'readingsPerSecond', what: 'the same', unit: '/s', better: 'more' },
  { bench: 'kafka', key: 'cpuMicrosPerReading', what: 'the same, processor time of a reading', unit: 'us', better: 'less' },
  { bench: 'kafka', key: 'stepOnly.ratio', what: 'the same, step-only', unit: '', better: 'more', must: 0.35, aim: 0.6 },
  { bench: 'kafka', key: 'latencyMs.p50', what: 'reading written -> alert visible, paced 10,000/s, p50', unit: 'ms', better: 'less', aim: 40 },
  { bench: 'kafka', key: 'latencyMs.p99', what: 'the same, p99', unit: 'ms', better: 'less', must: 118, aim: 90 },
  { bench: 'kafka', key: 'coldLatencyMs.p99', what: 'the same in the first 5 s of the process', unit: 'ms', better: 'less' },
  { bench: 'kafka', key: 'eventLoopDelayP99Ms', what: 'event-loop delay at 10,000 readings/s, p99', unit: 'ms', better: 'less', must: 20, aim: 10 },
  { bench: 'memory', key: 'bytesPerPatient', what: 'resident memory of a patient, at 100,000', unit: 'bytes', better: 'less', must: 6000, aim: 4000 },
  { bench: 'restore', key: 'secondsToLive', what: 'restore of 100,000 patients', unit: 's', better: 'less', must: 15, aim: 8 },
  { bench: 'catchup', key: 'catchUpFactor', what: 'away for 20 s at 20,000 readings/s: caught up while more comes', unit: 'x', better: 'more', must: 3 },
  { bench: 'catchup', key: 'secondsToCaughtUp', what: 'the same, restart and restore included', unit: 's', better: 'less' },
  { bench: 'catchup', key: 'readingsMissing', what: 'readings of it that nobody scored', unit: '', better: 'less', must: 0 },
  { bench: 'catchup', key: 'alertsMissing', what: 'alerts of it that nobody raised', unit: '', better: 'less', must: 0 },
  { bench: 'replay', key: 'speedup', what: 'replay of 50 beds at 1 Hz (45 s and 30 s for 24 h)', unit: 'x', better: 'more', must: 1920, aim: 2880 },
  { bench: 'idle', key: 'cpuPercent', what: 'idle, 16 partitions', unit: '% of a core', better: 'less', must: 3, aim: 1 },
  { bench: 'swap', key: 'lateness.promoted.p99', what: 'tick scored while a version is promoted, p99', unit: 'ms', better: 'less' },
  { bench: 'swap', key: 'ticksMissing', what: 'ticks that nobody scored meanwhile', unit: '', better: 'less', must: 0 },
  { bench: 'hl7', key: 'messagesPerSecond', what: 'HL7 ORU decoded in one process', unit: '/s', better: 'more', must: 20_000 },
  { bench: 'fanout', key: 'sse.deliveredPerSecond', what: 'alerts to 50 SSE subscribers, 1,000/s each', unit: '/s', better: 'more', must: 49_500 },
  { bench: 'fanout', key: 'sse.lost', what: 'of them lost', unit: '', better: 'less', must: 0 },
  { bench: 'fanout', key: 'sse.latencyMs.p99', what: 'of them, p99', unit: 'ms', better: 'less' },
  { bench: 'fanout', key: 'webhooks.deliveredPerSecond', what: 'alerts to 50 webhooks, 1,000/s each', unit: '/s', better: 'more', must: 49_500 },
  { bench: 'fanout', key: 'webhooks.lost', what: 'of them lost', unit: '', better: 'less', must: 0 },
  { bench: 'train', key: 'stepsPerSecond', what: 'training on wasm, patient-timesteps', unit: '/s', better: 'more', must: 25_000 },
  { bench: 'train-native', key: 'stepsPerSecond', what: 'training on native TensorFlow, patient-timesteps', unit: '/s', better: 'more', must: 150_000 },
] // biome-ignore format: a table

/** @param key names with dots between them @returns the number at that place; undefined where there is none */
export function numberAt(printed: Printed, key: string): number | undefined {
  let at: unknown = printed
  for (const name of key.split('.')) at = (at as Printed | undefined)?.[name]
  return typeof at === 'number' && Number.isFinite(at) ? at : undefined
}

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : Number(((sorted[half - 1]! + sorted[half]!) / 2).toPrecision(6))
}

/** Several runs of one bench as one: of every number the median, of everything else what the first run says. */
export function medianRun(runs: readonly Printed[]): Printed {
  return medianOf(runs) as Printed
}

function medianOf(values: readonly unknown[]): unknown {
  const [first] = values
  if (typeof first === 'number') return median(values.filter((it) => typeof it === 'number'))
  if (typeof first !== 'object' || first === null) return first
  const at = (key: string | number) => medianOf(values.map((it) => (it as Record<string | number, unknown>)?.[key]))
  if (Array.isArray(first)) return first.map((_, i) => at(i))
  return Object.fromEntries(Object.keys(first).map((key) => [key, at(key)]))
}
