import { random } from '../random.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import { OK, type Reading } from '../vitals/reading.ts'

/**
 * Whole sets of hr, pulse, spo2 and resp, once a second: integer random walks around each patient's own resting values.
 * One patient in a hundred has a low saturation from the 90th second on, which alerts.
 */
export function walkingPatients(table: ChannelTable, patients: number): (patient: number, second: number) => Reading {
  const channels = ['hr', 'pulse', 'spo2', 'resp'].map((name) => table.index.get(name)!)
  const statuses = channels.map(() => OK)
  const { uniform } = random(1)
  const start = Date.UTC(2026, 0, 1)
  const keys = Array.from({ length: patients }, (_, i) => `p-${String(i).padStart(7, '0')}`)
  const state = Float64Array.from(
    { length: patients * 3 },
    (_, i) => [70, 97, 16][i % 3]! + Math.round(6 * uniform() - 3),
  )
  return (patient, second) => {
    const at = patient * 3
    for (let i = 0; i < 3; i++) {
      const move = uniform()
      const step = move < 0.1 ? -1 : move > 0.9 ? 1 : 0
      const rest = [70, 97, 16][i]!
      const next = state[at + i]! + step
      if (Math.abs(next - rest) < 8 && next <= (i === 1 ? 100 : 300)) state[at + i] = next
    }
    const low = patient % 100 === 0 && second >= 90
    const hr = state[at]!
    return {
      kind: 'reading',
      patientKey: keys[patient]!,
      encounter: undefined,
      unit: undefined,
      bed: undefined,
      time: start + second * 1000,
      mode: 'test',
      complete: true,
      channels,
      values: [hr, hr, low ? 84 : state[at + 1]!, state[at + 2]!],
      statuses,
      times: undefined,
    }
  }
}
