import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { PLAIN, ROOT } from './vigil.ts'

/** One command of a page, and the lines that stand beneath it. */
interface Step {
  readonly command: string
  readonly lines: readonly string[]
}

function steps(page: string): Step[] {
  return [...page.matchAll(/```console\n([\s\S]*?)```/g)].flatMap(([, block]) =>
    block!
      .split(/^\$ /m)
      .slice(1)
      .map((it) => {
        const [command, ...lines] = it.trimEnd().split('\n')
        return { command: command!, lines }
      }),
  )
}

/** `…` is anything; a line of the page begins a line of what was said, indented or not. */
const told = (output: string, line: string) =>
  new RegExp(
    `^[ \\t]*${line
      .split('…')
      .map((it) => it.trim().replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}`,
    'm',
  ).test(output)

export interface Walk {
  /** what is other here than on a desk: ports, a broker, an id */
  readonly other?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  /** where it is walked */
  readonly cwd?: string
  /** told each command's output: what is other from there on */
  readonly learned?: (command: string, said: string) => Readonly<Record<string, string>>
}

/**
 * Walks a page: every command of its `console` blocks as it stands, one after the other, until it says what stands beneath.
 * One that ends in `&` is left running, and `kill %1` ends the first of those.
 * @returns how many commands there were
 */
export async function walk(path: string, { other = {}, env = {}, cwd = ROOT, learned }: Walk = {}): Promise<number> {
  const vigil = join(ROOT, 'bin/vigil.js')
  // no `npx` or `npm` in between, so that a signal reaches the program
  const changed = { 'npx vigil': `node ${vigil}`, 'npm run kafka --': `node ${vigil} kafka`, ...other }
  const here = (text: string) =>
    Object.entries(changed).reduce((now, [from, to]) => now.replaceAll(from, () => to), text)
  const jobs: ChildProcess[] = []
  const run = (command: string) => {
    const child = spawn('bash', ['-c', command], { cwd, env: { ...PLAIN, ...env } })
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
    return { child, said: () => said, ended: new Promise((done) => child.on('close', done)) }
  }
  const all = steps(readFileSync(path, 'utf8'))
  try {
    for (const { command, lines } of all) {
      const missing = (said: string) => lines.map(here).filter((line) => !told(said, line))
      if (command.startsWith('kill ')) {
        const ended = command.match(/%\d/g)!.map((it) => jobs[Number(it[1]) - 1]!)
        for (const job of ended) job.kill('SIGTERM')
        await expect.poll(() => ended.map(({ exitCode }) => exitCode), { timeout: 20_000 }).toEqual(ended.map(() => 0))
      } else if (command.endsWith(' &')) {
        // variables stand before the program, which bash is to become
        const [, variables, program] = /^((?:\w+=\S+ )*)(.*) &$/.exec(here(command))!
        const { child, said } = run(`${variables === '' ? '' : `export ${variables}; `}exec ${program}`)
        jobs.push(child)
        await expect.poll(() => missing(said()), { timeout: 60_000, message: command }).toEqual([])
      } else {
        let last = ''
        const once = async () => {
          const { said, ended } = run(here(command))
          await ended
          last = said()
          return missing(last)
        }
        await expect.poll(once, { timeout: 90_000, interval: 500, message: command }).toEqual([])
        Object.assign(changed, learned?.(command, last))
      }
    }
  } finally {
    for (const job of jobs) job.kill('SIGKILL')
  }
  return all.length
}
