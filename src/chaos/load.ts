import { setTimeout as sleep } from 'node:timers/promises'
import { modelOrderRecord } from '../kafka/model-order-record.ts'
import { partitionOf } from '../kafka/murmur2.ts'
import type { KafkaClient, NewRecord, PlainWriter } from '../kafka/port.ts'
import { random } from '../random.ts'
import type { ModelOrder } from '../vitals/model-order.ts'

/** Event time of the first reading, ms since 1970. */
const START = Date.UTC(2026, 0, 1)
/** Wall clock between two rounds of readings, ms; each round is a second of the ward. */
const ROUND_MS = 200
/** Seconds of the ward from one episode of a patient to its next, and how long one lasts. */
const EPISODE_EVERY = 150
const EPISODE_SECONDS = 12
/** Every how many patients one sends its sets in parts, falls silent at times, changes its encounter. */
const IN_PARTS = 8
const SILENT = 12
const READMITTED = 6
/** A silent patient: this many seconds of the ward in each of so many. */
const SILENT_SECONDS = 60
const SILENT_EVERY = 400
const ENCOUNTER_SECONDS = 500

export interface LoadOptions {
  readonly seed: number
  readonly patients: number
  /** the readings topic, and its partitions */
  readonly topic: string
  /** topics of what people do: who lies where, and what is muted */
  readonly encounters: string
  readonly acknowledgements: string
  readonly partitions: number
  /** versions of a model that change hands; undefined: none do */
  readonly swaps?: Swaps | undefined
}

/** Two versions of one detector's model, the topic of orders, and what the load orders meanwhile. */
export interface Swaps {
  readonly topic: string
  readonly detector: string
  /** NAME@VERSION of the champion at first, and of the other */
  readonly champion: string
  readonly other: string
}

/**
 * What is ordered, by the second of the ward within a cycle: with a warm-up and without one, forth and back, and away with
 * the former champion, so that the next one begins cold.
 */
const ORDERS: readonly (readonly [second: number, action: ModelOrder['action'], model: 'champion' | 'other'])[] = [
  [20, 'promote', 'other'],
  [60, 'rollback', 'other'],
  [70, 'shadow', 'other'],
  [95, 'promote', 'other'],
  [110, 'release', 'champion'],
  [120, 'promote', 'champion'],
]
const ORDERS_SECONDS = 150

/** The orders of a second of the ward, one for each partition. */
function orders({ swaps, partitions }: LoadOptions, second: number): NewRecord[] {
  const due = swaps && ORDERS.find(([at]) => at === second % ORDERS_SECONDS)
  if (due === undefined) return []
  const [, action, model] = due
  const { topic, detector } = swaps!
  const order = { detector, action, model: swaps![model], at: START + second * 1000, by: 'load' }
  return Array.from({ length: partitions }, (_, it) => modelOrderRecord(topic, it, order))
}

export const patientOf = (index: number): string => `chaos-${String(index).padStart(5, '0')}`

/**
 * What monitors send, a second of the ward at a time: a function of its options alone. Around it what goes wrong on
 * wires: records that cannot be read or only in part, without a key, late, far ahead, in parts; patients that fall silent
 * and come back, who lie elsewhere, or are others at the same key; and what people do about them meanwhile.
 */
