import { readAlert } from '../kafka/alert-record.ts'
import type { LogRecord } from '../kafka/port.ts'
import type { AlertEnvelope } from '../vitals/alert.ts'
import type { Rejection } from '../vitals/rejection.ts'

/** Reads a record of the alerts topic. */
export type ReadAlert = (record: LogRecord) => AlertEnvelope | Rejection

/** Many receivers are told of one record: it is read and checked once for all of them, for as long as it is kept. */
export function recentAlerts(): ReadAlert {
  const recent = new WeakMap<LogRecord, AlertEnvelope | Rejection>()
  return (record) => {
    let read = recent.get(record)
    if (read === undefined) {
      read = readAlert(record)
      recent.set(record, read)
    }
    return read
  }
}
