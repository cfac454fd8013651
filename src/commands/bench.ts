import { Command, Option } from 'commander'
import { SHIPPED_MODELS } from '../app.ts'
import { benchHl7 } from '../bench/hl7.ts'
import { benchIdle } from '../bench/idle.ts'
import { benchKafka } from '../bench/kafka.ts'
import type { KafkaFlags } from '../bench/kafka-ward.ts'
import { benchMemory } from '../bench/memory.ts'
import { benchPipeline } from '../bench/pipeline.ts'
import { benchReplay } from '../bench/replay.ts'
import { benchRestore } from '../bench/restore.ts'
import { stepModel } from '../bench/step-model.ts'
import { benchSwap, type SwapFlags } from '../bench/swap.ts'
import { loadSettings } from '../config.ts'
import { VigilError } from '../errors.ts'
import { benchStep } from '../inference/bench-step.ts'
import { PROVIDERS, type Provider } from '../inference/engine.ts'
import { createLog } from '../log.ts'
import { benchTrain } from '../training/bench-train.ts'
import { TRAINING_ENGINES, type TrainingEngineName } from '../training/engine.ts'
import { GRAPH_FORMS, type GraphForm } from '../training/onnx/graph.ts'
import { positive, printJson, whole } from './options.ts'

interface StepFlags {
  batch: number
  features?: number
  hidden?: number
  layers?: number
  form?: GraphForm
  threads: number
  patients?: number
  provider: Provider
}

/** How a ward's networks are stepped. */
interface WardFlags {
  batch: number
  threads: number
  provider: Provider
}

interface TrainFlags {
  engine: TrainingEngineName
  features: number
  hidden: number
  layers: number
  batch: number
  chunk: number
  threads: number
  seconds: number
}

/** Settings of a bench: the environment's overrides, then the flags; and nothing logged but what is wrong. */
function quiet({ batch, threads, provider }: WardFlags) {
  const settings = loadSettings(undefined, process.env)
  Object.assign(settings.inference, { maxBatch: batch, threads, providers: [provider] })
  return { settings, log: createLog('warn') }
}

const threads = () => new Option('--threads <n>', 'intra-op threads').argParser(whole(1)).default(1)
const batch = (what: string) => new Option('--batch <n>', what).argParser(whole(1)).default(1024)
const provider = () => new Option('--provider <name>', 'execution provider').choices(PROVIDERS).default('cpu')

