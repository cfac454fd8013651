import { Command, Option } from 'commander'
import { SHIPPED_MODELS } from '../app.ts'
import { benchCatchUp, type CatchUpFlags } from '../bench/catchup.ts'
import { benchFanout } from '../bench/fanout/bench.ts'
import type { FanoutFlags } from '../bench/fanout/fanned.ts'
import { benchHl7 } from '../bench/hl7.ts'
import { benchIdle } from '../bench/idle.ts'
import { benchKafka } from '../bench/kafka.ts'
import type { KafkaFlags } from '../bench/kafka-ward.ts'
import { benchLatency, type LatencyFlags } from '../bench/latency.ts'
import { benchMemory } from '../bench/memory.ts'
import { benchPipeline } from '../bench/pipeline.ts'
import { benchReplay } from '../bench/replay.ts'
import { benchRestore } from '../bench/restore.ts'
import { stepBatches } from '../bench/step-batches.ts'
import { stepModel } from '../bench/step-model.ts'
import { benchSwap, type SwapFlags } from '../bench/swap.ts'
import { loadSettings } from '../config.ts'
import { VigilError } from '../errors.ts'
import { PROVIDERS, type Provider } from '../inference/engine.ts'
import { createLog } from '../log.ts'
import { benchTrain } from '../training/bench-train.ts'
import { TRAINING_ENGINES, type TrainingEngineName } from '../training/engine.ts'
import { GRAPH_FORMS, type GraphForm } from '../training/onnx/graph.ts'
import { allCommand } from './bench-all.ts'
import { measured } from './bench-measured.ts'
import { scaleCommand } from './bench-scale.ts'
import { between, positive, whole, wholes } from './options.ts'

interface StepFlags {
  batch: readonly number[]
  features?: number
  hidden?: number
  layers?: number
  form?: GraphForm
  threads: number
  workers: readonly number[]
  patients?: number
  provider: Provider
}

/** How a ward's networks are stepped. */
interface WardFlags {
  batch: number
  threads: number
  workers: number
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

/** How a ward's alerts are committed; the settings' own when absent. */
interface Committing {
  commitIntervalMs?: number | undefined
  delivery?: 'exactly-once' | 'at-least-once' | undefined
}

/** Settings of a bench: the environment's overrides, then the flags; and nothing logged but what is wrong. */
function quiet({ batch, threads, workers, provider }: WardFlags) {
  const of = quietly()
  Object.assign(of.settings.inference, { maxBatch: batch, threads, workers, providers: [provider] })
  return of
}

/** The flags of a bench parted: settings and log of the ward that it runs, and those that are its own. */
function parted<Flags extends WardFlags & Committing>(all: Flags) {
  const { batch, threads, workers, provider, commitIntervalMs, delivery, ...flags } = all
  const { settings, log } = quiet({ batch, threads, workers, provider })
  if (commitIntervalMs !== undefined) settings.kafka.commitIntervalMs = commitIntervalMs
  if (delivery !== undefined) settings.kafka.delivery = delivery
  return { settings, log, flags }
}

const quietly = () => ({ settings: loadSettings(undefined, process.env), log: createLog('warn') })

const threads = () => new Option('--threads <n>', 'intra-op threads').argParser(whole(1)).default(1)
const batch = (what: string) => new Option('--batch <n>', what).argParser(whole(1)).default(1024)
const partitions = (of: number) =>
  new Option('--partitions <n>', 'partitions of the topics').argParser(whole(1)).default(of)
const warmSeconds = () =>
  new Option('--warm-seconds <n>', 'seconds before anything of the latency counts').argParser(whole(1)).default(5)
const commitInterval = () =>
  new Option('--commit-interval-ms <n>', 'longest time between two commits of a partition').argParser(between(10, 5000))
const delivery = () => new Option('--delivery <mode>', 'how alerts leave').choices(['exactly-once', 'at-least-once'])
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
      .option('--workers <n>', 'step workers', whole(1), 1)
      .addOption(provider())

