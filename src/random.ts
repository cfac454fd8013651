/** A seeded source of randomness: the same seed gives the same sequence on every machine. */
export interface Random {
  /** uniform in [0, 1), 32 bits */
  uniform(): number
  /** standard normal */
  normal(): number
  /** 0..count-1 in random order */
  permutation(count: number): Int32Array
  /** where the sequence is */
  mark(): RandomMark
  /** go on from a mark of any source */
  goTo(mark: RandomMark): void
}

/** A place in a sequence. */
export interface RandomMark {
  readonly state: number
  /** NaN when none */
  readonly spare: number
}

/** Mulberry32 (Tommy Ettinger, public domain); normals by Box and Muller. */
export function random(seed: number): Random {
  let state = seed >>> 0
  let spare = Number.NaN
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const normal = (): number => {
    if (!Number.isNaN(spare)) {
      const kept = spare
      spare = Number.NaN
      return kept
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()))
    const angle = 2 * Math.PI * uniform()
    spare = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }
  const permutation = (count: number): Int32Array => {
    const order = Int32Array.from({ length: count }, (_, i) => i)
    for (let i = count - 1; i > 0; i--) {
      const j = Math.floor(uniform() * (i + 1))
      const kept = order[i]!
      order[i] = order[j]!
      order[j] = kept
    }
    return order
  }
  const mark = (): RandomMark => ({ state, spare })
  const goTo = (to: RandomMark): void => {
    state = to.state
    spare = to.spare
  }
  return { uniform, normal, permutation, mark, goTo }
}
