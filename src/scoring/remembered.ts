/**
 * A function of one number that keeps its newest answer: what the frames of a ward ask is nearly always the same, a
 * second. The answer is the function's own, to the last bit.
 */
export function remembered(of: (x: number) => number): (x: number) => number {
  let asked = Number.NaN
  let answer = Number.NaN
  return (x) => {
    // never true of NaN, which is asked anew
    if (x !== asked) {
      asked = x
      answer = of(x)
    }
    return answer
  }
}
