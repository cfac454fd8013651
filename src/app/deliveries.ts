import type { AtEnd } from '../closing.ts'
import { Follower } from '../delivery/follower.ts'
import type { Receiver, Wanted } from '../delivery/receiver.ts'
import { recentAlerts } from '../delivery/recent-alerts.ts'
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
  const followers: Follower[] = []
  for (const { receiver, wanted } of told) {
    const client = await openKafka({ ...kafka, group: `${kafka.group}-to-${receiver.name}` }, log)
    atEnd(() => client.close())
    const follower = new Follower({ client, receiver, wanted, read, topics, telemetry, log })
    await follower.start()
    atEnd(() => follower.close())
    telemetry.followed(receiver.name)
    followers.push(follower)
  }
  return { ended: Promise.race(followers.map(({ ended }) => ended)) }
}
