import { existsSync, readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { withClosing } from '../closing.ts'
import { loadSettings } from '../config.ts'
import { VigilError } from '../errors.ts'
import { openRecorded } from '../evaluation/budget/recorded.ts'
import { type Comparison, type ComparisonResult, compareWards } from '../evaluation/compare/compare.ts'
import { comparisonDocument, shownOf } from '../evaluation/compare/report.ts'
import { fillWindows } from '../evaluation/compare/windows.ts'
import { siteReading } from '../hl7/site.ts'
import { findRecordings } from '../ingest/find-recordings.ts'
import { truthPath } from '../ingest/simulator/write.ts'
import { createLog } from '../log.ts'
import { GroundTruth } from '../vitals/episode.ts'
import { openContender } from './contender.ts'
import { printJson } from './options.ts'
import { progressLine } from './progress.ts'
import { checkReportName, provenanceOf, REPORT_FLAG, writeReport } from './report-file.ts'

interface CompareFlags {
  report?: string
  mapping?: string
  zeros?: 'missing' | 'value'
  config?: string
  json?: boolean
}

export function compareCommand(): Command {
  return new Command('compare')
    .description('two models or policies over one stream: alerts only in A, only in B, in both')
    .argument('<a>', 'NAME, NAME@VERSION, NAME,q=0.01 (the same model at another threshold), or a settings file')
    .argument('<b>', 'the other one')
    .argument('<recording...>', 'files, or folders of them')
    .option(...REPORT_FLAG)
    .option('--mapping <file>', 'what the columns of a CSV are')
    .addOption(new Option('--zeros <meaning>', 'what 0 means in the recordings').choices(['missing', 'value']))
    .option('--config <file>', 'settings of both, for what they do not say themselves')
    .option('--json', 'one JSON object on standard output')
    .addHelpText('after', '\nExample:\n  vigil compare bedside bedside,q=0.2 examples/recordings\n')
    .action((a: string, b: string, paths: string[], flags: CompareFlags) => compare(a, b, paths, flags))
}

const compare = (a: string, b: string, paths: readonly string[], flags: CompareFlags): Promise<void> =>
  withClosing(async (atEnd) => {
    checkReportName(flags.report)
    const started = performance.now()
    const recordings = await findRecordings(paths)
    const log = createLog('warn')
    const mine = await openContender(a, flags.config, log, atEnd)
    const theirs = await openContender(b, flags.config, log, atEnd)
    const names = ({ table: { channels } }: typeof mine) => channels.map(({ name }) => name).join()
    if (names(mine) !== names(theirs)) {
      throw new VigilError('usage', 'the two declare different channels: readings of one cannot be read for the other')
    }
    const open = openRecorded(recordings, {
      table: mine.table,
      hl7: () => siteReading(loadSettings(flags.config, process.env).hl7, mine.table),
      ...(flags.mapping !== undefined && { mapping: flags.mapping }),
      ...(flags.zeros !== undefined && { zeros: flags.zeros }),
    })
    const progress = progressLine()
    atEnd(() => progress.clear())
    const tell = (frames: number) => progress.tell(() => `${frames} frames scored by both`)
    const comparison = await compareWards(mine, theirs, open(1), truthOf(recordings), tell)
    if (flags.report !== undefined) await writeComparison(flags.report, comparison)
    progress.clear()
    if (flags.json === true) printJson(comparison.result)
    else process.stdout.write(text(comparison.result))

    async function writeComparison(file: string, of: Comparison): Promise<void> {
      const cards = shownOf(of)
      await fillWindows(open(1), [...cards.onlyA, ...cards.onlyB, ...cards.both].map(({ window }) => window))
      const what = `${recordings.length} recording${recordings.length === 1 ? '' : 's'}: ${paths.map((path) => path.split('/').at(-1)).join(', ')}`
      await writeReport(file, comparisonDocument(of, cards, mine.table, provenanceOf(what, started)))
    } // biome-ignore format: one report
  })

/** What really happened, of every recording that has it beside it; undefined where none has. @throws VigilError recording-format */
function truthOf(recordings: readonly string[]): GroundTruth['episodes'] | undefined {
  const paths = recordings.map(truthPath).filter(existsSync)
  if (paths.length === 0) return undefined
  return paths.flatMap((place) => {
    try {
      return GroundTruth.parse(JSON.parse(readFileSync(place, 'utf8'))).episodes
    } catch (cause) {
      throw new VigilError('recording-format', 'what really happened cannot be read', { place, cause })
    }
  })
}

function text({ a, b, onlyA, onlyB, both, byCode, first, patientDays, patients, differenceInterval }: ComparisonResult): string {
  const rate = ({ name, alarms }: typeof a) => `${name}: ${alarms.perPatientDay} alerts a patient-day (95 % ${alarms.interval.join(' to ')}), ${alarms.callsPerPatientDay} calls`
  const lines = [
    `${patients} patients, ${patientDays} patient-days`,
    `A  ${rate(a)}`,
    `B  ${rate(b)}`,
    `A less B, a patient-day: 95 % ${differenceInterval.map((end) => end.toFixed(2)).join(' to ')}`,
    `only in A ${onlyA}, only in B ${onlyB}, in both ${both} (A first in ${first.a}, B in ${first.b})`,
    ...Object.entries(byCode).map(([code, it]) => `  ${code.padEnd(28)}${String(it.onlyA).padStart(6)}${String(it.onlyB).padStart(6)}${String(it.both).padStart(6)}`),
  ]
  for (const kind of Object.keys(a.lead ?? {})) {
    const [mine, theirs] = [a.lead![kind]!, b.lead![kind]!]
    lines.push(`  ${kind}: A found ${Math.round(mine.found * mine.episodes)} of ${mine.episodes}, ${mine.medianDelayMinutes ?? '-'} min after onset; B ${Math.round(theirs.found * theirs.episodes)}, ${theirs.medianDelayMinutes ?? '-'} min`)
  }
  return `${lines.join('\n')}\n`
} // biome-ignore format: one line, one line
