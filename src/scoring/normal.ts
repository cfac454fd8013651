type Ratio = readonly [above: readonly number[], below: readonly number[]]

// Rational approximations of the normal quantile, AS 241 routine PPND16 (Wichura 1988): relative error about 1e-16.
// Numerator then denominator, highest power first.
// biome-ignore format: a table
const CENTRE: Ratio = [
  [2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946, 1971.5909503065513, 133.14166789178438, 3.3871328727963665],
  [5226.495278852854, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751, 687.1870074920579, 42.31333070160091, 1],
]
// biome-ignore format: a table
const MIDDLE: Ratio = [
  [0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684, 3.6478483247632045, 5.769497221460691, 4.630337846156546, 1.4234371107496835],
  [1.0507500716444169e-9, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008, 0.6897673349851, 1.6763848301838038, 2.053191626637759, 1],
]
// biome-ignore format: a table
const FAR: Ratio = [
  [2.0103343992922881e-7, 2.7115555687434876e-5, 0.0012426609473880784, 0.026532189526576124, 0.29656057182850487, 1.7848265399172913, 5.463784911164114, 6.657904643501103],
  [2.0442631033899397e-15, 1.421511758316446e-7, 1.8463183175100548e-5, 0.0007868691311456133, 0.014875361290850615, 0.1369298809227358, 0.599832206555888, 1],
]

/** num(x) / den(x), both of degree 7 */
function ratio(of: Ratio, x: number): number {
  // not taken apart in the head of the function: that goes through an iterator
  const num = of[0]
  const den = of[1]
  let above = 0
  let below = 0
  for (let i = 0; i < 8; i++) {
    above = above * x + num[i]!
    below = below * x + den[i]!
  }
  return above / below
}

/**
 * Quantile of the standard normal distribution.
 * @param p probability in (0, 1); exact for small p, so pass the smaller tail and flip the sign
 * @returns -Infinity at 0 and Infinity at 1
 */
export function normalQuantile(p: number): number {
  const q = p - 0.5
  if (Math.abs(q) <= 0.425) return q * ratio(CENTRE, 0.180625 - q * q)
  const tail = q < 0 ? p : 1 - p
  if (tail <= 0) return q < 0 ? -Infinity : Infinity
  const r = Math.sqrt(-Math.log(tail))
  const x = r <= 5 ? ratio(MIDDLE, r - 1.6) : ratio(FAR, r - 5)
  return q < 0 ? -x : x
}
