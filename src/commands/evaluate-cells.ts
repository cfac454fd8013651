import { Command, Option } from 'commander'
import { VigilError } from '../errors.ts'
import { compareBedside } from '../evaluation/cells/bedside.ts'
import { type Comparison, comparisonTable } from '../evaluation/cells/comparison.ts'
import { compareHourly } from '../evaluation/cells/hourly.ts'
import { mortalityTask } from '../evaluation/cells/mortality-task.ts'
import { sepsisTask } from '../evaluation/cells/sepsis-task.ts'
import { compareTranslation } from '../evaluation/cells/translation.ts'
import { CELL_VARIANTS, MISSING_VARIANTS, type Variant } from '../evaluation/cells/variants.ts'
import { openTrainingEngine, TRAINING_ENGINES, type TrainingEngineName } from '../training/engine.ts'
import { printJson, whole, words } from './options.ts'

interface CellFlags {
  physionet2012?: string
  physionet2019?: string
  bidmc?: string
  missing?: boolean
  cells?: string[]
  seeds: number
  hidden: number
  stays: number
  epochs?: number
  engine: TrainingEngineName
  json?: boolean
}

/** `vigil evaluate cells` */
export function cells(): Command {
  return new Command('cells')
    .description('what memory is worth: perceptron, tanh, ReLU, LSTM and GRU on the same tasks, splits and inputs')
    .option('--physionet2012 <dir>', 'death in hospital: PhysioNet/CinC Challenge 2012, sets a and b')
    .option('--physionet2019 <dir>', 'sepsis by the hour: PhysioNet/CinC Challenge 2019, training set B')
    .option('--bidmc <dir>', 'forecasts and translation of vital signs: PhysioNet BIDMC numerics')
    .option('--missing', 'instead of cells: an LSTM with and without mask, age and decay of what is missing')
    .addOption(new Option('--cells <names>', 'of these only; what others are held against is always among them').argParser(words))
    .option('--seeds <n>', 'trainings of each', whole(1), 3)
    .option('--hidden <n>', 'units', whole(1), 32)
    .option('--stays <n>', 'stays at most: of each set (2012), in all (2019)', whole(30), 20_000)
    .option('--epochs <n>', 'instead of each task\'s own', whole(1))
    .addOption(new Option('--engine <name>', 'TensorFlow.js engine').choices(TRAINING_ENGINES).default('auto'))
    .option('--json', 'one JSON object on standard output')
    .addHelpText('after', '\nExample (PhysioNet/CinC Challenge 2012):\n  vigil evaluate cells --physionet2012 challenge-2012 --seeds 1\n')
    .action(async (flags: CellFlags) => {
      await openTrainingEngine(flags.engine)
      const log = (line: string) => void process.stderr.write(`${line}\n`)
      const [all, reference] = flags.missing === true ? [MISSING_VARIANTS, 'all'] : [CELL_VARIANTS, 'lstm']
      const variants = chosen(all, reference as string, flags.cells)
      const comparisons: Comparison[] = []
      const hourly = [[mortalityTask, flags.physionet2012], [sepsisTask, flags.physionet2019]] as const
      for (const [open, dir] of hourly) {
        if (dir === undefined) continue
        comparisons.push(compareHourly(await open(dir, flags.stays, log), variants, reference as string, { ...flags, log }))
      }
      if (flags.bidmc !== undefined) {
        if (flags.missing === true) throw new VigilError('usage', '--missing is about the hourly data, not --bidmc')
        for (const compare of [compareBedside, compareTranslation]) {
          comparisons.push(await compare(flags.bidmc, variants, reference as string, { ...flags, log }))
        }
      }
      if (comparisons.length === 0) throw new VigilError('usage', 'no data: name one folder at least')
      if (flags.json === true) printJson({ comparisons })
      else process.stdout.write(comparisons.map(comparisonTable).join('\n'))
    }) // biome-ignore format: one option a line
}

/** @throws VigilError usage on a name that is none */
function chosen(all: readonly Variant[], reference: string, asked: readonly string[] | undefined): readonly Variant[] {
  if (asked === undefined) return all
  const unknown = asked.filter((name) => !all.some((variant) => variant.name === name))
  if (unknown.length > 0) {
    throw new VigilError('usage', `no variant is named ${unknown.join(', ')}; there are: ${all.map(({ name }) => name).join(', ')}`)
  }
  return all.filter(({ name }) => name === reference || asked.includes(name))
} // biome-ignore format: one line a message
