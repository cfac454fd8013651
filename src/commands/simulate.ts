import { Command, Option } from 'commander'
import { VigilError } from '../errors.ts'
import { ANCHOR } from '../ingest/recording.ts'
import { checkEpisodes, readEpisodes } from '../ingest/simulator/script.ts'
import { SETTINGS, type WardSetting } from '../ingest/simulator/settings.ts'
import { truthPath, writeWard } from '../ingest/simulator/write.ts'
import { channelTable } from '../vitals/channels.ts'
import { instant, positive, printJson, whole } from './options.ts'
import { progressLine } from './progress.ts'

interface SimulateFlags {
  beds: number
  hours: number
  seed: number
  setting: WardSetting['name']
  start: number
  episodes?: string
  out: string
  json?: boolean
}

export function simulateCommand(): Command {
  return new Command('simulate')
    .description('a simulated ward with its ground truth: readings as NDJSON, and what really happened beside them')
    .requiredOption('--beds <n>', 'beds', whole(1))
    .requiredOption('--hours <n>', 'hours', positive)
    .option('--seed <n>', 'the same seed gives the same bytes', whole(0), 1)
    .addOption(new Option('--setting <name>', 'how the ward is').choices(Object.keys(SETTINGS)).default('training'))
    .option('--start <time>', 'instant of the first reading (ISO 8601 or ms), also the time of day', instant, ANCHOR)
    .option('--episodes <file>', 'what happens, YAML or JSON (docs/contracts/episodes.schema.json)')
    .requiredOption('--out <file>', 'readings, NDJSON; the truth goes to FILE.truth.json beside it')
    .option('--json', 'a summary as one JSON object on standard output')
    .addHelpText('after', '\nExample:\n  vigil simulate --beds 4 --hours 1 --seed 7 --out ward.ndjson\n')
    .action(simulate)
}

async function simulate({ beds, hours, seed, setting, start, episodes, out, json }: SimulateFlags): Promise<void> {
  const script = episodes === undefined ? [] : readEpisodes(episodes)
  checkEpisodes(script, beds, hours, episodes)
  if (episodes !== undefined && (out === episodes || truthPath(out) === episodes))
    throw new VigilError('usage', '--out would overwrite the script of episodes', { place: episodes })
  const progress = progressLine()
  const began = performance.now()
  const ward = { setting: SETTINGS[setting], beds, hours, seed, start, episodes: script }
  const readings = await writeWard(ward, channelTable(), out, (count) =>
    progress.tell(() => `${count} readings of ${Math.round(beds * hours * 3600)}`),
  )
  progress.clear()
  const summary = {
    setting,
    seed,
    beds,
    hours,
    readings,
    episodes: script.length,
    out,
    truth: truthPath(out),
    seconds: Number(((performance.now() - began) / 1000).toFixed(2)),
  }
  if (json === true) printJson(summary)
  else process.stdout.write(`${out}: ${readings} readings of ${beds} beds; ${truthPath(out)}: what really happened\n`)
}
