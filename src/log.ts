import { pino } from 'pino'
import type { Settings } from './vitals/settings.ts'

/** JSON lines on standard error. Never a patient, bed, device or alert above debug. */
export type Log = Pick<ReturnType<typeof pino>, 'debug' | 'info' | 'warn' | 'error'>

export function createLog(level: Settings['log']['level']): Log {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2))
}
