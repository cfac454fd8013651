import { spawn } from 'node:child_process'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openBroker } from '../../broker/open-broker.ts'
import { withClosing } from '../../closing.ts'
import { VigilError } from '../../errors.ts'
import { BENCHES, type Bench, type Printed } from './figures.ts'
import { aboutHere, lastReport } from './machine.ts'
import { type About, markdown, type Report, type Result, readReport, reportOf, resultOf } from './report.ts'

const VIGIL = fileURLToPath(new URL('../../../bin/vigil.js', import.meta.url))

/** A run that takes longer is ended, and its bench has failed, ms. */
const LONGEST_MS = 300_000

export interface SuiteOptions {
  /** where the results are kept: `latest.json` and `latest.md` of a whole run, `partial.json` and `partial.md` of any other */
  readonly out: string
  /** names of benches; all of them when undefined */
  readonly only?: readonly string[] | undefined
  /** keep what the partial results have, and run the rest */
  readonly goOn?: boolean | undefined
  /** each bench so often, instead of as often as the table says */
  readonly runs?: number | undefined
  /** told of each run that ends */
  readonly say: (line: string) => void
  /** aborted when the run shall end now */
  readonly signal: AbortSignal
  /** those of a whole run */
  readonly benches?: readonly Bench[]
}

/**
 * Run benches one after the other, each in a process of its own, and keep what they say. A bench that fails takes no other
 * with it. Half a run never takes the place of a whole one.
 * @throws VigilError usage when a bench is unknown or the partial results are of another commit or machine; bench-partial when it
 *   was interrupted or a bench failed, after the partial results were written
 */
export async function runSuite(options: SuiteOptions): Promise<Report> {
  const { out, only, goOn = false, runs, say, signal, benches = BENCHES } = options
  const unknown = only?.filter((name) => !benches.some((it) => it.name === name)) ?? []
  if (unknown.length > 0)
    throw new VigilError(
      'usage',
      `no bench is named ${unknown.join(', ')}; there are ${benches.map((it) => it.name).join(', ')}`,
    )
  await mkdir(out, { recursive: true })
  const about = await aboutHere(out, new Date())
  const before = await lastReport(out, 'latest.json')
  const kept = goOn ? await keptOf(out, about) : {}
  const due = benches
    .filter(({ name }) => kept[name] === undefined && (only?.includes(name) ?? true))
    .map((bench) => ({ ...bench, runs: runs ?? bench.runs }))
  const { done, missing } = await ran(due, say, signal)
  const report = reportOf(about, benches, { ...kept, ...done }, missing, before)
  await write(out, report)
  const failed = due.filter(({ name, optional }) => done[name] === undefined && !optional)
  if (failed.length > 0) {
    const why = failed.map(({ name }) => `${name}: ${missing[name]}`).join('; ')
    throw new VigilError('bench-partial', `${failed.length} of ${due.length} benches are missing (${why})`, {
      place: join(out, 'partial.md'),
    })
  }
  return report
}

/** The finished benches of partial results. */
async function keptOf(out: string, about: About): Promise<Report['benches']> {
  const place = join(out, 'partial.json')
  const text = await readFile(place, 'utf8').catch(() => undefined)
  if (text === undefined) return {}
  const { commit, machine, node, benches } = readReport(text, place)
  if (commit === about.commit && node === about.node && JSON.stringify(machine) === JSON.stringify(about.machine))
    return benches
  throw new VigilError('usage', `the partial results are of commit ${commit}, or of another machine or Node`, { place })
}

async function ran(due: readonly Bench[], say: SuiteOptions['say'], signal: AbortSignal) {
  const done: Record<string, Result> = {}
  const missing: Record<string, string> = {}
  await withClosing(async (atEnd) => {
    let environment: Promise<NodeJS.ProcessEnv> | undefined
    /** one broker for all benches that want one, on topics and groups of their own */
    const withBroker = async (): Promise<NodeJS.ProcessEnv> => {
      const broker = await openBroker({ say })
      atEnd(() => broker.stop())
      return { ...process.env, KAFKA_BROKERS: broker.brokers.join(',') }
    }
    for (const bench of due) {
      const { name, args, runs } = bench
      const began = performance.now()
      const [load] = loadavg() as [number]
      try {
        const printed: Printed[] = []
        if (bench.broker) environment ??= withBroker()
        const env = bench.broker ? await environment! : process.env
        while (printed.length < runs) {
          printed.push(await printedBy(args, env, signal))
          say(`${name}: run ${printed.length} of ${runs}, ${seconds(began).toFixed(0)} s`)
        }
        done[name] = resultOf(bench, printed, seconds(began), load)
      } catch (error) {
        missing[name] = error instanceof Error ? error.message : String(error)
        say(`${name}: ${missing[name]}`)
      }
    }
  })
  return { done, missing }
}

const seconds = (began: number): number => (performance.now() - began) / 1000

/** One bench in a process of its own. @returns what it printed @throws Error with the last line of what it complained of */
async function printedBy(args: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Printed> {
  if (signal.aborted) throw new Error('interrupted')
  const child = spawn(process.execPath, [VIGIL, 'bench', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const stop = () => void child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), LONGEST_MS)
  signal.addEventListener('abort', stop)
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const code = await new Promise<number | string>((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code, by) => resolve(code ?? by ?? 'nothing'))
  })
  clearTimeout(late)
  signal.removeEventListener('abort', stop)
  if (signal.aborted) throw new Error('interrupted')
  if (code !== 0) throw new Error(stderr.trim().split('\n').at(-1) || `it ended with ${code}`)
  return JSON.parse(stdout) as Printed
}

async function write(out: string, report: Report): Promise<void> {
  const name = report.partial ? 'partial' : 'latest'
  const texts = { json: `${JSON.stringify(report, null, 2)}\n`, md: markdown(report) }
  for (const [kind, text] of Object.entries(texts)) {
    const path = join(out, `${name}.${kind}`)
    await writeFile(`${path}.tmp`, text)
    await rename(`${path}.tmp`, path)
    if (!report.partial) await rm(join(out, `partial.${kind}`), { force: true })
  }
}
