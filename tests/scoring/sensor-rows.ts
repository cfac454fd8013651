import { Page } from '../../src/scoring/page.ts'
import { readSensors, sensorNumbers, writeSensors } from '../../src/scoring/sensor-numbers.ts'
import { resetSensors } from '../../src/scoring/sensor-row.ts'
import type { SensorPlan } from '../../src/scoring/sensors.ts'

/** A row of sensors as plain numbers. */
export function numbers(plan: SensorPlan, state: Page): Float64Array {
  const read = new Float64Array(sensorNumbers(plan))
  readSensors(plan, state, 0, read, 0)
  return read
}

/** A row made of another's numbers. */
export function restored(plan: SensorPlan, state: Page): Page {
  const copy = new Page(plan.stateSize)
  resetSensors(plan, copy, 0)
  writeSensors(plan, copy, 0, numbers(plan, state), 0)
  return copy
}
