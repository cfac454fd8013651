import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { z } from 'zod'
import { SHIPPED_MODELS } from '../app.ts'
import { otherVersion } from '../bench/other-version.ts'
import type { Broker } from '../broker/broker.ts'
import { openBroker } from '../broker/open-broker.ts'
import { type AtEnd, withClosing } from '../closing.ts'
import { VigilError } from '../errors.ts'
import { openModel } from '../inference/model-store.ts'
import { promote } from '../inference/registry/promotion.ts'
import { Changelog } from '../kafka/changelog.ts'
import { openKafka } from '../kafka/kafkajs/client.ts'
import type { KafkaClient } from '../kafka/port.ts'
import { topicName } from '../kafka/topics.ts'
import type { Log } from '../log.ts'
import { random } from '../random.ts'
import { Settings } from '../vitals/settings.ts'
import { type Fault, type FaultCounts, inflict, newTally, plannedFaults, type Stage, type Tally } from './faults.ts'
import { type Load, startLoad } from './load.ts'
import { type Member, Members } from './members.ts'
import type { Mutant } from './orders.ts'
import { undisturbed } from './undisturbed.ts'
import { type Verdict, verdict } from './verdict.ts'

export interface ChaosOptions extends FaultCounts {
  readonly seed: number
  /** begin no more faults after so many minutes; undefined: until all are done */
  readonly minutes?: number | undefined
  readonly patients: number
  /** faults at the same time, 1 unless given: several leave less time to breathe, and no time of its own to measure */
  readonly atOnce?: number
  /** how long a process may be silent before its partitions move, s; 3 unless given. A busy machine needs longer */
  readonly sessionSeconds?: number
  /** versions of the bedside model change hands meanwhile, and kills at steps of a commit wait for that */
  readonly swaps?: boolean
  /** a fault of the members that the oracle must find */
  readonly mutant?: Mutant | undefined
  /** use this broker and leave it alone; undefined: one of its own, which is restarted and stalled too */
  readonly brokers?: readonly string[] | undefined
  readonly log: Log
  /** what the members print on standard error */
  readonly stderr?: (text: string) => void
  readonly say?: (line: string) => void
}

/** ms: at least how long the load runs, so that every patient has had an episode */
const LEAST_MS = 15_000
/** processes beside those that faults have in hand */
const PROCESSES = 2
/** Partitions of each: one that is started to be killed as it restores must get one too. */
const PARTITIONS_EACH = 2
/** Until the first commit in every partition, ms: the processes begin all at once. */
const START_MS = 300_000
/** How long the members may take to work what was sent, once all is quiet, ms. */
const DRAIN_MS = 90_000

export interface ChaosReport extends Omit<Verdict, 'compared' | 'first'> {
  readonly seed: number
  readonly sessionSeconds: number
  readonly kills: number
  readonly killsByPoint: Tally['killsByPoint']
  readonly rebalances: number
  readonly brokerRestarts: number
  readonly networkStalls: number
  readonly sleepersWoken: number
  readonly sleepersHeeded: number
  /** steps that no process passed in time; they were tried again */
  readonly missed: number
  /** faults after which a partition was not worked for a minute */
  readonly unsettled: number
  readonly generations: number
  readonly minutes: number
  readonly commitsRefused: Readonly<Record<string, number>>
  /** processes that ended without being told to */
  readonly fallen: readonly string[]
  /** seconds; null where there was none */
  readonly seconds: {
    /** SIGKILL, in a group that was whole, to others' first commit in every partition: the session timeout is in it */
    readonly killedToWatched: Spread
    readonly leftToWatched: Spread
    readonly stopToExit: Spread
    readonly brokerToWatched: Spread
    readonly restore: Spread
  }
  readonly compared: Verdict['compared']
  readonly first: readonly string[]
}

/** What must be 0, whatever was done. */
const MUST_BE_0 = [
  'alertsLost',
  'alertsDoubled',
  'alertsDiffering',
  'ordersDiffering',
  'patientsWithoutAlert',
  'statesDiffering',
  'deadLettersLost',
  'deadLettersDoubled',
  'rekeyedLost',
  'rekeyedDoubled',
  'entriesUnplaced',
  'sleepersHeeded',
] as const satisfies readonly (keyof ChaosReport)[]

/** The names of what is wrong in a report; none when the faults were survived. */
export function wrongIn(report: ChaosReport): string[] {
  return MUST_BE_0.filter((name) => report[name] !== 0)
}

export interface Spread {
  readonly count: number
  readonly p50: number | null
  readonly max: number | null
}

/**
 * Processes of the service that are killed, stopped, put to sleep and cut off while they watch a ward, and a broker that
 * dies; then an undisturbed process works the same journal, and everything that stands in the topics is held against it.
 * @throws VigilError broker-unavailable, broker-failed, kafka-*
 */
