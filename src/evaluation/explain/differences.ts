import type { AlertBody } from '../../vitals/alert.ts'

/** The steps from a patient's journal to an alert, in their order. */
export const STEPS = ['model', 'journal', 'frame', 'forecast', 'residual', 'whitening', 'tail', 'policy', 'words', 'signal'] as const // biome-ignore format: one line
export type StepName = (typeof STEPS)[number]

/** One field in which a stored alert and the recomputed one are not the same. */
export interface Difference {
  readonly step: StepName
  /** sequence number of the message */
  readonly seq: number
  /** `channels.0.z` */
  readonly path: string
  /** undefined: not there */
  readonly stored: unknown
  readonly recomputed: unknown
}

/** Which step makes a field; the first pattern that fits. */
const MADE_BY: readonly (readonly [pattern: RegExp, step: StepName])[] = [
  [/^source\b/, 'model'],
  [/^(alertId|eventId|seq|subject|times)\b/, 'journal'],
  [/^channels\.\d+\.expected\b/, 'forecast'],
  [/^channels\.\d+\.z$/, 'residual'],
  [/^channels\.\d+\.contribution$/, 'whitening'],
  [/^channels\.\d+\.limit\b/, 'policy'],
  [/^(channels|context)\b/, 'frame'],
  [/^score\.(threshold|persistence)\b/, 'policy'],
  [/^score\b/, 'tail'],
  [/^(label|explanation)\b/, 'words'],
  [/^signal\b/, 'signal'],
  [/./, 'policy'],
]

/** Every field of one message that differs, the earliest step first. */
export function differencesOf(stored: AlertBody, recomputed: AlertBody): Difference[] {
  const found: Difference[] = []
  walk(stored, recomputed, '', (path, a, b) => {
    const step = MADE_BY.find(([pattern]) => pattern.test(path))![1]
    found.push({ step, seq: stored.seq, path, stored: a, recomputed: b })
  })
  return found.sort((a, b) => STEPS.indexOf(a.step) - STEPS.indexOf(b.step))
}

function walk(a: unknown, b: unknown, path: string, tell: (path: string, a: unknown, b: unknown) => void): void {
  if (a === b) return
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    tell(path, a, b)
    return
  }
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>]
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    walk(left[key], right[key], path === '' ? key : `${path}.${key}`, tell)
  }
}
