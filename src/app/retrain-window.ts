import type { AtEnd } from '../closing.ts'
import { VigilError } from '../errors.ts'
import { siteReading } from '../hl7/site.ts'
import { findRecordings } from '../ingest/find-recordings.ts'
import { openRecording } from '../ingest/recording.ts'
import { openKafka } from '../kafka/kafkajs/client.ts'
import { readKafkaRange } from '../kafka/range.ts'
import { recordDecoder } from '../kafka/record-decoder.ts'
import { topicName } from '../kafka/topics.ts'
import type { Log } from '../log.ts'
import type { Input } from '../stream/ports.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import type { Settings } from '../vitals/settings.ts'

/** What a range of event time is read from, [from, to). */
export interface Range {
  readonly from: number
  readonly to: number
}

/**
 * A range of the readings topic with its journal, one partition after the other.
 * @param take the next fetch is made once it resolves
 * @throws VigilError kafka-*
 */
export async function readTopicRange(
  { kafka }: Settings,
  table: ChannelTable,
  range: Range,
  log: Log,
  atEnd: AtEnd,
  take: (inputs: readonly Input[]) => Promise<void> | void,
): Promise<void> {
  const client = await openKafka(kafka, log)
  atEnd(() => client.close())
  const readings = topicName(kafka.topicPrefix, 'readings')
  const decode = recordDecoder({ table, topic: readings, eventTypes: kafka.eventTypes })
  await readKafkaRange({ client, readings, journal: topicName(kafka.topicPrefix, 'journal'), ...range, decode }, take)
}

/**
 * Recordings, one after the other. One that cannot be read is passed over, and said.
 * @throws VigilError data-missing when there is none at a path, or none can be read
 */
export async function readRecordings(
  { hl7 }: Settings,
  paths: readonly string[],
  table: ChannelTable,
  log: Log,
  take: (inputs: readonly Input[]) => void,
): Promise<void> {
  const found = await findRecordings(paths)
  let read = 0
  for (const path of found) {
    try {
      const options = { table, hl7: () => siteReading(hl7, table) }
      for await (const { inputs } of openRecording(path, options)) take(inputs)
      read++
    } catch (error) {
      if (!(error instanceof VigilError)) throw error
      log.warn({ code: error.code }, `a recording was passed over: ${error.message}`)
    }
  }
  if (read === 0) throw new VigilError('data-missing', 'no recording could be read', { place: paths.join(', ') })
}
