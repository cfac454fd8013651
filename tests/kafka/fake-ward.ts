import { lastValueFrom } from 'rxjs'
import { decodeAcknowledgement, decodeEncounter } from '../../src/ingest/decode-control.ts'
import { controlDecoder } from '../../src/kafka/control-record.ts'
import { KafkaWard } from '../../src/kafka/kafka-ward.ts'
import type { NewRecord } from '../../src/kafka/port.ts'
import { recordDecoder } from '../../src/kafka/record-decoder.ts'
import { pipeline } from '../../src/stream/pipeline.ts'
import type { KafkaTelemetry, Output, Sink } from '../../src/stream/ports.ts'
import { Ward } from '../../src/stream/ward.ts'
import { channelTable } from '../../src/vitals/channels.ts'
import { Settings } from '../../src/vitals/settings.ts'
import { countingTelemetry } from '../stream/real-ward.ts'
import type { FakeCluster } from './fake-client.ts'

export const T0 = Date.UTC(2026, 0, 5, 12)
const table = channelTable()

/** Readings of one patient, a second apart: the heart stands still where `still` says so. */
export function readings(
  partition: number,
  patient: string,
  seconds: readonly number[],
  still: (second: number) => boolean = () => false,
): NewRecord[] {
  return seconds.map((second) => ({
    topic: 't.readings',
    partition,
    key: patient,
    value: JSON.stringify({
      patient,
      time: T0 + second * 1000,
      complete: true,
      values: { hr: still(second) ? 0 : 70 + (second % 3), spo2: 97 },
    }),
  }))
}

export const seconds = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)

/** A process of Vigil on a cluster in memory: the ward that serves, with limits and NEWS2 alone, and the pipeline around it. */
export function fakeProcess(cluster: FakeCluster, sink: Partial<Sink> = {}, stateIntervalMs = 200) {
  const settings = Settings.parse({
    kafka: { topicPrefix: 't', commitIntervalMs: 10, stateIntervalMs },
    stream: { signalLostSeconds: 3600 },
  })
  const { counts, telemetry } = countingTelemetry()
  const aborted: string[] = []
  const told = { unreadable: 0 }
  const kafka = new Proxy({} as KafkaTelemetry, {
    get: (_, name) => (value: unknown) => {
      if (name === 'aborted') aborted.push(value as string)
      if (name === 'unreadable') told.unreadable += value as number
    },
  })
  const ward = new Ward({
    table,
    detectors: [],
    settings,
    maxBatch: 64,
    telemetry,
    tap: undefined,
    instance: 'test',
    partitioned: true,
    now: () => 0,
  })
  const client = cluster.client()
  const around = new KafkaWard({
    client,
    ward,
    settings: settings.kafka,
    partitions: cluster.partitions,
    maxBatch: 64,
    decode: recordDecoder({ table, topic: 't.readings' }),
    controls: new Map([
      ['t.encounters', controlDecoder('t.encounters', decodeEncounter)],
      ['t.alerts.acks', controlDecoder('t.alerts.acks', decodeAcknowledgement)],
    ]),
    telemetry: kafka,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    now: Date.now,
  })
  const outputs: Output[] = []
  const flushes = pipeline(around.source, ward, {
    sinks: [{ name: 'test', deliver: async (some) => void outputs.push(...some), close: async () => {}, ...sink }],
    committer: around.committer,
    telemetry,
    maxBatch: 64,
    maxWaitMs: 0,
    signalLostSeconds: undefined,
    now: Date.now,
  })
  const ended = lastValueFrom(flushes, { defaultValue: undefined }).then(() => {})
  ended.catch(() => {})
  return { around, client, ward, counts, aborted, told, outputs, ended }
}
