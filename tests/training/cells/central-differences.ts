/**
 * The slope of a function of some numbers by each of them, by moving each a little both ways. In doubles the error is
 * about 1e-10 of the function's own size.
 * @param numbers moved in place and put back
 */
export function centralDifferences(numbers: Float64Array, of: () => number, step = 1e-5): Float64Array {
  return Float64Array.from(numbers, (value, i) => {
    const at = (moved: number) => {
      numbers[i] = moved
      return of()
    }
    const slope = (at(value + step) - at(value - step)) / (2 * step)
    numbers[i] = value
    return slope
  })
}
