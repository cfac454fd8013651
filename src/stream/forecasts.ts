import type { VigilError } from '../errors.ts'

/** What an engine made of a round. */
export interface Forecasts {
  /** [count * forecastSize], or why there are none: the rows' hidden states are not to be trusted then */
  readonly given: Float32Array | VigilError
  /** every one of them is a finite number */
  readonly sound: boolean
}

/** Whether `count` of the numbers from `from` on are all finite: any that is not makes their sum one that is not. */
export function areSound(numbers: Float32Array, count: number, from = 0): boolean {
  let sum = 0
  for (let i = from; i < from + count; i++) sum += numbers[i]!
  return Number.isFinite(sum)
}
