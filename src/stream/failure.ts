/** of a lane's row: event time since which its model fails the patient (NaN = it does not); 1 = not asked until it is back */
const FAILED_AT = 0
const OFF = 1
export const FAILURE_FIELDS = 2

/** The model does not fail the patient. */
export function resetFailure(page: Float64Array, at: number): void {
  page[at + FAILED_AT] = Number.NaN
  page[at + OFF] = 0
}

/** The model gives nothing of the patient from `time` on, unless it did so before. */
export function noteFailure(page: Float64Array, at: number, time: number): void {
  if (Number.isNaN(page[at + FAILED_AT]!)) page[at + FAILED_AT] = time
}

/** The model gives something again, without having been off. */
export function forgetFailure(page: Float64Array, at: number): void {
  page[at + FAILED_AT] = Number.NaN
}

/** The engine fails the patient: what the model makes of them counts for nothing until `resetFailure`. */
export function switchOff(page: Float64Array, at: number, time: number): void {
  noteFailure(page, at, time)
  page[at + OFF] = 1
}

export const isOff = (page: Float64Array, at: number): boolean => page[at + OFF] === 1

/** Event time since which the model fails the patient, ms; NaN when it does not. */
export const failedSince = (page: Float64Array, at: number): number => page[at + FAILED_AT]!
