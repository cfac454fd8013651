import { openWard, type Served } from '../app.ts'
import { withClosing } from '../closing.ts'
import { deadLetterId } from '../kafka/dead-letter.ts'
import { type Decode, takeRecords } from '../kafka/intake.ts'
import { type PlacedEntry, readJournalEntry } from '../kafka/journal-record.ts'
import { isRejection } from '../kafka/json-value.ts'
import { Owned } from '../kafka/owned.ts'
import type { KafkaClient, LogRecord } from '../kafka/port.ts'
import { recordDecoder } from '../kafka/record-decoder.ts'
import { topicName } from '../kafka/topics.ts'
import { WarmUp } from '../kafka/warm-up.ts'
import type { Log } from '../log.ts'
import { prometheusTelemetry } from '../metrics/telemetry.ts'
import type { Detector } from '../stream/detector.ts'
import type { Input } from '../stream/ports.ts'
import type { Layout } from '../stream/state-record.ts'
import type { Ward } from '../stream/ward.ts'
import type { EntryOf, JournalEntry } from '../vitals/journal.ts'
import type { Settings } from '../vitals/settings.ts'

/** Inputs that are stepped together. */
const TOGETHER = 512

/** One alert as it ought to be: the body's bytes, and how it was sent. */
export interface Said {
  readonly eventId: string
  readonly body: string
  readonly live: boolean
  /** offset of the reading behind it */
  readonly offset: number
}

/** What one process says and remembers that works the whole journal and is disturbed by nothing. */
export interface Undisturbed {
  /** patient key -> its alerts, in order */
  readonly alerts: ReadonlyMap<string, readonly Said[]>
  /** id -> reasons, of each dead letter */
  readonly deadLetters: ReadonlyMap<string, readonly string[]>
  /** patient key -> its state record; undefined where the patient is gone */
  readonly states: ReadonlyMap<string, { readonly partition: number; readonly record: Buffer | undefined }>
  readonly layouts: readonly Layout[]
  /** readings' records that were worked */
  readonly readings: number
  readonly entries: number
  /** of them those that say which versions see a patient */
  readonly swaps: number
  /** journal entries that name a place that no reading of their patient has */
  readonly unplaced: number
  /** keyless records, `PARTITION/OFFSET` */
  readonly keyless: ReadonlySet<string>
}

/** Everything committed of a partition. */
export async function readPartition(client: KafkaClient, topic: string, partition: number): Promise<LogRecord[]> {
  const records: LogRecord[] = []
  await client.readAll(topic, partition, (some) => {
    for (const record of some) records.push(record)
  })
  return records
}

/**
 * Work the journal of a run: of each partition the readings below its position, and each entry of the journal topic after
 * the reading that it names.
 * @param positions partition -> offset after the last reading that counts
 */
export function undisturbed(
  settings: Settings,
  log: Log,
  client: KafkaClient,
  positions: ReadonlyMap<number, number>,
): Promise<Undisturbed> {
  return withClosing(async (atEnd) => {
    const served = await openWard({ settings, telemetry: prometheusTelemetry(), log, partitioned: true })
    atEnd(() => served.close())
    const { ward, table } = served
    const prefix = settings.kafka.topicPrefix
    const topic = topicName(prefix, 'readings')
    const decode = recordDecoder({ table, topic, eventTypes: settings.kafka.eventTypes })
    const collected = collector(topic)
    const keyless = new Set<string>()
    let readings = 0
    let entries = 0
    let unplaced = 0
    let swaps = 0
    const seeing = versions(served, settings, decode)
    for (let partition = 0; partition < client.partitions; partition++) {
      const end = positions.get(partition) ?? 0
      const records = (await readPartition(client, topic, partition)).filter(({ offset }) => offset < end)
      const placed = await entriesOf(client, topicName(prefix, 'journal'), partition)
      const owned = new Owned(partition)
      const work = worker(ward, topic, partition)
      const enter = async (entry: JournalEntry, offset: number) => {
        if (entry.entry === 'seen-by') {
          await seeing(entry, partition, records)
          swaps++
        }
        await work(entry, offset)
      }
      const patients = new Set<string>()
      for (let from = 0; from < records.length; from += TOGETHER) {
        const some = records.slice(from, from + TOGETHER)
        const { inputs, offsets } = takeRecords(owned, topic, client.partitions, some, (record) => {
          const decoded = decode(record)
          if (decoded.keyless && decoded.reading) keyless.add(`${partition}/${record.offset}`)
          return decoded
        })
        for (let i = 0; i < inputs.length; i++) {
          const input = inputs[i]!
          const offset = offsets[i]!
          // who sees a patient who is new is said before the first reading
          if (input.kind === 'reading')
            for (const entry of placed.take(input.patientKey, offset - 1)) await enter(entry, offset)
          if (input.kind === 'reading' && !patients.has(input.patientKey)) {
            patients.add(input.patientKey)
            for (const entry of placed.take(input.patientKey, -1)) await enter(entry, offset)
          }
          await work(input, offset)
          if (input.kind !== 'reading') continue
          for (const entry of placed.take(input.patientKey, offset)) await enter(entry, offset)
        }
        await ward.drain()
        collected.take(ward, partition)
      }
      for (const key of placed.keys) {
        if (!patients.has(key)) for (const entry of placed.take(key, -1)) await enter(entry, -1)
        patients.add(key)
      }
      collected.take(ward, partition)
      await ward.state.fetch()
      for (const key of patients) collected.states.set(key, { partition, record: ward.state.save(key)?.record })
      readings += records.length
      entries += placed.count
      unplaced += placed.left
    }
    const { alerts, deadLetters, states } = collected
    return { alerts, deadLetters, states, layouts: ward.state.layouts, readings, entries, swaps, unplaced, keyless }
  })
}

