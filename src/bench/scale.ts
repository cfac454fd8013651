import { VigilError } from '../errors.ts'
import { numberAt } from './suite/figures.ts'
import type { Report } from './suite/report.ts'

/** What one bed costs, and one process: measured by the benches. */
export interface Costs {
  /** a service process on two cores, the broker beside it on the same two */
  readonly readingsPerSecond: number
  /** processor time of a reading in that process, us */
  readonly cpuMicrosPerReading: number
  readonly bytesPerPatient: number
  /** resident memory of a process that watches nobody */
  readonly idleBytes: number
  /** of the changelog, a patient */
  readonly stateBytes: number
  /** join, fence, read and load, a patient */
  readonly restoreSecondsPerPatient: number
}

/** What is planned with and was not measured here. */
export interface Plan {
  /** a bed's sets a second, each one record */
  readonly readingsPerBed: number
  /** bytes of a record in the topic, its head included */
  readonly readingBytes: number
  /** share of what a process can do that it is given: the rest is for another's beds and for what has waited */
  readonly load: number
  /** a patient's state is written every half of `kafka.stateIntervalMs`, s */
  readonly stateSeconds: number
  readonly commitSeconds: number
  /** a silent process loses its partitions, s */
  readonly sessionSeconds: number
  readonly replicas: number
  readonly retentionDays: number
  /** bytes a second that a broker writes, its copies of others' partitions included */
  readonly brokerBytesPerSecond: number
  /** transactions a second of a broker, as coordinator */
  readonly brokerTransactionsPerSecond: number
  /** memory of a process at most, bytes */
  readonly processBytes: number
  readonly partitionsPerProcess: number
}

/** Settings as shipped; a broker with a network of 10 Gbit/s and two disks, half of it planned with. */
export const PLAN: Plan = {
  readingsPerBed: 1,
  readingBytes: 130,
  load: 0.5,
  stateSeconds: 2.5,
  commitSeconds: 0.2,
  sessionSeconds: 10,
  replicas: 3,
  retentionDays: 7,
  brokerBytesPerSecond: 200e6,
  brokerTransactionsPerSecond: 1000,
  processBytes: 8 * 2 ** 30,
  partitionsPerProcess: 4,
}

/** What so many beds take. */
export interface Size {
  readonly beds: number
  readonly readingsPerSecond: number
  readonly processes: number
  /** two a process: one scores, one steps */
  readonly cores: number
  /** of those, how many are busy */
  readonly busyCores: number
  readonly memoryBytes: number
  readonly partitions: number
  readonly brokers: number
  /** into the topics, before copies */
  readonly readingBytesPerSecond: number
  readonly stateBytesPerSecond: number
  readonly transactionsPerSecond: number
  /** readings of the whole retention, all copies */
  readonly diskBytes: number
  /** a killed process's beds: unwatched for so long, and as far as the newest reading after so long, s */
  readonly recoverySeconds: number
  readonly caughtUpSeconds: number
  /** every process at once, s */
  readonly restartSeconds: number
  /** what is full first, and at how many beds one of it is */
  readonly breaksFirst: { readonly what: string; readonly bedsOfOne: number }
}

/** @throws VigilError config-invalid naming the bench that the results lack */
export function costsOf(results: Report): Costs {
  const number = (bench: string, key: string): number => {
    const result = results.benches[bench]
    const found = result && numberAt(result.printed, key)
    if (found === undefined)
      throw new VigilError('config-invalid', `the results have no ${key} of vigil bench ${bench}`, { place: bench })
    return found
  }
  const saved = number('restore', 'patients')
  return {
    readingsPerSecond: number('kafka', 'readingsPerSecond'),
    cpuMicrosPerReading: number('kafka', 'cpuMicrosPerReading'),
    bytesPerPatient: number('memory', 'bytesPerPatient'),
    idleBytes: number('memory', 'idleRssBytes'),
    stateBytes: Math.round(number('restore', 'bytes') / saved),
    restoreSecondsPerPatient: number('restore', 'secondsToLive') / saved,
  }
}

/** Two at least: where one is lost, another watches. */
const LEAST = 2

export function sizeOf(beds: number, costs: Costs, plan: Plan = PLAN): Size {
  const rate = beds * plan.readingsPerBed
  const full = costs.readingsPerSecond * plan.load
  const ofMemory = (plan.processBytes - costs.idleBytes) / costs.bytesPerPatient
  const processes = Math.max(LEAST, Math.ceil(rate / full), Math.ceil(beds / ofMemory))
  const partitions = processes * plan.partitionsPerProcess
  const readingBytesPerSecond = rate * plan.readingBytes
  const stateBytesPerSecond = (beds * costs.stateBytes) / plan.stateSeconds
  const transactionsPerSecond = partitions / plan.commitSeconds
  const written = (readingBytesPerSecond + stateBytesPerSecond) * plan.replicas
  const brokers = Math.max(
    plan.replicas,
    Math.ceil(written / plan.brokerBytesPerSecond),
    Math.ceil(transactionsPerSecond / plan.brokerTransactionsPerSecond),
  )
  // the beds of one process, spread over the others
  const moved = beds / processes / (processes - 1)
  const recoverySeconds = plan.sessionSeconds + moved * costs.restoreSecondsPerPatient
  // what waited meanwhile is worked beside what comes: each survivor has its own beds and its share of the lost ones
  const busy = Math.min(0.95, (rate / costs.readingsPerSecond / processes) * (processes / (processes - 1)))
  const waited = (recoverySeconds * moved * plan.readingsPerBed) / costs.readingsPerSecond
  return {
    beds,
    readingsPerSecond: rate,
    processes,
    cores: processes * 2,
    busyCores: (rate * costs.cpuMicrosPerReading) / 1e6,
    memoryBytes: processes * costs.idleBytes + beds * costs.bytesPerPatient,
    partitions,
    brokers,
    readingBytesPerSecond,
    stateBytesPerSecond,
    transactionsPerSecond,
    diskBytes: readingBytesPerSecond * 86_400 * plan.retentionDays * plan.replicas,
    recoverySeconds,
    caughtUpSeconds: recoverySeconds + waited / (1 - busy),
    restartSeconds: (beds / processes) * costs.restoreSecondsPerPatient,
    breaksFirst: breaksFirst(costs, plan),
  }
}

