import { Heartbeat } from '../vitals/heartbeat.ts'
import { type Rejection, reject } from '../vitals/rejection.ts'
import { contractOf, isRejection } from './json-value.ts'
import type { LogRecord, NewRecord } from './port.ts'
import { isKeyOf } from './record-key.ts'

/** A heartbeat: the value is that of `heartbeat.schema.json`, the key the instance. */
export function heartbeatRecord(prefix: string, partition: number, heartbeat: Heartbeat): NewRecord {
  return {
    topic: `${prefix}.status`,
    partition,
    key: heartbeat.instance,
    value: JSON.stringify(heartbeat),
    headers: { 'content-type': 'application/json' },
  }
}

/** A heartbeat read back, or why it is none. */
export function readHeartbeat(record: LogRecord): Heartbeat | Rejection {
  const heartbeat = contractOf(record.value, Heartbeat)
  if (isRejection(heartbeat)) return heartbeat
  if (record.key === null || !isKeyOf(record.key, heartbeat.instance))
    return reject('key-mismatch', "the record's key is not its instance")
  return heartbeat
}
