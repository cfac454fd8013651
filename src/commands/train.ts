import { Command, Option } from 'commander'
import { VigilError } from '../errors.ts'
import { createLog } from '../log.ts'
import { TRAINING_ENGINES, type TrainingEngineName } from '../training/engine.ts'
import { RECALIBRATED, RECIPES } from '../training/recipes/recipes.ts'
import { printJson, whole } from './options.ts'

interface TrainFlags {
  data: string[]
  out: string
  engine: TrainingEngineName
  seed: number
  keep?: string
  graph?: string
  json?: boolean
}

export function trainCommand(): Command {
  return new Command('train')
    .description('one recipe to a model version: network, ONNX, manifest, golden steps, card')
    .argument('[recipe]', `one of: ${Object.keys(RECIPES).join(', ')}`)
    .requiredOption('--data <dir...>', 'folders of the data as their publisher lays them out')
    .option('--out <dir>', 'the registry to write to', 'models')
    .addOption(new Option('--engine <name>', 'TensorFlow.js engine').choices(TRAINING_ENGINES).default('auto'))
    .option('--seed <n>', 'the same seed gives the same figures', whole(0), 1)
    .option('--keep <dir>', 'keep finished networks of an ensemble there: a training that was ended goes on with them')
    .option('--graph <id>', 'train nothing: calibrate the graph of this version in --out anew, and write it there')
    .option('--json', 'print the metrics as one JSON object on standard output')
    .addHelpText(
      'after',
      '\nExample (PhysioNet BIDMC, *_Numerics.csv):\n  vigil train bedside --data bidmc --out models\n',
    )
    .action(async (name: string | undefined, { data, out, engine, seed, keep, graph, json }: TrainFlags) => {
      if (name === undefined)
        throw new VigilError('usage', 'a recipe is missing; it stands before --data, which takes every word after it')
      const recipe = Object.hasOwn(RECIPES, name) ? RECIPES[name] : undefined
      if (recipe === undefined) {
        throw new VigilError('usage', `there is no recipe "${name}"; there are: ${Object.keys(RECIPES).join(', ')}`)
      }
      const anew = RECALIBRATED[name]
      if (graph !== undefined && anew === undefined)
        throw new VigilError('usage', `the graph of "${name}" is not calibrated apart from its training`)
      const log = process.stderr.isTTY ? said : logged
      const options = { dataDirs: data, out, engine, seed, log, ...(keep === undefined ? {} : { keep }) }
      const { dir, metrics } = await (graph === undefined ? recipe(options) : anew!(graph, options))
      if (json === true) printJson({ dir, ...metrics })
      else process.stdout.write(`${dir}\n`)
    })
}

/** What a person watches, and what a machine keeps. */
const said = (line: string): void => void process.stderr.write(`${line}\n`)
const logged = (line: string): void => createLog('info').info(line)