export function* rounds(options: LoadOptions): Generator<NewRecord[]> {
  const { seed, patients, topic, partitions } = options
  const { uniform, normal } = random(seed)
  const beds = Array.from({ length: patients }, (_, index) => ({
    index,
    key: patientOf(index),
    hr: 65 + 25 * uniform(),
    spo2: 95 + 3 * uniform(),
    resp: 12 + 6 * uniform(),
    firstEpisode: 15 + Math.floor(40 * uniform()),
    lies: 1,
  }))
  const record = (key: string, value: unknown, partition = partitionOf(key, partitions)): NewRecord => ({
    topic,
    partition,
    key,
    value: typeof value === 'string' ? value : JSON.stringify(value),
  })
  for (let second = 0; ; second++) {
    const round: NewRecord[] = orders(options, second)
    for (const bed of beds) {
      const { index, key } = bed
      // the same number of draws for every reading, whatever becomes of it
      const [luck, kind, other, deed] = [uniform(), uniform(), uniform(), uniform()]
      const noise = [normal(), normal(), normal()] as const
      if (index % SILENT === 5 && (second + 31 * index) % SILENT_EVERY < SILENT_SECONDS) continue
      if (luck > 0.998) bed.lies = 1 + Math.floor(4 * other)
      const since = second - bed.firstEpisode
      const low = since >= 0 && since % EPISODE_EVERY < EPISODE_SECONDS
      const time = START + second * 1000
      const values: Record<string, unknown> = {
        hr: Math.round(bed.hr + 2 * noise[0] + (low ? 25 : 0)),
        pulse: Math.round(bed.hr + 2 * noise[0] + (low ? 25 : 0)),
        spo2: Math.min(100, Math.round(bed.spo2 + noise[1] - (low ? 15 : 0))),
        resp: Math.max(4, Math.round(bed.resp + noise[2])),
      }
      round.push(...deeds(options, key, time, deed, other))
      const encounter = index % READMITTED === 2 ? `stay-${Math.floor(second / ENCOUNTER_SECONDS)}` : undefined
      const reading = { patient: key, encounter, unit: 'W', bed: String(bed.lies), time, complete: true, values }
      if (luck < 0.004) round.push(poison(kind, reading, record))
      if (luck >= 0.004 && luck < 0.008) values['resp'] = 'sixteen'
      if (luck >= 0.008 && luck < 0.012) round.push(record(key, { ...reading, time: time - 30_000 }))
      if (luck >= 0.012 && luck < 0.015) round.push(record(key, { ...reading, time: time + 3_600_000 }))
      if (luck >= 0.015 && luck < 0.02) {
        const anywhere = Math.floor(other * partitions)
        round.push({ ...record(key, reading, anywhere), key: null })
      } else if (index % IN_PARTS === 3) {
        const { spo2, resp, ...first } = values
        round.push(record(key, { ...reading, complete: false, values: first }))
        round.push(record(key, { ...reading, complete: false, values: { spo2, resp } }))
      } else round.push(record(key, reading))
    }
    yield round
  }
}

/** What people do about a patient just now: one thing in a hundred readings, and not all of it can be done. */
function deeds(
  { encounters, acknowledgements, partitions }: LoadOptions,
  patientKey: string,
  at: number,
  luck: number,
  other: number,
): NewRecord[] {
  const partition = partitionOf(patientKey, partitions)
  const record = (topic: string, what: object): NewRecord[] => [
    { topic, partition, key: patientKey, value: JSON.stringify({ patientKey, at, ...what }) },
  ]
  if (luck < 0.003) return record(encounters, { action: 'transfer', unit: 'W', bed: String(5 + Math.floor(4 * other)) })
  if (luck < 0.005)
    return record(encounters, { action: 'profile', profile: other < 0.5 ? 'adult' : 'child-12-17-years' })
  if (luck < 0.008)
    return record(acknowledgements, { action: 'mute', by: 'nurse', until: at + 60_000 + Math.floor(600_000 * other) })
  if (luck < 0.01) return record(acknowledgements, { action: 'unmute', by: 'nurse' })
  return []
}

/** A record that holds no reading. */
function poison(
  kind: number,
  reading: { readonly patient: string; readonly time: number },
  record: (key: string, value: unknown) => NewRecord,
): NewRecord {
  const { patient } = reading
  const kinds: (() => NewRecord)[] = [
    () => record(patient, '{"patient": "cut of'),
    () => record(patient, { ...reading, patient: `${patient}-not` }),
    () => record(patient, { ...reading, time: undefined }),
    () => record(patient, { ...reading, colour: 'blue' }),
    () => ({ ...record(patient, ''), value: null }),
    () => record(patient, '\u0000\uffff[]'),
  ]
  return kinds[Math.floor(kind * kinds.length)]!()
}

/** Readings that are being sent. */
export interface Load {
  /** readings topic's records that the broker took */
  readonly sent: number
  /** seconds of the ward */
  readonly seconds: number
  /** Send no more. */
  stop(): Promise<void>
}

/** Send until told to stop. A round that the brokers did not confirm is sent again: what stands in the topic counts. */
export function startLoad(client: Pick<KafkaClient, 'writer'>, options: LoadOptions): Load {
  const load = { sent: 0, seconds: 0 }
  let stopping = false
  const running = (async () => {
    let writer: PlainWriter | undefined
    let due = Date.now()
    for (const round of rounds(options)) {
      for (let sent = false; !sent && !stopping; ) {
        try {
          writer ??= await client.writer()
          await writer.send(round)
          sent = true
        } catch {
          await writer?.close()
          writer = undefined
          await sleep(ROUND_MS)
        }
      }
      if (stopping) break
      load.sent += round.filter(({ topic }) => topic === options.topic).length
      load.seconds++
      // after a standstill there is no hurry to make up for it
      due = Math.max(due + ROUND_MS, Date.now() - 5 * ROUND_MS)
      await sleep(Math.max(0, due - Date.now()))
    }
    await writer?.close()
  })()
  return {
    get sent() {
      return load.sent
    },
    get seconds() {
      return load.seconds
    },
    async stop() {
      stopping = true
      await running
    },
  }
}