/** What one process, or one set of brokers with a copy on each, carries: the smallest is full first. */
function breaksFirst(costs: Costs, plan: Plan): Size['breaksFirst'] {
  const bytesOfBed = plan.readingsPerBed * plan.readingBytes + costs.stateBytes / plan.stateSeconds
  const limits = [
    { what: 'the thread that scores', bedsOfOne: (costs.readingsPerSecond * plan.load) / plan.readingsPerBed },
    { what: "the brokers' writes, most of them states", bedsOfOne: plan.brokerBytesPerSecond / bytesOfBed },
    { what: 'the memory of a process', bedsOfOne: (plan.processBytes - costs.idleBytes) / costs.bytesPerPatient },
  ]
  return limits.toSorted((a, b) => a.bedsOfOne - b.bedsOfOne)[0]!
}

const round = (value: number, digits: number): string =>
  Number(value.toPrecision(digits)).toLocaleString('en', { maximumFractionDigits: 2 })
const bytes = (value: number): string => {
  const shown = Number(value.toPrecision(2))
  const units = ['KB', 'MB', 'GB', 'TB', 'PB']
  const at = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(shown) / 3) - 1))
  return `${round(shown / 1000 ** (at + 1), 2)} ${units[at]}`
}
const seconds = (value: number): string => `${round(value, 2)} s`

/** A Markdown table, one column a size. */
export function scaleTable(sizes: readonly Size[]): string {
  const rows: readonly [string, (it: Size) => string][] = [
    ['readings/s', (it) => round(it.readingsPerSecond, 3)],
    ['processes of `vigil serve`, two cores each', (it) => `${it.processes}`],
    ['cores; of them busy', (it) => `${it.cores}; ${round(it.busyCores, 2)}`],
    ['memory of all processes', (it) => bytes(it.memoryBytes)],
    ['partitions of each topic', (it) => `${it.partitions}`],
    ['brokers', (it) => `${it.brokers}`],
    ['readings into Kafka', (it) => `${bytes(it.readingBytesPerSecond)}/s`],
    ['states into Kafka', (it) => `${bytes(it.stateBytesPerSecond)}/s`],
    ['transactions/s', (it) => round(it.transactionsPerSecond, 3)],
    ["disks of the brokers, readings of a week, three copies", (it) => bytes(it.diskBytes)],
    ['a process is killed: its beds unwatched for', (it) => seconds(it.recoverySeconds)],
    ['... and again at the newest reading after', (it) => seconds(it.caughtUpSeconds)],
    ['all processes restart at once: restored after', (it) => seconds(it.restartSeconds)],
  ] // biome-ignore format: one row, one line
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    line(['', ...sizes.map(({ beds }) => `${beds.toLocaleString('en')} beds`)]),
    line(['---', ...sizes.map(() => '---:')]),
    ...rows.map(([name, cell]) => line([name, ...sizes.map(cell)])),
  ].join('\n')
}

/** The sizes of the page. */
export const BEDS: readonly number[] = [1000, 100_000, 1_000_000]

const BEGIN = '<!-- written by `npm run bench` from docs/bench/latest.json -->'
const END = '<!-- so far -->'

/** What the page says of one set of results. */
export function scaleBlock(results: Report): string {
  const costs = costsOf(results)
  const sizes = BEDS.map((beds) => sizeOf(beds, costs))
  const { what, bedsOfOne } = sizes[0]!.breaksFirst
  const cost = [
    `* ${round(costs.readingsPerSecond, 3)} readings/s of a process on two cores, ${round(costs.cpuMicrosPerReading, 3)} us of processor time each (\`bench kafka\`)`,
    `* ${bytes(costs.bytesPerPatient)} of memory a patient, ${bytes(costs.idleBytes)} a process (\`bench memory\`)`,
    `* ${bytes(costs.stateBytes)} of changelog a patient, ${round(costs.restoreSecondsPerPatient * 1e6, 2)} us to restore one (\`bench restore\`)`,
  ]
  return [
    BEGIN,
    '',
    `Measured on ${results.date.slice(0, 10)}, commit ${results.commit}, ${results.machine.cores} cores of ${results.machine.cpu}:`,
    '',
    ...cost,
    '',
    scaleTable(sizes),
    '',
    `Full first: ${what}, at ${round(bedsOfOne, 2)} beds for one.`,
    '',
    END,
  ].join('\n')
}

/** The page with the block of these results in the place of the former one. @throws VigilError config-invalid without one */
export function withScale(page: string, results: Report): string {
  const from = page.indexOf(BEGIN)
  const to = page.indexOf(END)
  if (from < 0 || to < from) throw new VigilError('config-invalid', 'the page has no place for the table of sizes')
  return page.slice(0, from) + scaleBlock(results) + page.slice(to + END.length)
}