export function chaos(options: ChaosOptions): Promise<ChaosReport> {
  return withClosing(async (atEnd) => {
    const { seed, patients, log, say = () => {} } = options
    const own = options.brokers === undefined ? await openBroker({ own: true, proxies: 1, say }) : undefined
    if (own) atEnd(() => own.stop())
    const brokers = options.brokers ?? own!.brokers
    const partitions = PARTITIONS_EACH * (PROCESSES + (options.atOnce ?? 1))
    const registry = options.swaps === true ? await twoVersions(atEnd) : undefined
    const input = settingsOf(brokers, partitions, options.sessionSeconds ?? 3, registry?.dir)
    const settings = Settings.parse(input)
    const client = await openKafka(settings.kafka, log)
    atEnd(() => client.close())
    const members = new Members(client.partitions, options.stderr ?? (() => {}))
    atEnd(() => members.close())
    const stage = stageOf(options, own, members, input)
    const began = Date.now()
    const { topicPrefix } = settings.kafka
    const topic = topicName(topicPrefix, 'readings')
    const load = startLoad(client, {
      seed,
      patients,
      topic,
      encounters: topicName(topicPrefix, 'encounters'),
      acknowledgements: topicName(topicPrefix, 'alerts.acks'),
      partitions: client.partitions,
      swaps: registry && { ...registry, topic: topicName(topicPrefix, 'models') },
    })
    atEnd(() => load.stop())
    for (let i = 0; i < PROCESSES + (options.atOnce ?? 1); i++) stage.start()
    if ((await members.settled(START_MS)) === undefined)
      throw new VigilError(
        'internal',
        `the processes did not begin to work: ${members.fallen.join(', ') || 'no reason'}`,
      )
    await inflictAll(options, stage, load, began)
    await sleep(Math.max(0, began + LEAST_MS - Date.now()))
    await load.stop()
    say(`${load.sent} records sent, ${load.seconds} s of the ward; waiting until they are worked`)
    await drained(client, members, topicPrefix)
    await stopAll(members, stage.tally)
    const minutes = (Date.now() - began) / 60_000
    say('holding the topics against an undisturbed run')
    const expected = await undisturbed(settings, log, client, members.positions)
    const { compared, first, ...found } = await verdict(client, settings.kafka.topicPrefix, expected)
    return { ...reportOf(options, stage.tally, members, minutes), ...found, compared, first }
  })
}

/** A registry with the shipped bedside model and a version of another size. */
async function twoVersions(atEnd: AtEnd) {
  const dir = await mkdtemp(join(tmpdir(), 'vigil-chaos-'))
  atEnd(() => rm(dir, { recursive: true, force: true }))
  const { manifest } = await openModel(SHIPPED_MODELS, 'bedside')
  const other = await otherVersion(SHIPPED_MODELS, 'bedside', dir, { version: '0.0.1', hidden: 24, layers: 1, seed: 3 })
  await promote(dir, 'bedside', manifest.version)
  return { dir, detector: manifest.detector, champion: `bedside@${manifest.version}`, other }
}

/** Short times, so that much happens; everything else as a site would have it. */
function settingsOf(
  brokers: readonly string[],
  partitions: number,
  sessionSeconds: number,
  registry: string | undefined,
): z.input<typeof Settings> & { kafka: { brokers: string[] } } {
  const name = `chaos-${randomUUID().slice(0, 8)}`
  return {
    kafka: {
      brokers: [...brokers],
      topicPrefix: name,
      group: name,
      clientId: name,
      partitions,
      sessionTimeoutMs: sessionSeconds * 1000,
      heartbeatIntervalMs: 300,
      stateIntervalMs: 2000,
      requestTimeoutMs: 5000,
    },
    // what goes back by itself hangs on the speed of the machine: here everything is ordered
    ...(registry !== undefined && { models: { dir: registry, closelySeconds: 0 } }),
    stream: { signalLostSeconds: 5 },
    limits: { adult: { spo2: { low: 90, holdSeconds: 2, priority: 'high' } } },
    alerts: { clearSeconds: 5 },
    http: { port: 0 },
    log: { level: 'warn' },
  }
}

function stageOf(
  options: ChaosOptions,
  broker: Broker | undefined,
  members: Members,
  settings: ReturnType<typeof settingsOf>,
): Stage {
  const { seed, mutant, say = () => {} } = options
  const proxy = broker?.proxies[0]
  let behind: Member | undefined
  return {
    members,
    broker,
    mutant,
    atSwaps: options.swaps === true,
    rng: random(seed + 1),
    tally: newTally(),
    busy: new Set(),
    say,
    start(order) {
      const proxied = proxy !== undefined && order === undefined && !behind?.alive
      const kafka = proxied ? { ...settings.kafka, brokers: [proxy.address] } : settings.kafka
      const member = members.start({ settings: { ...settings, kafka }, mutant, order })
      if (proxied) behind = member
      return member
    },
    behindProxy: () => (behind?.alive ? behind : undefined),
  }
}

