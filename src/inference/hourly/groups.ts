import { HOURLY_INPUTS } from './kinds.ts'

/** Inputs that say one thing together: everything about one channel, the clock, how often was measured, severity scores. */
export interface InputGroup {
  /** index into the kind's channels; undefined for what is of no one channel */
  readonly channel?: number
  /** what a nurse calls it */
  readonly label: string
  /** indices of the inputs */
  readonly inputs: readonly number[]
}

const TOGETHER: readonly (readonly [label: string, names: RegExp])[] = [
  ['hours in the unit', /^(hours|rows$|first_hour)/],
  ['how often measured', /^(vitals|laboratory):/],
  ['severity scores', /^(sofa|sirs|qsofa|news)/],
]

/** The groups of a kind's inputs, those without an input left out. An input that relates two channels stands in both. */
export function inputGroups(kind: keyof typeof HOURLY_INPUTS): InputGroup[] {
  const { inputs, channels } = HOURLY_INPUTS[kind]
  const of = (says: (name: string) => boolean) => inputs.names.flatMap((name, i) => (says(name) ? [i] : []))
  return [
    ...channels.map(({ name, label }, channel) => ({
      channel,
      label,
      inputs: of((input) => input.split(/[:/*-]/).includes(name)),
    })),
    ...TOGETHER.map(([label, names]) => ({ label, inputs: of((input) => names.test(input)) })),
  ].filter((group) => group.inputs.length > 0)
}
