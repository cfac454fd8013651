import { Command } from 'commander'
import { concatMap, lastValueFrom, merge, NEVER, takeUntil, timer } from 'rxjs'
import { openBroker } from '../broker/open-broker.ts'
import { type AtEnd, withClosing } from '../closing.ts'
import { loadSettings } from '../config.ts'
import { SETTINGS } from '../ingest/simulator/settings.ts'
import { simulatedSource } from '../ingest/simulator/ward.ts'
import { wireReading } from '../ingest/wire-reading.ts'
import { openKafka } from '../kafka/kafkajs/client.ts'
import { partitionOf } from '../kafka/murmur2.ts'
import type { NewRecord } from '../kafka/port.ts'
import { topicName } from '../kafka/topics.ts'
import { createLog } from '../log.ts'
import type { Input } from '../stream/ports.ts'
import { channelTable } from '../vitals/channels.ts'
import type { Episode } from '../vitals/episode.ts'
import { port, positive, whole } from './options.ts'
import { readerGone } from './standard-output.ts'
import { stopSignal } from './stop-signal.ts'

interface KafkaFlags {
  port: number
  beds: number
  seed: number
  for?: number
  config?: string
}

const PORT = 9092
/** The ward goes on for as long as anyone is likely to let it. */
const HOURS = 24 * 365

/** Something to see in the first two beds every ten minutes of the first day. */
const EPISODES: readonly Episode[] = Array.from({ length: 144 }, (_, i) => 70 + 600 * i).flatMap((at): Episode[] => [
  { bed: 1, kind: 'arrhythmia', at, seconds: 60, size: 45 },
  { bed: 2, kind: 'desaturation', at: at + 170, seconds: 150, size: 14 },
])

export function kafkaCommand(): Command {
  return new Command('kafka')
    .description('a Kafka broker for a person, with the topics of Vigil and a simulated ward that sends readings')
    .option('--port <n>', 'port of the broker, where it is started here in Java', port, PORT)
    .option('--beds <n>', 'simulated beds', whole(1), 8)
    .option('--seed <n>', 'another ward', whole(0), 1)
    .option('--for <seconds>', 'stop after this long', positive)
    .option('--config <file>', 'settings, YAML or JSON; those of kafka count, but for the broker')
    .addHelpText(
      'after',
      '\nThe broker is that of KAFKA_BROKERS, else one in Docker, else one in Java (docs/broker.md).' +
        '\n\nExample:\n  vigil kafka --port 19092 --beds 4 --for 60\n',
    )
    .action((flags: KafkaFlags) => withClosing((atEnd) => kafka(flags, atEnd)))
}

async function kafka(flags: KafkaFlags, atEnd: AtEnd): Promise<void> {
  const asked = stopSignal()
  const given = loadSettings(flags.config, process.env)
  const broker = await openBroker({ port: flags.port })
  atEnd(() => broker.stop())
  const settings = { ...given.kafka, brokers: [...broker.brokers] }
  const client = await openKafka(settings, createLog(given.log.level))
  atEnd(() => client.close())
  const writer = await client.writer()
  atEnd(() => writer.close())

  const table = channelTable()
  const topic = topicName(settings.topicPrefix, 'readings')
  function record(input: Input): NewRecord[] {
    if (input.kind !== 'reading') return []
    const key = input.patientKey
    const value = JSON.stringify(wireReading(input, table, 'live'))
    return [{ topic, partition: partitionOf(key, client.partitions), key, value }]
  }
  const ward = simulatedSource(
    {
      setting: SETTINGS.training,
      beds: flags.beds,
      seed: flags.seed,
      hours: HOURS,
      start: Math.ceil(Date.now() / 1000) * 1000,
      episodes: EPISODES,
    },
    table,
    { speed: 1 },
  )
  process.stdout.write(whatNext(settings.brokers.join(','), flags.beds, topic))
  const stopped = merge(asked, readerGone, flags.for === undefined ? NEVER : timer(flags.for * 1000))
  const sent = ward.pipe(
    takeUntil(stopped),
    concatMap((batch) => writer.send(batch.inputs.flatMap(record)).then(() => batch.done())),
  )
  await lastValueFrom(sent, { defaultValue: undefined })
}

function whatNext(brokers: string, beds: number, topic: string): string {
  const where = brokers === `127.0.0.1:${PORT}` ? '' : `VIGIL_KAFKA_BROKERS=${brokers} `
  return `Kafka is at ${brokers}. ${beds} simulated ${beds === 1 ? 'bed sends' : 'beds send'} a reading a second to ${topic}.
Next, in another terminal:
  ${where}npx vigil serve      watches them; about 70 s after its start the first bed has a paroxysm
Ctrl-C stops the broker and throws its data away, if it was started here.
`
}
