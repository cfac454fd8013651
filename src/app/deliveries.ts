import type { AtEnd } from '../closing.ts'
import { Follower } from '../delivery/follower.ts'
import type { Receiver, Wanted } from '../delivery/receiver.ts'
import { recentAlerts } from '../delivery/recent-alerts.ts'
import { SharedLog } from '../delivery/shared-log.ts'
import { VigilError } from '../errors.ts'
import { openKafka } from '../kafka/kafkajs/client.ts'
import { topicName } from '../kafka/topics.ts'
import type { Log } from '../log.ts'
import type { DeliveryTelemetry } from '../stream/ports.ts'
import type { Settings } from '../vitals/settings.ts'

/** Who is told of which alerts. */
export interface Told {
  readonly receiver: Receiver
  readonly wanted: Wanted
}

export interface DeliveriesOptions {
  readonly kafka: Settings['kafka']
  readonly told: readonly Told[]
  readonly telemetry: DeliveryTelemetry
  readonly log: Log
}

/**
 * Followers of the alerts topic, one for each receiver and each in a group of its own: a receiver that is down holds up
 * nobody else, and is told what it missed. @returns rejects when a membership is lost for good
 */
export async function openDeliveries(
  options: DeliveriesOptions,
  atEnd: AtEnd,
): Promise<{ readonly ended: Promise<never> }> {
  const { kafka, told, telemetry, log } = options
  const topics = {
    alerts: topicName(kafka.topicPrefix, 'alerts'),
    deadLetters: topicName(kafka.topicPrefix, 'readings.dlq'),
  }
  const read = recentAlerts()
  // on connections of its own: a fetch waits for what comes, and what is asked on the same connection would wait with it
  const shared = await openKafka(kafka, log)
  const ends = new AbortController()
  atEnd(() => shared.close())
  const alerts = new SharedLog({ client: shared, topic: topics.alerts })
  const reading = alerts.run(ends.signal)
  reading.catch(() => {})
  atEnd(() => ends.abort(new VigilError('sink-failed', 'the deliveries end')))
  const followers: Follower[] = []
  for (const { receiver, wanted } of told) {
    const client = await openKafka({ ...kafka, group: `${kafka.group}-to-${receiver.name}` }, log)
    atEnd(() => client.close())
    const follower = new Follower({ client, receiver, wanted, alerts, read, topics, telemetry, log })
    await follower.start()
    atEnd(() => follower.close())
    telemetry.followed(receiver.name)
    followers.push(follower)
  }
  return { ended: Promise.race([reading, ...followers.map(({ ended }) => ended)]) }
}
