import { z } from 'zod'
import { VigilError } from '../../errors.ts'
import { type Bench, FIGURES, type Figure, medianRun, numberAt, type Printed } from './figures.ts'

const Result = z.strictObject({
  command: z.string(),
  runs: z.int().min(1),
  seconds: z.number().describe('wall clock of all runs'),
  load: z.number().describe("the system's load before the first run: what else wanted the cores"),
  /** the median run; and every run's value of each figure that is looked at, by its key */
  printed: z.record(z.string(), z.unknown()),
  values: z.record(z.string(), z.array(z.number())),
})
export type Result = z.infer<typeof Result>

/** What stands beside every figure: where and on what it was measured. */
const About = z.strictObject({
  date: z.string(),
  commit: z.string().describe("a + at its end: the working tree was not the commit's"),
  machine: z.strictObject({ cpu: z.string(), cores: z.int(), memoryGiB: z.number(), system: z.string() }),
  node: z.string(),
  onnxruntime: z.string(),
})
export type About = z.infer<typeof About>

const Row = z.strictObject({
  bench: z.string(),
  key: z.string(),
  what: z.string(),
  unit: z.string(),
  value: z.number(),
  low: z.number(),
  high: z.number(),
  must: z.number().nullable(),
  aim: z.number().nullable(),
  met: z.enum(['aim', 'must', 'missed', 'none']).describe('the harder one that is reached; none: there is no must'),
  before: z.number().nullable().describe('of the last committed report'),
  ratio: z.number().nullable().describe('of before; above 1 is more, whatever is better'),
})
export type Row = z.infer<typeof Row>

/** A run of the suite: `docs/bench/latest.json`. */
export const Report = z.strictObject({
  ...About.shape,
  partial: z.boolean().describe('benches are missing: it was interrupted, one failed, or only some were asked for'),
  figures: z.array(Row),
  missing: z.record(z.string(), z.string()).describe('bench -> why it did not run'),
  before: z.string().nullable().describe('commit of the report that figures are held against'),
  benches: z.record(z.string(), Result),
})
export type Report = z.infer<typeof Report>

/** @throws VigilError config-invalid when the text is no report */
export function readReport(text: string, place: string): Report {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new VigilError('config-invalid', 'the results of the benches are no JSON', { place, cause })
  }
  const parsed = Report.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const why = `${issue?.path.join('.')}: ${issue?.message}`
  throw new VigilError('config-invalid', `these are no results of the benches; ${why}`, { place })
}

/** The runs of one bench, put together. */
export function resultOf({ name, args }: Bench, runs: readonly Printed[], seconds: number, load: number): Result {
  const keys = FIGURES.filter(({ bench }) => bench === name).map(({ key }) => key)
  const values = keys.map((key) => [key, runs.map((it) => numberAt(it, key)).filter((it) => it !== undefined)] as const)
  return {
    command: `vigil bench ${args.join(' ')}`,
    runs: runs.length,
    seconds: Number(seconds.toFixed(1)),
    load: Number(load.toFixed(1)),
    printed: medianRun(runs),
    values: Object.fromEntries(values.filter(([, found]) => found.length > 0)),
  }
}

/** The harder of what is asked of a figure and reached. */
function met({ better, must, aim }: Figure, value: number): Row['met'] {
  const reaches = (wanted: number) => (better === 'more' ? value >= wanted : value <= wanted)
  if (aim !== undefined && reaches(aim)) return 'aim'
  if (must === undefined) return 'none'
  return reaches(must) ? 'must' : 'missed'
}

/** The figures that are looked at, each beside what it has to reach and what it was. */
export function rows(benches: Readonly<Record<string, Result>>, before: Report | undefined): Row[] {
  return FIGURES.flatMap((figure): Row[] => {
    const { bench, key, what, unit } = figure
    const result = benches[bench]
    const value = result && numberAt(result.printed, key)
    if (result === undefined || value === undefined) return []
    const values = result.values[key] ?? [value]
    // another command line, model or engine is another measure
    const last = before?.benches[bench]
    const same = last?.command === result.command && last.printed['engine'] === result.printed['engine']
    const was = same ? numberAt(last.printed, key) : undefined
    return [
      {
        bench,
        key,
        what,
        unit,
        value,
        low: Math.min(...values),
        high: Math.max(...values),
        must: figure.must ?? null,
        aim: figure.aim ?? null,
        met: met(figure, value),
        before: was ?? null,
        ratio: was === undefined || was === 0 ? null : Number((value / was).toFixed(3)),
      },
    ]
  })
}

/** @param wanted the benches of a whole run */
export function reportOf(
  about: About,
  wanted: readonly Bench[],
  benches: Readonly<Record<string, Result>>,
  missing: Readonly<Record<string, string>>,
  before: Report | undefined,
): Report {
  const lacking = wanted.filter(({ name, optional }) => benches[name] === undefined && !(optional && missing[name]))
  const why = Object.fromEntries(lacking.map(({ name }) => [name, missing[name] ?? 'it was not asked for']))
  return {
    ...about,
    partial: lacking.length > 0,
    figures: rows(benches, before),
    missing: { ...missing, ...why },
    before: before?.commit ?? null,
    benches: Object.fromEntries(wanted.flatMap(({ name }) => (benches[name] ? [[name, benches[name]]] : []))),
  }
}

const number = (value: number | null): string => {
  if (value === null) return ''
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 3
  return value.toLocaleString('en', { maximumFractionDigits: digits })
}

const WORDS = { aim: 'aim reached', must: 'must reached', missed: '**missed**', none: '' } as const

/** One Markdown page of a report. */
export function markdown(report: Report): string {
  const { machine, missing } = report
  const heads = ['what', 'measured', 'of the runs', 'must', 'aim', '', 'last', 'ratio', 'bench']
  const lines = report.figures.map((it) => {
    const spread = it.low === it.high ? '' : `${number(it.low)} to ${number(it.high)}`
    const measured = `**${number(it.value)}**${it.unit === '' ? '' : ` ${it.unit}`}`
    return `| ${[it.what, measured, spread, number(it.must), number(it.aim), WORDS[it.met], number(it.before), number(it.ratio), `\`${it.bench}\``].join(' | ')} |`
  })
  const bench = Object.entries(report.benches).map(
    ([name, { command, runs, seconds, load }]) =>
      `| \`${name}\` | \`${command}\` | ${runs} | ${number(seconds)} | ${number(load)} |`,
  )
  const left = Object.entries(missing).map(([name, why]) => `* \`${name}\`: ${why}`)
  return [
    `# Figures of the benches${report.partial ? ' (partial)' : ''}`,
    '',
    'Written by `npm run bench` ([performance](../performance.md)); not by hand.',
    '',
    ...(report.partial ? ['**These results are partial**: not every bench ran.', ''] : []),
    `${report.date}, commit ${report.commit}; ${machine.cores} cores of ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.system}, Node ${report.node}, onnxruntime ${report.onnxruntime}.`,
    `Medians of the runs; on a quiet machine the load before a bench is below 1. \`last\` is ${report.before === null ? 'nothing yet' : `commit ${report.before}`}, \`ratio\` is measured over last.`,
    '',
    `| ${heads.join(' | ')} |`,
    `|${heads.map(() => '---').join('|')}|`,
    ...lines,
    '',
    '| bench | command | runs | s | load before |',
    '|---|---|---|---|---|',
    ...bench,
    '',
    ...(left.length === 0 ? [] : ['Not run:', '', ...left, '']),
  ].join('\n')
}
