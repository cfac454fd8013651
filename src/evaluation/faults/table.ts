import type { FaultsResult } from './evaluate.ts'

const percent = (share: number | null) => (share === null ? '-' : `${(100 * share).toFixed(1)} %`)
const delay = (seconds: number | null) => (seconds === null ? '-' : `${seconds} s`)

/** The result for people: one line a detector, then one a fault. */
export function faultsTable(result: FaultsResult): string {
  const names = Object.keys(result.detectors)
  const lines = [
    `${result.model} on ${result.patients.length} patients nothing was tuned on: ${result.faults} faults, ${result.patientHours} untouched hours`,
    '',
    row('detector', ['found', '95 %', 'false/h', 'median delay']),
    ...names.map((name) => {
      const { sensitivity, interval, falseAlarmsPerPatientHour, medianDelaySeconds } = result.detectors[name]!
      const [low, high] = interval
      return row(name, [
        percent(sensitivity),
        `${(100 * low).toFixed(0)}-${(100 * high).toFixed(0)}`,
        falseAlarmsPerPatientHour.toFixed(2),
        delay(medianDelaySeconds),
      ])
    }),
    '',
    row('found', names),
    ...Object.entries(result.byFault).map(([fault, by]) =>
      row(
        fault,
        names.map((name) => percent(by[name]!.sensitivity)),
      ),
    ),
    '',
    `the alert names the faulty channel first in ${percent(result.topChannel.accuracy)} of ${result.topChannel.found} single-channel faults found`,
  ]
  return `${lines.join('\n')}\n`
}

function row(head: string, cells: readonly string[]): string {
  return [head.padEnd(12), ...cells.map((cell) => cell.padStart(13))].join('')
}
