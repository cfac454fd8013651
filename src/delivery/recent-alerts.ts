import { readAlert } from '../kafka/alert-record.ts'
import type { LogRecord } from '../kafka/port.ts'
import type { AlertEnvelope } from '../vitals/alert.ts'
import type { Rejection } from '../vitals/rejection.ts'

/** Reads a record of the alerts topic. */
export type ReadAlert = (partition: number, record: LogRecord) => AlertEnvelope | Rejection

/** Messages that are kept read, about 3 KB each. */
const KEPT = 4096

/** Many receivers follow one topic, about as far as each other: each record is read and checked once for all of them. */
export function recentAlerts(kept = KEPT): ReadAlert {
  const recent = new Map<string, AlertEnvelope | Rejection>()
  return (partition, record) => {
    const place = `${partition}/${record.offset}`
    let read = recent.get(place)
    if (read === undefined) {
      read = readAlert(record)
      if (recent.size >= kept) recent.delete(recent.keys().next().value!)
      recent.set(place, read)
    }
    return read
  }
}
