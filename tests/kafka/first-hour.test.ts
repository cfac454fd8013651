import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { freePorts } from '../../src/broker/free-ports.ts'
import { PLAIN, ROOT } from '../integration/vigil.ts'
import { brokers, wardSettings } from './broker.ts'

/** One command of the page, and the lines that stand beneath it. */
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

/** `…` is anything; a line of the page begins a line of what was said. */
const told = (output: string, line: string) =>
  new RegExp(
    `^${line
      .split('…')
      .map((it) => it.trim().replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}`,
    'm',
  ).test(output)

const jobs: ChildProcess[] = []
afterEach(() => {
  for (const job of jobs) job.kill('SIGKILL')
})

test('docs/runbooks/first-hour.md works as it is written', async () => {
  const { topicPrefix, group } = wardSettings()
  const [one, two] = await freePorts(2)
  // what is other than on a desk: the broker that these tests share, a ward and ports of their own, and no `npx` or `npm` in between
  const other = { '127.0.0.1:19192': brokers[0]!, '18081': `${one}`, '18082': `${two}`, 'vitals.': `${topicPrefix}.` }
  const here = (text: string) =>
    Object.entries({
      'npx vigil': 'exec node bin/vigil.js',
      'npm run kafka --': 'exec node bin/vigil.js kafka',
      ...other,
    }).reduce((now, [from, to]) => now.replaceAll(from, to), text)
  const env = {
    ...PLAIN,
    KAFKA_BROKERS: brokers.join(','),
    VIGIL_KAFKA_TOPIC_PREFIX: topicPrefix,
    VIGIL_KAFKA_GROUP: group,
  }
  const run = (command: string) => {
    const child = spawn('bash', ['-c', command], { cwd: ROOT, env })
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
    return { child, said: () => said, ended: new Promise((done) => child.on('close', done)) }
  }
  const all = steps(readFileSync('docs/runbooks/first-hour.md', 'utf8'))
  expect(all.length).toBeGreaterThan(9)
  for (const { command, lines } of all) {
    const missing = (said: string) => lines.map(here).filter((line) => !told(said, line))
    if (command.startsWith('kill ')) {
      const ended = command.match(/%\d/g)!.map((it) => jobs[Number(it[1]) - 1]!)
      for (const job of ended) job.kill('SIGTERM')
      await expect.poll(() => ended.map(({ exitCode }) => exitCode), { timeout: 20_000 }).toEqual(ended.map(() => 0))
    } else if (command.endsWith(' &')) {
      // variables stand before the program, which bash is to become: then a signal reaches it
      const [, variables, program] = /^((?:\w+=\S+ )*)(.*) &$/.exec(here(command))!
      const { child, said } = run(`${variables === '' ? '' : `export ${variables}; `}${program}`)
      jobs.push(child)
      await expect.poll(() => missing(said()), { timeout: 60_000, message: command }).toEqual([])
    } else {
      const once = async () => {
        const { said, ended } = run(here(command).replace(/^exec /, ''))
        await ended
        return missing(said())
      }
      await expect.poll(once, { timeout: 60_000, interval: 500, message: command }).toEqual([])
    }
  }
}, 240_000)