  add('step', 'the step engine against bare onnxruntime, same graph, batch and threads', 'step --batch 1024')
    .addOption(
      new Option('--batch <n,...>', 'patients in a step; several are measured one after the other')
        .argParser(wholes(1))
        .default([1024], '1024'),
    )
    .option('--features <n>', 'inputs, for a graph of this shape instead of the shipped one', whole(4))
    .option('--hidden <n>', 'units of a layer', whole(1))
    .option('--layers <n>', 'LSTM layers', whole(1))
    .addOption(new Option('--form <form>', 'how the graph is written, for a fresh one').choices(GRAPH_FORMS))
    .option('--patients <n>', 'patients the batches are drawn from, at least the batch (default: the batch)', whole(1))
    .addOption(threads())
    .addOption(
      new Option('--workers <n,...>', 'step workers; several are compared in turns')
        .argParser(wholes(1))
        .default([1], '1'),
    )
    .addOption(provider())
    .action(async ({ features, hidden, layers, form, patients, ...run }: StepFlags) => {
      const largest = Math.max(...run.batch)
      if (patients !== undefined && patients < largest)
        throw new VigilError('usage', `--patients ${patients} is less than --batch ${largest}`)
      const made = await stepModel(SHIPPED_MODELS, { features, hidden, layers, form })
      await measured('step', run, (found) => stepBatches({ ...made, ...run, patients }, found))
    })
  addWard('pipeline', 'decoded readings in memory -> alerts', 'pipeline --patients 10000')
    .option('--patients <n>', 'patients, one reading a second each', whole(1), 10_000)
    .option('--seconds <n>', 'seconds of the stream', whole(1), 120)
    .action(({ patients, seconds, ...run }: WardFlags & { patients: number; seconds: number }) => {
      const { settings, log } = quiet(run)
      return measured('pipeline', { patients, seconds, ...run }, () => benchPipeline(settings, log, patients, seconds))
    })
  addWard('replay', 'a recorded ward on disk through the serving pipeline', 'replay --beds 50 --hours 24')
    .option('--beds <n>', 'beds', whole(1), 50)
    .option('--hours <n>', 'hours of the recording', positive, 24)
    .option('--cadence-seconds <n>', 'seconds from one reading of a bed to its next', positive, 1)
    .action((all: WardFlags & Record<'beds' | 'hours' | 'cadenceSeconds', number>) => {
      const { settings, log, flags } = parted(all)
      return measured('replay', flags, () => benchReplay(settings, log, flags))
    })
  addWard('memory', 'resident memory of many patients', 'memory --patients 100000')
    .option('--patients <n>', 'patients', whole(1), 100_000)
    .option('--frames-per-patient <n>', 'frames that each has seen', whole(1), 120)
    .action(({ patients, framesPerPatient, ...run }: WardFlags & { patients: number; framesPerPatient: number }) => {
      const { settings, log } = quiet(run)
      const flags = { patients, framesPerPatient }
      return measured('memory', { ...flags, ...run }, () => benchMemory(settings, log, flags))
    })
  addWard('kafka', 'Kafka in -> alerts out, beside a consumer that only counts', 'kafka --patients 1000')
    .option('--readings <n>', 'readings that wait in the topic', whole(1), 1_000_000)
    .option('--patients <n>', 'patients, one reading a second each', whole(1), 1000)
    .addOption(partitions(4))
    .option('--paced-at <n>', 'readings a second of the latency run; 0 leaves it out', whole(0), 10_000)
    .option('--paced-seconds <n>', 'seconds of the latency run that count', whole(1), 30)
    .addOption(warmSeconds())
    .addOption(commitInterval())
    .addOption(delivery())
    .action((all: WardFlags & KafkaFlags & Committing) => {
      const { settings, log, flags } = parted(all)
      return measured('kafka', flags, () => benchKafka(settings, log, flags))
    })
  addWard(
    'latency',
    'how long an alert takes, and how large steps are, at several loads',
    'latency --paced-at 1000,10000',
  )
    .addOption(
      new Option('--paced-at <n,...>', 'readings a second; several are measured one after the other')
        .argParser(wholes(1))
        .default([1000, 2000, 5000, 10_000, 20_000, 40_000, 60_000], '1000,2000,5000,10000,20000,40000,60000'),
    )
    .option('--patients <n>', 'patients, who share the readings', whole(1), 1000)
    .addOption(partitions(4))
    .option('--paced-seconds <n>', 'seconds of each load that count', whole(1), 10)
    .addOption(warmSeconds())
    .addOption(commitInterval())
    .addOption(delivery())
    .action((all: WardFlags & LatencyFlags & Committing) => {
      const { settings, log, flags } = parted(all)
      return measured('latency', flags, (found) => benchLatency(settings, log, flags, found))
    })
  addWard(
    'catchup',
    'a service that was away while readings went on: how fast it is level again',
    'catchup --pause-seconds 30',
  )
    .option('--patients <n>', 'patients, one reading a second each', whole(1), 20_000)
    .addOption(partitions(4))
    .option('--pause-seconds <n>', 'how long nobody watches', positive, 120)
    .option('--live-seconds <n>', 'seconds of watching before and after', positive, 10)
    .action((all: WardFlags & CatchUpFlags) => {
      const { settings, log, flags } = parted(all)
      return measured('catchup', flags, () => benchCatchUp(settings, log, flags))
    })
  addWard('restore', 'saved patients, watched anew by a process that knows nothing', 'restore --patients 10000')
    .option('--patients <n>', 'patients in the changelog', whole(1), 10_000)
    .addOption(partitions(4))
    .action(({ patients, partitions, ...run }: WardFlags & { patients: number; partitions: number }) => {
      const { settings, log } = quiet(run)
      const flags = { patients, partitions, ...run }
      return measured('restore', flags, () => benchRestore(settings, log, patients, partitions))
    })
  addWard('idle', 'what the service costs while nothing arrives', 'idle --partitions 16')
    .addOption(partitions(16))
    .option('--seconds <n>', 'how long to measure', positive, 30)
    .action(({ partitions, seconds, ...run }: WardFlags & { partitions: number; seconds: number }) => {
      const { settings, log } = quiet(run)
      return measured('idle', { partitions, seconds, ...run }, () => benchIdle(settings, log, partitions, seconds))
    })
  add('hl7', 'HL7 bytes to readings in one process, beside splitting the same text', 'hl7 --observations 12')
    .option('--observations <n>', 'observations of a message', whole(1), 12)
    .option('--patients <n>', 'patients, one message each', whole(1), 1000)
    .option('--seconds <n>', 'how long to measure', positive, 10)
    .action((flags: { observations: number; patients: number; seconds: number }) =>
      measured('hl7', flags, () => benchHl7(flags)),
    )
  add('fanout', 'alerts to SSE subscribers and webhooks, beside a bare node:http fan-out', 'fanout --subscribers 50')
    .option('--alerts-per-second <n>', 'alerts a second, each to every subscriber and webhook', whole(1), 1000)
    .option('--subscribers <n>', 'SSE subscribers, and as many webhooks', whole(1), 50)
    .option('--seconds <n>', 'seconds of each of the two', positive, 10)
    .option('--batch <n>', 'messages of one POST at most', whole(1), 100)
    .addOption(partitions(1))
    .action((flags: FanoutFlags) => measured('fanout', flags, () => benchFanout(quietly(), flags)))
  addWard('swap', "a ward whose model's versions change hands: how late a tick is", 'swap --patients 1000')
    .option('--patients <n>', 'patients, one reading a second each', whole(1), 1000)
    .addOption(partitions(4))
    .option('--seconds <n>', 'seconds of each phase; of the first one three times as long', positive, 20)
    .option('--hidden <n>', "units of a layer of the other version's network", whole(1), 64)
    .option('--layers <n>', 'LSTM layers of it', whole(1), 2)
    .action((all: WardFlags & SwapFlags) => {
      const { settings, log, flags } = parted(all)
      return measured('swap', flags, () => benchSwap(settings, log, flags))
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
    .action((flags: TrainFlags) =>
      measured('train', flags, async () => ({
        ...(await benchTrain(flags)),
        seconds: flags.seconds,
        model: 'fresh weights',
      })),
    )
  bench.addCommand(allCommand()).addCommand(scaleCommand())
  return bench
}
