import { Command, Option } from 'commander'
import { VigilError } from '../errors.ts'
import { createLog } from '../log.ts'
import { TRAINING_ENGINES, type TrainingEngineName } from '../training/engine.ts'
import { GRAPH_FORMS, type GraphForm } from '../training/onnx/graph.ts'
import { RECALIBRATED, RECIPES } from '../training/recipes/recipes.ts'
import { positive, printJson, whole } from './options.ts'
import { progressLine } from './progress.ts'

interface TrainFlags {
  data: string[]
  out: string
  engine: TrainingEngineName
  seed: number
  keep?: string
  epochs?: number
  threads: number
  form?: GraphForm
  resume?: boolean
  checkpointSeconds?: number
  mapping?: string
  graph?: string
  json?: boolean
}

export function trainCommand(): Command {
  return new Command('train')
    .description('one recipe to a model version: network, ONNX, manifest, golden steps, card')
    .argument('[recipe]', `one of: ${Object.keys(RECIPES).join(', ')}`)
    .requiredOption('--data <dir...>', 'folders of the data as their publisher lays them out; recordings for ward')
    .option('--out <dir>', 'the registry to write to', 'models')
    .addOption(new Option('--engine <name>', 'TensorFlow.js engine').choices(TRAINING_ENGINES).default('auto'))
    .option('--seed <n>', 'the same seed gives the same figures', whole(0), 1)
    .option('--keep <dir>', 'keep finished networks of an ensemble there: a training that was ended goes on with them')
    .option('--epochs <n>', "instead of the recipe's (bedside, ward)", whole(1))
    .option('--threads <n>', 'threads that share the stays of a chunk (bedside, ward)', whole(1), 1)
    .addOption(
      new Option(
        '--form <form>',
        'how the graph is written: by default as is faster on this processor; on a GPU plain products are (bedside, ward)',
      ).choices(GRAPH_FORMS),
    )
    .option('--resume', 'go on where the last training of this recipe, data, seed and engine was ended')
    .option('--checkpoint-seconds <n>', 'between two checkpoints', positive, 30)
    .option('--mapping <file>', 'what the columns of a CSV are, as `vigil replay` takes it (ward)')
    .option('--graph <id>', 'train nothing: calibrate the graph of this version in --out anew, and write it there')
    .option('--json', 'print the metrics as one JSON object on standard output')
    .addHelpText(
      'after',
      '\nExamples (PhysioNet BIDMC, *_Numerics.csv; recordings of a site, in any format that `vigil replay` reads):\n  vigil train bedside --data bidmc --out models\n  vigil train ward --data recordings --out models --resume\n',
    )
    .action(async (name: string | undefined, { json, data, graph, ...flags }: TrainFlags) => {
      if (name === undefined)
        throw new VigilError('usage', 'a recipe is missing; it stands before --data, which takes every word after it')
      const recipe = Object.hasOwn(RECIPES, name) ? RECIPES[name] : undefined
      if (recipe === undefined) {
        throw new VigilError('usage', `there is no recipe "${name}"; there are: ${Object.keys(RECIPES).join(', ')}`)
      }
      const anew = RECALIBRATED[name]
      if (graph !== undefined && anew === undefined)
        throw new VigilError('usage', `the graph of "${name}" is not calibrated apart from its training`)
      const shown = progressLine()
      const watched = process.stderr.isTTY
      const log = (line: string): void => {
        shown.clear()
        if (watched) process.stderr.write(`${line}\n`)
        else logged(line)
      }
      const progress = watched ? shown.tell : everyTenSeconds()
      try {
        const options = { ...flags, dataDirs: data, log, progress }
        const { dir, metrics } = await (graph === undefined ? recipe(options) : anew!(graph, options))
        if (json === true) printJson({ dir, ...metrics })
        else process.stdout.write(`${dir}\n`)
      } finally {
        shown.clear()
      }
    })
}

/** What a machine keeps. */
const logged = (line: string): void => createLog('info').info(line)

/** A log of a long training says how far it is now and then. */
function everyTenSeconds(): (line: () => string) => void {
  let last = performance.now()
  return (line) => {
    if (performance.now() - last < 10_000) return
    last = performance.now()
    logged(line())
  }
}
