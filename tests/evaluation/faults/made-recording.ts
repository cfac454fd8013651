import { C, type Recording } from '../../../src/evaluation/faults/recording.ts'
import { random } from '../../../src/random.ts'

/** A recording from a function of second and channel. */
export function made(seconds: number, value: (second: number, c: number) => number, name = 'made'): Recording {
  const values = Float64Array.from({ length: seconds * C }, (_, i) => value(Math.floor(i / C), i % C))
  return { name, start: Date.UTC(2026, 0, 1), seconds, values }
}

/** A calm patient: whole numbers that wander by one or two. */
export function calm(seed: number, seconds = 480): Recording {
  const { normal } = random(seed)
  const level = [80, 80, 97, 16]
  const wander = new Float64Array(C)
  const rows = Array.from({ length: seconds }, () =>
    level.map((middle, c) => {
      wander[c] = 0.95 * wander[c]! + 0.35 * normal()
      return Math.round(middle + wander[c]!)
    }),
  )
  return made(seconds, (second, c) => rows[second]![c]!, `calm-${seed}`)
}
