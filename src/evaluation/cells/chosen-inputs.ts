import type { HourlyInputs } from '../../inference/hourly/inputs.ts'
import type { ClassifierStay } from '../../training/classifier/cohort.ts'

/** Some inputs of a kind, by their places. */
export function chosenInputs(
  { names, fitted }: HourlyInputs,
  places: readonly number[],
): Pick<HourlyInputs, 'names' | 'fitted'> {
  return { names: places.map((i) => names[i]!), fitted: places.map((i) => fitted[i]!) }
}

/** A stay with some of its inputs: [rows, places]. */
export function withInputs({ x, rows, ...stay }: ClassifierStay, places: readonly number[]): ClassifierStay {
  const width = x.length / rows
  const chosen = new Float32Array(rows * places.length)
  for (let row = 0; row < rows; row++) {
    places.forEach((place, i) => {
      chosen[row * places.length + i] = x[row * width + place]!
    })
  }
  return { ...stay, rows, x: chosen }
}
