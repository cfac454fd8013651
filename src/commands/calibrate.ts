import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { poissonInterval } from '../alerts/alarm-rate.ts'
import { SHIPPED_MODELS } from '../app.ts'
import { type AtEnd, withClosing } from '../closing.ts'
import { VigilError } from '../errors.ts'
import { calibrateThreshold } from '../evaluation/budget/calibration.ts'
import { openRecorded } from '../evaluation/budget/recorded.ts'
import { alarmsStated, ENOUGH_DAYS, siteManifest, writeSiteVersion } from '../evaluation/budget/site-version.ts'
import { openModel } from '../inference/model-store.ts'
import { findRecordings } from '../ingest/find-recordings.ts'
import { evaluatedModel } from './evaluated-model.ts'
import { alarmBudget, printJson } from './options.ts'

interface CalibrateFlags {
  data: string[]
  budget: string
  model: string
  dir: string
  out: string
  as?: string
  mapping?: string
  json?: boolean
}

export function calibrateCommand(): Command {
  return new Command('calibrate')
    .description("a threshold for an alarm budget from a site's own recordings, as a new version of the model")
    .requiredOption('--data <path...>', 'recordings, or folders of them (docs/recordings.md)')
    .requiredOption('--budget <n/patient-day>', 'advisories a patient-day, 1/patient-day say')
    .option('--model <id>', 'the model: NAME or NAME@VERSION', 'bedside')
    .option('--dir <folder>', 'the registry it is in', SHIPPED_MODELS)
    .option('--out <folder>', 'the registry to write to', 'models')
    .option('--as <version>', 'name of the new version; by default that of the old one and the budget')
    .option('--mapping <file>', 'what the columns of a CSV are')
    .option('--json', 'one JSON object on standard output')
    .addHelpText(
      'after',
      '\nExample:\n  vigil calibrate --data examples/recordings --budget 100/patient-day --out my-models\n',
    )
    .action((flags: CalibrateFlags) => withClosing((atEnd) => calibrate(flags, atEnd)))
}

const VERSION = /^[a-z0-9][a-z0-9.-]{0,39}$/

async function calibrate(flags: CalibrateFlags, atEnd: AtEnd): Promise<void> {
  const perDay = alarmBudget(flags.budget)
  const bundle = await openModel(flags.dir, flags.model)
  const { name, version } = bundle.manifest
  const wanted = flags.as ?? `${version}-budget-${perDay}`
  if (!VERSION.test(wanted)) throw new VigilError('usage', `--as ${wanted}: a version is of a-z, 0-9, point and hyphen`)
  const place = join(flags.out, name, wanted)
  if (existsSync(place)) throw new VigilError('usage', 'this version is there already; --as names another', { place })
  const paths = await findRecordings(flags.data)
  const model = await evaluatedModel(flags, atEnd)
  const say = (line: string) => void process.stderr.write(`${line}\n`)
  const mapping = flags.mapping === undefined ? {} : { mapping: flags.mapping }
  const found = await calibrateThreshold(model, openRecorded(paths, { table: model.table, ...mapping }), perDay, say)
  const manifest = siteManifest(bundle.manifest, wanted, perDay, found)
  const dir = await writeSiteVersion(flags.out, bundle, manifest, found)
  const per = (count: number) => Number((count / found.patientDays).toPrecision(4))
  const [low, high] = poissonInterval(found.alarms)
  const result = {
    model: `${name}@${wanted}`,
    dir,
    budget: perDay,
    expected: per(found.alarms),
    interval: [per(low), per(high)],
    q: found.q,
    drift: found.drift,
    calibrated: manifest.calibration.calibrated,
    patients: found.patients,
    patientDays: Number(found.patientDays.toPrecision(4)),
    advisories: found.alarms,
    drifts: found.drifts,
    called: found.called,
    limitAlarms: found.limitAlarms,
    technical: found.technical,
  }
  say(alarmsStated(found))
  if (!result.calibrated) {
    say(`not calibrated: ${result.patientDays} patient-days, and a model may call itself so after ${ENOUGH_DAYS}`)
  }
  if (flags.json === true) return printJson(result)
  process.stdout.write(
    `${dir}: p < ${found.q.toExponential(2)}, drift ${found.drift.toFixed(2)}, ${result.expected} advisories a patient-day (95 % ${per(low)} to ${per(high)}) in these recordings, budget ${perDay}\n`,
  )
}
