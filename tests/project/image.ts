import { readFileSync } from 'node:fs'

/** One stage of the Dockerfile, instruction by instruction. */
export interface Stage {
  readonly from: string
  /** undefined for the last, which is built where none is named */
  readonly name: string | undefined
  readonly lines: readonly string[]
}

/** The stages of the Dockerfile; continued lines are one. */
export function stages(): Stage[] {
  const text = readFileSync('Dockerfile', 'utf8')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
  return text
    .split(/^(?=FROM )/m)
    .filter((it) => it.startsWith('FROM '))
    .map((it) => {
      const lines = it.split('\n').filter((line) => line.trim() !== '')
      const [, from, name] = /^FROM (\S+)(?: AS (\S+))?$/.exec(lines[0]!)!
      return { from: from!, name, lines: lines.slice(1) }
    })
}

/** What stands after an instruction, where there is one. */
export const said = ({ lines }: Stage, instruction: string): string | undefined =>
  lines.find((line) => line.startsWith(`${instruction} `))?.slice(instruction.length + 1)

/** The command that an image starts with, as it is written. */
export const startCommand = (stage: Stage): string[] => [
  ...JSON.parse(said(stage, 'ENTRYPOINT')!),
  ...JSON.parse(said(stage, 'CMD')!),
]

/** The health check's command. */
export const healthCommand = (stage: Stage): string[] =>
  JSON.parse(/CMD (\[.*\])$/.exec(said(stage, 'HEALTHCHECK')!)![1]!)

/** What the image sets in its environment. */
export const environment = (stage: Stage): Record<string, string> =>
  Object.fromEntries([...(said(stage, 'ENV') ?? '').matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, value]))