export function benchCommand(): Command {
  const bench = new Command('bench').description('performance, each figure beside its bare anchor in the same run')
  const add = (name: string, description: string, example: string) =>
    bench
      .command(name)
      .description(description)
      .option('--json', 'accepted everywhere; a bench prints one JSON object in any case')
      .addHelpText('after', `\nExample:\n  vigil bench ${example}\n`)

  const addWard = (name: string, description: string, example: string) =>
    add(name, description, example)
      .addOption(batch('rows of a step at most'))
      .addOption(threads())
      .addOption(provider())

  add('step', 'the step engine against bare onnxruntime, same graph, batch and threads', 'step --batch 1024')
    .addOption(batch('patients in a step'))
    .option('--features <n>', 'inputs, for a graph of this shape instead of the shipped one', whole(4))
    .option('--hidden <n>', 'units of a layer', whole(1))
    .option('--layers <n>', 'LSTM layers', whole(1))
    .addOption(new Option('--form <form>', 'how the graph is written, for a fresh one').choices(GRAPH_FORMS))
    .option('--patients <n>', 'patients the batches are drawn from, at least the batch (default: the batch)', whole(1))
    .addOption(threads())
    .addOption(provider())
    .action(async ({ features, hidden, layers, form, patients, ...run }: StepFlags) => {
      if (patients !== undefined && patients < run.batch)
        throw new VigilError('usage', `--patients ${patients} is less than --batch ${run.batch}`)
      const { onnx, shape, model } = await stepModel(SHIPPED_MODELS, { features, hidden, layers, form })
      const drawn = patients === undefined ? {} : { patients }
      printJson({ ...(await benchStep({ onnx, shape, ...run, ...drawn })), model })
    })
  addWard('pipeline', 'decoded readings in memory -> alerts', 'pipeline --patients 10000')
    .option('--patients <n>', 'patients, one reading a second each', whole(1), 10_000)
    .option('--seconds <n>', 'seconds of the stream', whole(1), 120)
    .action(async ({ patients, seconds, ...run }: WardFlags & { patients: number; seconds: number }) => {
      const { settings, log } = quiet(run)
      printJson(await benchPipeline(settings, log, patients, seconds))
    })
  addWard('replay', 'a recorded ward on disk through the serving pipeline', 'replay --beds 50 --hours 24')
    .option('--beds <n>', 'beds', whole(1), 50)
    .option('--hours <n>', 'hours of the recording', positive, 24)
    .option('--cadence-seconds <n>', 'seconds from one reading of a bed to its next', positive, 1)
    .action(
      async ({
        beds,
        hours,
        cadenceSeconds,
        ...run
      }: WardFlags & Record<'beds' | 'hours' | 'cadenceSeconds', number>) => {
        const { settings, log } = quiet(run)
        printJson(await benchReplay(settings, log, { beds, hours, cadenceSeconds }))
      },
    )
  addWard('memory', 'resident memory of many patients', 'memory --patients 100000')
    .option('--patients <n>', 'patients', whole(1), 100_000)
    .action(async ({ patients, ...run }: WardFlags & { patients: number }) => {
      const { settings, log } = quiet(run)
      printJson(await benchMemory(settings, log, patients))
    })
  addWard('kafka', 'Kafka in -> alerts out, beside a consumer that only counts', 'kafka --patients 1000')
    .option('--readings <n>', 'readings that wait in the topic', whole(1), 1_000_000)
    .option('--patients <n>', 'patients, one reading a second each', whole(1), 1000)
    .option('--partitions <n>', 'partitions of the topics', whole(1), 4)
    .option('--paced-at <n>', 'readings a second of the latency run; 0 leaves it out', whole(0), 10_000)
    .option('--paced-seconds <n>', 'seconds of the latency run', whole(1), 30)
    .action(async ({ batch: rows, threads: thread, provider: by, ...flags }: WardFlags & KafkaFlags) => {
      const { settings, log } = quiet({ batch: rows, threads: thread, provider: by })
      printJson(await benchKafka(settings, log, flags))
    })
  addWard('restore', 'saved patients, watched anew by a process that knows nothing', 'restore --patients 10000')
    .option('--patients <n>', 'patients in the changelog', whole(1), 10_000)
    .option('--partitions <n>', 'partitions of the topics', whole(1), 4)
    .action(async ({ patients, partitions, ...run }: WardFlags & { patients: number; partitions: number }) => {
      const { settings, log } = quiet(run)
      printJson(await benchRestore(settings, log, patients, partitions))
    })
  addWard('idle', 'what the service costs while nothing arrives', 'idle --partitions 16')
    .option('--partitions <n>', 'partitions of the topics', whole(1), 16)
    .option('--seconds <n>', 'how long to measure', positive, 30)
    .action(async ({ partitions, seconds, ...run }: WardFlags & { partitions: number; seconds: number }) => {
      const { settings, log } = quiet(run)
      printJson(await benchIdle(settings, log, partitions, seconds))
    })
  add('hl7', 'HL7 bytes to readings in one process, beside splitting the same text', 'hl7 --observations 12')
    .option('--observations <n>', 'observations of a message', whole(1), 12)
    .option('--patients <n>', 'patients, one message each', whole(1), 1000)
    .option('--seconds <n>', 'how long to measure', positive, 10)
    .action((flags: { observations: number; patients: number; seconds: number }) => printJson(benchHl7(flags)))
  addWard('swap', "a ward whose model's versions change hands: how late a tick is", 'swap --patients 1000')
    .option('--patients <n>', 'patients, one reading a second each', whole(1), 1000)
    .option('--partitions <n>', 'partitions of the topics', whole(1), 4)
    .option('--seconds <n>', 'seconds of each phase; of the first one three times as long', positive, 20)
    .option('--hidden <n>', "units of a layer of the other version's network", whole(1), 64)
    .option('--layers <n>', 'LSTM layers of it', whole(1), 2)
    .action(async ({ batch: rows, threads: thread, provider: by, ...flags }: WardFlags & SwapFlags) => {
      const { settings, log } = quiet({ batch: rows, threads: thread, provider: by })
      printJson(await benchSwap(settings, log, flags))
    })
  add('train', 'whole updates of the trainer on random input', 'train --engine wasm --batch 128')
    .addOption(new Option('--engine <name>', 'TensorFlow.js engine').choices(TRAINING_ENGINES).default('auto'))
    .option('--features <n>', 'inputs', whole(1), 16)
    .option('--hidden <n>', 'units of a layer', whole(1), 64)
    .option('--layers <n>', 'LSTM layers', whole(1), 2)
    .option('--batch <n>', 'stays side by side', whole(1), 128)
    .option('--chunk <n>', 'steps of one truncated back-propagation', whole(1), 128)
    .option('--threads <n>', 'threads that share the stays of a chunk', whole(1), 1)
    .option('--seconds <n>', 'how long to measure', positive, 10)
    .action(async (flags: TrainFlags) => {
      const { seconds } = flags
      printJson({ ...(await benchTrain(flags)), seconds, model: 'fresh weights' })
    })
  return bench
}