/** Several faults at a time, each as soon as one before it is over, while the group is kept at its size. */
async function inflictAll(options: ChaosOptions, stage: Stage, load: Load, began: number): Promise<void> {
  const { seed, minutes = Number.POSITIVE_INFINITY, atOnce = 1, say = () => {} } = options
  const faults = plannedFaults(options, seed)
  const size = PROCESSES + atOnce
  const refill = setInterval(() => {
    if (stage.members.all.size < size) stage.start()
  }, 200)
  let next = 0
  // there is one broker and one proxy: who touches them waits until nobody else does
  let brokerFree: Promise<void> = Promise.resolve()
  const begin = (fault: Fault): Promise<void> => {
    if (fault.kind !== 'broker' && fault.kind !== 'stall') return inflict(stage, fault)
    brokerFree = brokerFree.then(() => inflict(stage, fault))
    return brokerFree
  }
  const inTurn = async () => {
    for (;;) {
      const elapsed = (Date.now() - began) / 60_000
      const fault = faults[next]
      if (fault === undefined || elapsed >= minutes) return
      next++
      say(`${next}/${faults.length} at ${elapsed.toFixed(1)} min, ${load.sent} records: ${nameOf(fault)}`)
      await begin(fault)
    }
  }
  try {
    await Promise.all(Array.from({ length: atOnce }, inTurn))
  } finally {
    clearInterval(refill)
  }
}

function nameOf(fault: Fault): string {
  if (fault.kind === 'kill') return `kill ${fault.point}`
  return fault.kind === 'broker' ? `broker ${fault.way}` : fault.kind
}

/** Until what was sent is committed as worked; control records at a topic's end are nobody's to work. */
async function drained(client: KafkaClient, members: Members, prefix: string): Promise<void> {
  const topic = topicName(prefix, 'readings')
  const SLACK = 8
  for (const until = Date.now() + DRAIN_MS; Date.now() < until; await sleep(500)) {
    let behind = 0
    for (let partition = 0; partition < client.partitions; partition++) {
      const { next } = await client.bounds(topic, partition)
      behind = Math.max(behind, next - (members.positions.get(partition) ?? 0))
    }
    if (behind <= SLACK) break
  }
  // whoever took a partition over just now works what was committed once more, until every state is as far
  for (const until = Date.now() + DRAIN_MS; Date.now() < until; await sleep(500)) {
    const saved = await Promise.all(
      Array.from({ length: client.partitions }, (_, partition) => isSaved(client, prefix, partition)),
    )
    if (!saved.includes(false)) return
  }
}

/** Whether every state of a partition is as far as its position. */
async function isSaved(client: KafkaClient, prefix: string, partition: number): Promise<boolean> {
  const changelog = new Changelog()
  await client.readAll(topicName(prefix, 'state'), partition, (records) => changelog.take(records))
  const { snapshotOffset, next } = changelog.checkpoint ?? { snapshotOffset: 0, next: {} }
  return snapshotOffset >= (next[topicName(prefix, 'readings')] ?? 0)
}

/** Ask all that are left to stop, one after the other, so that the last has everything. */
async function stopAll(members: Members, tally: Tally): Promise<void> {
  for (const member of [...members.all]) {
    const { code, ms } = await members.leave(member)
    tally.exits.push(ms)
    if (code !== 0) tally.impolite++
  }
}

function spread(ms: readonly number[]): Spread {
  const sorted = ms.toSorted((a, b) => a - b)
  const at = (i: number) => (sorted.length === 0 ? null : Number((sorted[i]! / 1000).toFixed(2)))
  return { count: ms.length, p50: at(Math.floor((sorted.length - 1) / 2)), max: at(sorted.length - 1) }
}

function reportOf({ seed, sessionSeconds = 3 }: ChaosOptions, tally: Tally, members: Members, minutes: number) {
  const { killsByPoint, rebalances, brokerRestarts, sleepersWoken, sleepersHeeded, missed, unsettled } = tally
  return {
    seed,
    sessionSeconds,
    kills: Object.values(killsByPoint).reduce((sum, count) => sum + count, 0),
    killsByPoint,
    rebalances,
    brokerRestarts,
    networkStalls: tally.stalls,
    sleepersWoken,
    sleepersHeeded,
    missed,
    unsettled,
    generations: members.generations,
    minutes: Number(minutes.toFixed(1)),
    commitsRefused: Object.fromEntries(members.refused),
    fallen: [...members.fallen],
    seconds: {
      killedToWatched: spread(tally.afterKill),
      leftToWatched: spread(tally.afterLeave),
      stopToExit: spread(tally.exits),
      brokerToWatched: spread(tally.afterBroker),
      restore: spread(members.restores.map((seconds) => seconds * 1000)),
    },
  }
}
