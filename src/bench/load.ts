import { openKafka } from '../kafka/kafkajs/client.ts'
import type { NewRecord } from '../kafka/port.ts'
import { topicName } from '../kafka/topics.ts'
import { createLog } from '../log.ts'
import type { AlertEnvelope } from '../vitals/alert.ts'
import type { Settings } from '../vitals/settings.ts'
import { beginsEpisode, benchReading, STAMP_FROM } from './kafka-ward.ts'

/** What the load process is told, as its one argument in JSON. */
export type Load = { readonly kafka: Settings['kafka']; readonly patients: number } & (
  | { readonly kind: 'fill'; readonly records: number; readonly start: number }
  | { readonly kind: 'paced'; readonly perSecond: number; readonly seconds: number }
  /** a reading of every patient in each second of the wall clock, which says when it was written; or which alerts */
  | { readonly kind: 'stamped' | 'live'; readonly seconds: number }
)

/** What each load says at its end. */
export interface Loads {
  readonly fill: null
  readonly paced: {
    /** readings a second that were really written: less than asked where writer or broker are too slow */
    readonly writtenPerSecond: number
    /** of each alert that was heard: [ms from the first reading to its own, ms from there to the alert] */
    readonly heard: readonly (readonly [after: number, delay: number])[]
  }
  readonly stamped: Written
  readonly live: Written
}

interface Written {
  readonly readings: number
  /** readings among them that begin an alert, of `live` */
  readonly episodes: number
}

/** Slices of a second in which readings leave. */
const SLICES = 100
/** A subscriber that heard nothing for so long has heard all, ms; and how long it listens at most. */
const QUIET_MS = 1500
const LISTEN_MS = 20_000

/** Write readings of `patients`, one a second each from `start` on, until there are `records`. */
async function fill({ kafka, patients, records, start }: Extract<Load, { kind: 'fill' }>): Promise<null> {
  const client = await openKafka(kafka, createLog('warn'))
  const topic = topicName(kafka.topicPrefix, 'readings')
  const writer = await client.writer()
  for (let at = 0; at < records; ) {
    const batch: NewRecord[] = []
    for (; batch.length < 4000 && at < records; at++) {
      const second = Math.floor(at / patients)
      batch.push(benchReading(topic, client.partitions, at % patients, second, start + second * 1000))
    }
    await writer.send(batch)
  }
  await writer.close()
  await client.close()
  return null
}

/** Write readings at their pace, and hear the alerts as a read-committed subscriber. */
async function paced({
  kafka,
  patients,
  perSecond,
  seconds,
}: Extract<Load, { kind: 'paced' }>): Promise<Loads['paced']> {
  const client = await openKafka({ ...kafka, group: `${kafka.group}-subscriber`, start: 'earliest' }, createLog('warn'))
  const [readings, alerts] = (['readings', 'alerts'] as const).map((role) => topicName(kafka.topicPrefix, role))
  /** [tick - first][patient] wall clock of the writing, ms */
  const written = new Map<number, Float64Array>()
  const heard: (readonly [written: number, delay: number])[] = []
  let newest = 0
  const member = await client.join(
    { topics: [alerts!] },
    {
      joined(partitions, _, self) {
        for (const partition of partitions) {
          self.seek(alerts!, partition, 0)
          self.resume(alerts!, partition)
        }
      },
      rebalancing() {},
      async records(_, __, records) {
        const now = Date.now()
        for (const { value } of records.take(records.left)) {
          const { body } = JSON.parse(value!.toString()) as AlertEnvelope
          const at = written.get(body.times.event)?.[Number(body.subject.patientKey.slice(2))]
          if (at === undefined || !(at > 0)) continue
          heard.push([at, now - at])
          newest = now
        }
      },
      crashed(error) {
        throw error
      },
    },
  )
  const writer = await client.writer()
  const start = Math.ceil(Date.now() / 1000) * 1000
  const slice = Math.ceil(perSecond / SLICES)
  for (let sent = 0; sent < perSecond * seconds; sent += slice) {
    await until(start + (sent / perSecond) * 1000)
    const now = Date.now()
    const records = Array.from({ length: slice }, (_, i) => {
      const second = Math.floor((sent + i) / patients)
      const patient = (sent + i) % patients
      const time = start + second * 1000
      const row = written.get(time) ?? new Float64Array(patients)
      written.set(time, row)
      row[patient] = now
      return benchReading(readings!, client.partitions, patient, second, time)
    })
    await writer.send(records)
  }
  const ended = Date.now()
  while (Date.now() < Math.min(Math.max(newest, ended) + QUIET_MS, ended + LISTEN_MS)) await until(Date.now() + 50)
  await member.leave()
  await writer.close()
  await client.close()
  return {
    writtenPerSecond: Math.round((perSecond * seconds * 1000) / (ended - start)),
    heard: heard.map(([at, delay]) => [at - start, delay] as const),
  }
}

/** Slices of a second in which readings of the wall clock leave. */
const CLOCK_SLICES = 10

/**
 * Write a reading of every patient a second. A stamped one has the time at which it was handed over to be written, and a second
 * that is over before its slice leaves is left out, for those patients; a live one is written late rather than not, and begins an
 * alert where its patient's episode does. SIGTERM ends it early.
 */
async function clocked({
  kafka,
  patients,
  seconds,
  kind,
}: Extract<Load, { kind: 'stamped' | 'live' }>): Promise<Written> {
  const client = await openKafka(kafka, createLog('warn'))
  const topic = topicName(kafka.topicPrefix, 'readings')
  const writer = await client.writer()
  const start = Math.ceil(Date.now() / 1000) * 1000
  const newest = new Float64Array(patients)
  const each = Math.ceil(patients / CLOCK_SLICES)
  const written = { readings: 0, episodes: 0 }
  let enough = false
  process.once('SIGTERM', () => {
    enough = true
  })
  for (let slice = 0; slice < seconds * CLOCK_SLICES && !enough; slice++) {
    const due = start + (slice * 1000) / CLOCK_SLICES
    await until(due)
    const now = kind === 'live' ? due : Date.now()
    const time = Math.floor(now / 1000) * 1000
    const first = (slice % CLOCK_SLICES) * each
    const records: NewRecord[] = []
    for (let patient = first; patient < Math.min(first + each, patients); patient++) {
      if (newest[patient]! >= time) continue
      newest[patient] = time
      const stamp = kind === 'live' ? {} : { temp: STAMP_FROM + (now - time) / 1000 }
      records.push(benchReading(topic, client.partitions, patient, time / 1000, time, stamp))
      if (kind === 'live' && beginsEpisode(patient, time / 1000)) written.episodes++
    }
    if (records.length > 0) await writer.send(records)
    written.readings += records.length
  }
  await writer.close()
  await client.close()
  return written
}

const LOADS = { fill, paced, stamped: clocked, live: clocked } as const

function until(at: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, at - Date.now())))
}

// The other side of a bench, in a process of its own, so that it shares neither the thread that steps nor its memory.
const load = JSON.parse(process.argv[2]!) as Load
process.stdout.write(JSON.stringify(await LOADS[load.kind](load as never)))
