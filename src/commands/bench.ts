import { Command, Option } from 'commander'
import { SHIPPED_MODELS } from '../app.ts'
import { benchMemory } from '../bench/memory.ts'
import { benchPipeline } from '../bench/pipeline.ts'
import { benchReplay } from '../bench/replay.ts'
import { stepModel } from '../bench/step-model.ts'
import { loadSettings } from '../config.ts'
import { benchStep } from '../inference/bench-step.ts'
import { createLog } from '../log.ts'
import { benchTrain } from '../training/bench-train.ts'
import { TRAINING_ENGINES, type TrainingEngineName } from '../training/engine.ts'
import { positive, printJson, whole } from './options.ts'

interface StepFlags {
  batch: number
  features?: number
  hidden?: number
  layers?: number
  threads: number
  provider: string
}

interface TrainFlags {
  engine: TrainingEngineName
  features: number
  hidden: number
  layers: number
  batch: number
  chunk: number
  seconds: number
}

/** Settings of a bench: the shipped models, the environment's overrides, and nothing printed but what is wrong. */
function quiet() {
  const settings = loadSettings(undefined, process.env)
  return { settings, log: createLog('warn') }
}

export function benchCommand(): Command {
  const bench = new Command('bench').description('performance, each figure beside its bare anchor in the same run')
  const add = (name: string, description: string, example: string) =>
    bench
      .command(name)
      .description(description)
      .option('--json', 'accepted everywhere; a bench prints one JSON object in any case')
      .addHelpText('after', `\nExample:\n  vigil bench ${example}\n`)

  add('step', 'the step engine against bare onnxruntime, same graph, batch and threads', 'step --batch 1024')
    .option('--batch <n>', 'patients in a step', whole(1), 1024)
    .option('--features <n>', 'inputs, for a graph of this shape instead of the shipped one', whole(4))
    .option('--hidden <n>', 'units of a layer', whole(1))
    .option('--layers <n>', 'LSTM layers', whole(1))
    .option('--threads <n>', 'intra-op threads', whole(1), 1)
    .option('--provider <name>', 'execution provider', 'cpu')
    .action(async ({ batch, features, hidden, layers, threads, provider }: StepFlags) => {
      const graph = await stepModel(SHIPPED_MODELS, { features, hidden, layers })
      const figures = await benchStep({ onnx: graph.onnx, shape: graph.shape, batch, threads, provider })
      printJson({ ...figures, model: graph.model })
    })
  add('pipeline', 'decoded readings in memory -> alerts', 'pipeline --patients 10000')
    .option('--patients <n>', 'patients, one reading a second each', whole(1), 10_000)
    .option('--seconds <n>', 'seconds of the stream', whole(1), 120)
    .option('--batch <n>', 'rows of a step at most', whole(1), 1024)
    .action(async ({ patients, seconds, batch }: { patients: number; seconds: number; batch: number }) => {
      const { settings, log } = quiet()
      settings.inference.maxBatch = batch
      printJson(await benchPipeline(settings, log, patients, seconds))
    })
  add('replay', 'a recorded ward on disk through the serving pipeline', 'replay --beds 50 --hours 24')
    .option('--beds <n>', 'beds, one reading a second each', whole(1), 50)
    .option('--hours <n>', 'hours of the recording', positive, 24)
    .action(async ({ beds, hours }: { beds: number; hours: number }) => {
      const { settings, log } = quiet()
      printJson(await benchReplay(settings, log, beds, hours))
    })
  add('memory', 'resident memory of many patients', 'memory --patients 100000')
    .option('--patients <n>', 'patients', whole(1), 100_000)
    .action(async ({ patients }: { patients: number }) => {
      const { settings, log } = quiet()
      printJson(await benchMemory(settings, log, patients))
    })
  add('train', 'whole updates of the trainer on random input', 'train --engine wasm --batch 128')
    .addOption(new Option('--engine <name>', 'TensorFlow.js engine').choices(TRAINING_ENGINES).default('auto'))
    .option('--features <n>', 'inputs', whole(1), 16)
    .option('--hidden <n>', 'units of a layer', whole(1), 64)
    .option('--layers <n>', 'LSTM layers', whole(1), 2)
    .option('--batch <n>', 'stays side by side', whole(1), 128)
    .option('--chunk <n>', 'steps of one truncated back-propagation', whole(1), 128)
    .option('--seconds <n>', 'how long to measure', positive, 10)
    .action(async (flags: TrainFlags) => printJson(await benchTrain(flags)))
  return bench
}