/** Gives one input after the other to the ward, and steps what has to be stepped before it. */
function worker(ward: Ward, source: string, partition: number) {
  const batch = { source, partition, inputs: [], offsets: [], done() {} }
  return async (input: Input, offset: number): Promise<void> => {
    while (!ward.accept(input, batch, offset, 0)) await ward.drain()
  }
}

/**
 * Opens what an entry names, and warms a version by the patient's readings of before as the entry says it was: the
 * patient's own readings alone, in a ward of its own.
 */
function versions({ ward, table, open }: Served, settings: Settings, decode: Decode) {
  const scouts = new Map<string, Detector>()
  return async (entry: EntryOf<'seen-by'>, partition: number, records: readonly LogRecord[]): Promise<void> => {
    const { patientKey, champion, shadow, warmedFrom, afterOffset } = entry
    await ward.drain()
    for (const id of [champion, shadow])
      if (id !== undefined && ward.versions.find(id) === undefined) ward.versions.add(await open(id))
    const session = ward.state.here(partition).find((it) => it.patientKey === patientKey)
    if (warmedFrom === undefined || session === undefined) return
    const before = ward.versions.of(session).all.map(({ id }) => id)
    for (const id of [champion, shadow]) {
      if (id === undefined || before.includes(id)) continue
      const scout = scouts.get(id) ?? (await open(id))
      scouts.set(id, scout)
      const warmUp = new WarmUp(scout, { table, settings, maxBatch: settings.inference.maxBatch }, partition, decode)
      const own = ({ key, offset }: LogRecord) =>
        offset >= warmedFrom && offset <= afterOffset && key?.toString() === patientKey
      await warmUp.take(records.filter(own))
      const known = warmUp.known(session, ward.state.newest(session))
      if (known !== undefined) ward.versions.find(id)!.put(session.slot, known)
    }
  }
}

/** The journal of a partition by the patient and the reading that each entry follows. */
async function entriesOf(client: KafkaClient, topic: string, partition: number) {
  const byPlace = new Map<string, PlacedEntry[]>()
  const keys = new Set<string>()
  let count = 0
  let left = 0
  for (const record of await readPartition(client, topic, partition)) {
    const placed = readJournalEntry(record)
    count++
    left++
    if (isRejection(placed)) continue
    const { patientKey, afterOffset } = placed.entry
    keys.add(patientKey)
    const place = `${afterOffset} ${patientKey}`
    byPlace.set(place, [...(byPlace.get(place) ?? []), placed])
  }
  return {
    keys,
    count,
    /** entries that were not taken */
    get left() {
      return left
    },
    take(patientKey: string, offset: number) {
      const place = `${offset} ${patientKey}`
      const found = byPlace.get(place) ?? []
      byPlace.delete(place)
      left -= found.length
      return found.map(({ entry }) => entry)
    },
  }
}

function collector(topic: string) {
  const alerts = new Map<string, Said[]>()
  const deadLetters = new Map<string, string[]>()
  const states = new Map<string, { partition: number; record: Buffer | undefined }>()
  return {
    alerts,
    deadLetters,
    states,
    take(ward: Ward, partition: number): void {
      for (const output of ward.takeOutputs()) {
        if (output.kind === 'alert') {
          const { body, mode, trace } = output.envelope
          const key = body.subject.patientKey
          const said = {
            eventId: body.eventId,
            body: JSON.stringify(body),
            live: mode === 'live',
            offset: trace.toOffset,
          }
          const known = alerts.get(key)
          if (known) known.push(said)
          else alerts.set(key, [said])
        } else if (output.kind === 'dead-letter') {
          const { rejection, offset } = output
          const id = deadLetterId({ topic: rejection.source ?? topic, partition, offset })
          deadLetters.set(id, [...(deadLetters.get(id) ?? []), rejection.reason])
        }
      }
    },
  }
}
