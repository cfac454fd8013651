import type { GateVerdict } from '../vitals/gate-verdict.ts'

/** The section of a card that says how a model came to be, and what clinicians said of the alerts of the one before. */
export function gateSection(verdict: GateVerdict): string {
  const { window, primary, conditions, candidates, feedback } = verdict
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 16)
  const number = (value: number | undefined) => (value === undefined ? '' : Number(value.toPrecision(3)).toString())
  const between = (ends: readonly number[] | undefined) => ends?.map(number).join(' to ') ?? ''
  const rows = conditions.map(
    ({ name, champion, challenger, worse, unit, interval, margin, detectable, passes }) =>
    [name, number(champion), number(challenger), `${number(worse)} ${unit}`, between(interval), number(margin), number(detectable), passes ? 'yes' : '**no**'], // biome-ignore format: one row
  )
  const head = [
    'not worse in',
    'champion',
    'challenger',
    'worse by',
    '90 %',
    'allowed',
    'would have been found',
    'passes',
  ]
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const said = feedback.true + feedback.false + feedback.nuisance
  return `
## The gate

${verdict.decision === 'passed' ? 'Passed' : 'Refused'} against ${verdict.champion}: readings from ${day(window.from)} to ${day(window.to)} UTC, ${window.patients.train} patients to train on, ${window.patients.validation} to validate, ${window.patients.calibration} for thresholds, ${window.patients.test} others to judge by, with what is newer than ${day(window.heldOutFrom)} (${number(window.testHours)} hours). Trained ${candidates.map(({ from, validation, chosen }) => `from ${from} (validation ${number(validation)} nats${chosen ? ', chosen' : ''})`).join(' and ')}.

${verdict.reasons.map((reason) => `* ${reason}\n`).join('')}
Likelihood: ${primary.champion.toFixed(4)} to ${primary.challenger.toFixed(4)} nats a value, difference ${number(primary.difference)} (95 % ${between(primary.interval)}); an improvement of ${number(primary.detectable)} would have been found with a chance of 80 %.

${[line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')}

## What clinicians said

${said === 0 ? 'Nobody judged an alert in this window.' : `Of ${said} alerts that were judged in this window: ${feedback.true} true, ${feedback.false} false, ${feedback.nuisance} a nuisance.`}
`
}
