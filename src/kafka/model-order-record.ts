import { ModelOrder } from '../vitals/model-order.ts'
import { at, type Rejection, reject } from '../vitals/rejection.ts'
import { contractOf, isRejection } from './json-value.ts'
import type { LogRecord, NewRecord } from './port.ts'
import { isKeyOf } from './record-key.ts'

/** An order as the record of one partition; the key is the detector's. */
export function modelOrderRecord(topic: string, partition: number, order: ModelOrder): NewRecord {
  return { topic, partition, key: order.detector, value: JSON.stringify(order) }
}

/** An order read back, or why it is none. */
export function readModelOrder(topic: string, { key, value }: LogRecord): ModelOrder | Rejection {
  const order = contractOf(value, ModelOrder)
  if (isRejection(order)) return at(order, topic)
  if (key !== null && isKeyOf(key, order.detector)) return order
  return at(reject('key-mismatch', "the record's key is not that of the detector in it"), topic)
}
