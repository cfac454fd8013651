import type { Random } from '../../random.ts'
import { GATES } from '../gates.ts'

/** How a matrix of weights begins. */
export type Start = 'standard-normal' | 'lecun' | 'glorot' | 'orthogonal' | 'identity'

/**
 * First weights [rows, columns] from inputs (rows) to neurons (columns).
 * * `standard-normal`: N(0, 1), the simplest thing; with 30 inputs every tanh begins saturated.
 * * `lecun`: N(0, 1 / rows), so that inputs of variance 1 make sums of variance 1 (LeCun, Bottou, Orr and Müller 1998).
 * * `glorot`: uniform within sqrt(6 / (rows + columns)), so that signals keep their size forwards and, on average,
 *   backwards (Glorot and Bengio 2010).
 * * `orthogonal`: turns, and neither stretches nor shrinks (Saxe 2014). Square only.
 * * `identity`: a ReLU network that begins by remembering exactly (Le, Jaitly and Hinton, arXiv 1504.00941). Square only.
 * @throws RangeError when a matrix that must be square is not
 */
export function firstMatrix(start: Start, rows: number, columns: number, random: Random): Float64Array {
  if ((start === 'orthogonal' || start === 'identity') && rows !== columns) {
    throw new RangeError(`${start}: ${rows} x ${columns} is not square`)
  }
  if (start === 'orthogonal') return orthogonal(rows, random)
  const matrix = new Float64Array(rows * columns)
  const bound = Math.sqrt(6 / (rows + columns))
  for (let i = 0; i < matrix.length; i++) {
    if (start === 'standard-normal') matrix[i] = random.normal()
    else if (start === 'lecun') matrix[i] = random.normal() / Math.sqrt(rows)
    else if (start === 'glorot') matrix[i] = (2 * random.uniform() - 1) * bound
    else matrix[i] = i % (columns + 1) === 0 ? 1 : 0
  }
  return matrix
}

/**
 * First kernel [I + H, G H] of a recurrent layer with G gates (1 = a plain network): each gate's block begins by
 * itself, for an orthogonal [H, 4H] would be orthogonal in none of them.
 */
export function firstKernel(
  { inputs, hidden, gates }: { inputs: number; hidden: number; gates: number },
  { input, recurrent }: { input: Start; recurrent: Start },
  random: Random,
): Float64Array {
  const width = gates * hidden
  const kernel = new Float64Array((inputs + hidden) * width)
  for (const [start, from, rows] of [[input, 0, inputs] as const, [recurrent, inputs, hidden] as const]) {
    for (let gate = 0; gate < gates; gate++) {
      const block = firstMatrix(start, rows, hidden, random)
      for (let row = 0; row < rows; row++) {
        kernel.set(block.subarray(row * hidden, (row + 1) * hidden), (from + row) * width + gate * hidden)
      }
    }
  }
  return kernel
}

/**
 * First bias [4H] of an LSTM, zero but for
 * * a number: the forget gates' bias. 0 lets half of the cell go at every step; 1 is the usual least (Gers 2000,
 *   Jozefowicz 2015);
 * * `longest`, in steps: chrono (Tallec and Ollivier, arXiv 1804.11188), forget bias ln U(1, longest - 1) and the
 *   opposite on the input gate, so that the units' memories begin spread from one step to `longest`.
 */
export function firstLstmBias(hidden: number, start: number | { longest: number }, random: Random): Float64Array {
  const bias = new Float64Array(GATES.length * hidden)
  const [input, forget] = [GATES.indexOf('input') * hidden, GATES.indexOf('forget') * hidden]
  for (let unit = 0; unit < hidden; unit++) {
    if (typeof start === 'number') bias[forget + unit] = start
    else {
      bias[forget + unit] = Math.log(1 + random.uniform() * (start.longest - 2))
      bias[input + unit] = -bias[forget + unit]!
    }
  }
  return bias
}

/** A random orthogonal matrix [n, n]: Gram and Schmidt on normal rows. */
export function orthogonal(n: number, random: Random): Float64Array {
  const q = new Float64Array(n * n)
  for (let row = 0; row < n; row++) {
    const at = row * n
    for (let i = 0; i < n; i++) q[at + i] = random.normal()
    // twice: once leaves rounding of the order of the cancellation (Giraud 2005)
    for (let pass = 0; pass < 2; pass++) {
      for (let other = 0; other < row; other++) {
        let dot = 0
        for (let i = 0; i < n; i++) dot += q[at + i]! * q[other * n + i]!
        for (let i = 0; i < n; i++) q[at + i]! -= dot * q[other * n + i]!
      }
    }
    let norm = 0
    for (let i = 0; i < n; i++) norm += q[at + i]! ** 2
    norm = Math.sqrt(norm)
    for (let i = 0; i < n; i++) q[at + i]! /= norm
  }
  return q
}
